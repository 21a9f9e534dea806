"""The hidden truth on disk, for tests and for measuring; no asset reads it.

`settings.json` every parameter, `effects.json` the true action effects, `customers.parquet` one
row per customer, `outsiders.parquet` one per bot and test account, and per period `states/`,
`surveys/` and `dirt/` (Parquet, named by period).
"""

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow as pa

from cx_assets.world import outsiders
from cx_assets.world.arrays import Floats, Period
from cx_assets.world.files import write
from cx_assets.world.population import People
from cx_assets.world.settings import WorldSettings


def write_start(folder: Path, people: People, settings: WorldSettings) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write_json(folder / "settings.json", asdict(settings))
    _write_json(folder / "effects.json", action_effects(settings))
    write(folder / "customers.parquet", people.parameters(settings))
    write(folder / "outsiders.parquet", outsiders.truth(people, settings))


def action_effects(settings: WorldSettings) -> dict[str, dict[str, dict[str, float]]]:
    """Per action and outcome: the effect of a delivery by kind of customer, and over all kinds."""
    return {
        action.name: {
            outcome: {
                **{kind.name: size * action.factor(kind.name) for kind in settings.kinds},
                "all": sum(kind.share * size * action.factor(kind.name) for kind in settings.kinds),
            }
            for outcome, size in (
                ("satisfaction", action.satisfaction),
                ("purchases", action.purchases),
            )
        }
        for action in settings.actions
    }


def states(people: People, satisfaction: Floats, period: Period) -> pa.Table:
    """One row per customer who has joined: how they feel at the end of the period, and whether
    they are still customers."""
    owner = np.flatnonzero(people.joined_at[: people.accounts] < period.end)
    return pa.table(
        {
            "customer_id": people.customer_ids(owner),
            "satisfaction": satisfaction[owner],
            "alive": np.isnat(people.died_at[owner]),
        }
    )


def dirt_counts(counts: Counter[tuple[str, str]]) -> pa.Table:
    """Rows of the period's files with each kind of dirt: source, kind, rows."""
    ordered = sorted(counts.items())
    return pa.table(
        {
            "source": pa.array([source for (source, _), _ in ordered], pa.string()),
            "kind": pa.array([kind for (_, kind), _ in ordered], pa.string()),
            "rows": pa.array([rows for _, rows in ordered], pa.int64()),
        }
    )


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2, sort_keys=True, default=str) + "\n")
