"""analyze.churn_risk: every customer's risk of leaving and its reasons, scored batch by batch."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.columns import Column, NotNull, OneOf, Range, Unique
from cx_assets.defs.analyze.churn_input import CUSTOMERS, FEATURES, NO_PURCHASE
from cx_assets.methods.additive import AdditiveLogistic
from cx_assets.methods.churn import BANDS, reasons, risk_bands
from cx_assets.periods import Period
from cx_assets.plots import bars
from cx_assets.settings import Settings
from cx_assets.tables import Table, table_asset
from cx_assets.warehouse import Session

CHURN_RISK = Table(
    name="analyze.churn_risk",
    description=(
        "One row per customer and period: the probability of leaving within CX_CHURN_DAYS, and "
        "why.\n"
        "Scored with the model of analyze.churn_model. high: the odds are at least twice those of "
        "the usual share of churners; low: at most half; unknown: not scored, and the note says "
        "why. The reasons are what adds most to this customer's log-odds against the average "
        "customer, what says the same being told once; none where nothing raises the risk."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("customer_id", "VARCHAR", "The customer.", (NotNull(), Unique())),
        Column("churn_probability", "DOUBLE", "Chance of leaving, or null.", (Range(0, 1),)),
        Column("risk_band", "VARCHAR", "The risk in a word.", (NotNull(), OneOf(BANDS))),
        Column("reasons", "VARCHAR[]", "At most three, the weightiest first.", (NotNull(),)),
        Column("note", "VARCHAR", "Why there is no probability; null where there is one."),
    ),
    reads=("features.customer_features", "process.customers", "analyze.churn_model"),
    kinds=frozenset({"python"}),
    lineage={
        "customer_id": [("features.customer_features", "customer_id")],
        **{
            column: [
                ("analyze.churn_model", "model"),
                *(("features.customer_features", name) for name in FEATURES),
            ]
            for column in ("churn_probability", "risk_band", "reasons")
        },
        "note": [("analyze.churn_model", "note"), ("process.customers", "closed_at")],
    },
)

SCHEMA = pa.schema(
    {
        "period": pa.date32(),
        "customer_id": pa.string(),
        "churn_probability": pa.float64(),
        "risk_band": pa.string(),
        "reasons": pa.list_(pa.string()),
        "note": pa.string(),
    }
)

SCORED = f"""
with customers as ({CUSTOMERS}),
closed as (
    select customer_id
    from process.customers
    where period = cast($feature_period as date) and closed_at is not null
)
select customers.*, closed.customer_id is not null as is_closed
from customers
left join closed on closed.customer_id = customers.customer_id
"""


def score(
    customers: pd.DataFrame, model: AdditiveLogistic | None, kind: str, note: str | None
) -> pd.DataFrame:
    """The columns of the table, without `period`, for one batch of customers.

    Args:
        customers: customer_id, is_closed and the model's features.
        model: None where there is none, and then `note` says why.
        kind: what leaving is.
    """
    stranger = (customers["frequency"] == 0) & (kind == NO_PURCHASE)
    notes = np.select(
        [customers["is_closed"], stranger],
        ["account closed", "no purchase yet"],
        "" if model else note or "no model",
    )
    probability = pd.Series(np.nan, customers.index)
    why: pd.Series = pd.Series([[]] * len(customers), customers.index, dtype=object)
    asked = customers[notes == ""]
    if model and len(asked):
        probability[asked.index] = model.predict(asked)
        why[asked.index] = reasons(model, asked)
    return pd.DataFrame(
        {
            "customer_id": customers["customer_id"],
            "churn_probability": probability,
            "risk_band": risk_bands(probability, model.base_rate_ if model else 0.5),
            "reasons": why,
            "note": pd.Series(notes, customers.index).where(notes != ""),
        }
    )


def append_risks(
    session: Session, staged: str, periods: Sequence[Period], settings: Settings
) -> None:
    for period in periods:
        day = period.start.date()
        ((kind, stored, note),) = session.rows(
            'select kind, model, note from "analyze".churn_model where period = $period',
            {"period": day},
        )
        model = AdditiveLogistic.from_json(stored) if stored else None
        for batch in session.batches(SCORED, {"feature_period": day}):
            rows = score(batch.to_pandas(), model, kind, note).assign(period=day)
            session.append(staged, pa.Table.from_pandas(rows, SCHEMA, preserve_index=False))


def risk_picture(session: Session, periods: Sequence[Period]) -> str:
    counts = dict(
        session.rows(
            'select risk_band, count(*) from "analyze".churn_risk '
            "where period = $period group by risk_band",
            {"period": periods[-1].start.date()},
        )
    )
    return bars(
        BANDS, [counts.get(band, 0) for band in BANDS], f"Customers by risk, {periods[-1].key}"
    )


churn_risk = table_asset(CHURN_RISK, append_risks, risk_picture)
