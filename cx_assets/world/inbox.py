"""What a product sends into the world: the files of its outbox, as the world understands them."""

from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cx_assets.world.arrays import Ints, Period, text_column
from cx_assets.world.population import People
from cx_assets.world.settings import WorldSettings

UNKNOWN = -1


def received(
    outbox: Path | None, kind: Literal["actions", "surveys"], period: Period, first: date
) -> Path | None:
    """What was published for the period before this one; None where nothing was.

    first: the world's first period.
    """
    before = Period.of(first, period.index - 1)
    path = outbox / kind / f"{before.key}.parquet" if outbox else None
    return path if path and path.exists() else None


def read_actions(path: Path, people: People, settings: WorldSettings) -> pd.DataFrame:
    """The treated rows of a file of actions: action_id, owner, action.

    Rows of customers the world has not are left out; an action it does not know is delivered
    but changes nothing (action -1).
    """
    rows = pq.read_table(path)
    action = pc.index_in(
        rows["action"].cast(pa.string()),
        value_set=pa.array([action.name for action in settings.actions]),
    )
    treated = pc.equal(rows["arm"].cast(pa.string()), "treated")
    frame = pd.DataFrame(
        {
            "owner": _owners(rows, people),
            "action": action.fill_null(UNKNOWN).to_numpy().astype(np.int64),
        }
    )
    frame["action_id"] = text_column(rows["action_id"].cast(pa.string()))
    wanted = treated.fill_null(False).to_numpy() & (frame["owner"] != UNKNOWN).to_numpy()
    return frame[wanted].reset_index(drop=True)


def read_survey_plan(path: Path, people: People, period: Period) -> Ints:
    """Whom to ask in the period, first come first: those who have joined before it.

    Customers the world has not, or who were erased, are left out.
    """
    rows = pq.read_table(path, columns=["customer_id", "rank"]).sort_by("rank")
    owner = _owners(rows, people)
    here = (owner != UNKNOWN) & (people.joined_at[owner] < period.start) & ~people.erased[owner]
    return owner[here]


def _owners(rows: pa.Table, people: People) -> Ints:
    """The person of each row; UNKNOWN where the world has no such customer."""
    owner: Ints = (
        pc.index_in(
            rows["customer_id"].cast(pa.string()),
            value_set=people.customer_ids(np.arange(people.accounts)),
        )
        .fill_null(UNKNOWN)
        .to_numpy()
        .astype(np.int64)
    )
    return owner
