"""A shop that asks its customers, whose feelings are known; only what the model reads is there.

A satisfaction is 3.6, less .4 for a late delivery, and the customer's own: a level and a mood. Half
of the invitations after a late delivery are answered, a quarter of the others.
"""

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import pandas as pd

from cx_assets.columns import Column
from cx_assets.defs.analyze.predicted_satisfaction import predicted_satisfaction
from cx_assets.defs.analyze.response_model import response_model
from cx_assets.defs.analyze.satisfaction_model import satisfaction_model
from cx_assets.defs.insight.information_gap import information_gap
from cx_assets.methods.expected_score import Mood
from cx_assets.periods import Period, period_at
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets.warehouse.names import table_sql
from cx_assets_tests.defs.survey_shop import models

PERIODS = [period_at(datetime(2024, month, 1).date(), "monthly") for month in range(1, 7)]
LAST = PERIODS[-1]
MOOD = Mood(level=0.35, mood=0.2, mood_days=60.0, noise={"csat": 0.2})
ASSETS = (response_model, satisfaction_model, predicted_satisfaction)
WITH_GAP = (*ASSETS, information_gap)
READ = ("features.experience", "process.survey_responses")


def empty_tables(settings: Settings, extra: dict[str, Sequence[Column]] | None = None) -> None:
    """The tables that the model reads, and `extra` ones, without rows."""
    tables = {**{name: models()[name].columns for name in READ}, **(extra or {})}
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        for name, columns in tables.items():
            declared = ", ".join(f'"{column.name}" {column.type}' for column in columns)
            session.execute(f"create schema if not exists {table_sql(name).split('.')[0]}")
            session.execute(f"create table {table_sql(name)} ({declared})")


def given(settings: Settings, table: str, rows: pd.DataFrame) -> None:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.append(table_sql(table), rows)


def asked(customers: int, share: float = 0.5, seed: int = 1) -> tuple[pd.DataFrame, pd.DataFrame]:
    """So many customers over six months, each asked in a month with probability `share`.

    Returns:
        Invitations: response_id, customer_id, period, at, late_deliveries, score (null without an
        answer), responded_at. Customers at the periods' ends: customer_id, period, at,
        late_deliveries, feeling (what they would answer, but for the error of the answer).
    """
    rng = np.random.default_rng(seed)
    starts = np.array([period.start for period in PERIODS], dtype="datetime64[s]")
    ends = np.array([period.end for period in PERIODS], dtype="datetime64[s]")
    within = rng.uniform(0.05, 0.99, (customers, 6)) * (ends - starts).astype(float)
    at = starts + within.astype("timedelta64[s]")
    times = np.concatenate([at, np.broadcast_to(ends, at.shape)], axis=1)
    days = (times - starts[0]) / np.timedelta64(1, "D")
    covariance = MOOD.shared(days[:, :, None] - days[:, None, :]) + 1e-9 * np.eye(12)
    own = (np.linalg.cholesky(covariance) @ rng.normal(size=(customers, 12, 1)))[:, :, 0]
    late = rng.integers(0, 2, (customers, 12))
    feeling = 3.6 - 0.4 * late + own
    names = np.array([f"c{number:05}" for number in range(customers)])
    owner, month = np.nonzero(rng.random((customers, 6)) < share)
    answers = rng.random(len(owner)) < np.where(late[owner, month], 0.5, 0.25)
    said = feeling[owner, month] + rng.normal(0, np.sqrt(MOOD.noise["csat"]), len(owner))
    sent = pd.Series(at[owner, month])
    invitations = pd.DataFrame(
        {
            "response_id": [f"r{number:06}" for number in range(len(owner))],
            "customer_id": names[owner],
            "period": [PERIODS[number].start.date() for number in month],
            "at": sent,
            "late_deliveries": late[owner, month],
            "score": np.where(answers, said.round().clip(1, 5), np.nan),
            "responded_at": (sent + pd.Timedelta(days=2)).where(answers),
        }
    )
    there = pd.DataFrame(
        {
            "customer_id": np.repeat(names, 6),
            "period": [period.start.date() for period in PERIODS] * customers,
            "at": np.tile(ends, customers),
            "late_deliveries": late[:, 6:].ravel(),
            "feeling": feeling[:, 6:].ravel(),
        }
    )
    return invitations, there


def fill(settings: Settings, invitations: pd.DataFrame, there: pd.DataFrame) -> None:
    """Put what `asked` gives into the tables."""
    usual = {"survey": "csat", "touchpoint": "relationship", "channel": "email"}
    experience = invitations.assign(
        moment_id=invitations["response_id"], is_invitation=True, **usual
    )
    columns = ["period", "moment_id", "is_invitation", "customer_id", "at", "late_deliveries"]
    given(settings, "features.experience", experience[[*columns, *usual]])
    ends = there.assign(moment_id="customer/" + there["customer_id"], is_invitation=False)
    given(settings, "features.experience", ends[columns])
    responses = invitations.drop(columns=["at", "late_deliveries"]).assign(
        sent_at=invitations["at"],
        score_of_five=invitations["score"],
        scale_min=1.0,
        scale_max=5.0,
        out_of_scale=False,
        **usual,
    )
    given(settings, "process.survey_responses", responses)


def newest_answers(invitations: pd.DataFrame, period: Period) -> pd.DataFrame:
    """The newest answer of each customer before the period's end, by customer."""
    given_by_then = invitations[invitations["responded_at"] < period.end]
    return given_by_then.sort_values("responded_at").groupby("customer_id").last()
