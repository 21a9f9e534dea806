"""insight.demand_models: how well each forecast of demand would have done lately, and the best."""

from collections.abc import Sequence

import pandas as pd

from cx_assets.columns import Column, NotNull, OneOf, Range, Unique
from cx_assets.defs.insight.product_input import (
    DEMAND_LINEAGE,
    HISTORY_WEEKS,
    histories,
    product_weeks,
)
from cx_assets.methods.demand import HORIZON, MEAN, METHODS, Comparison, compare
from cx_assets.periods import Period
from cx_assets.plots import drivers
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

DEMAND_MODELS = Table(
    name="insight.demand_models",
    description=(
        "One row per forecast of demand and period: how far it was off, had it been made lately.\n"
        f"A rolling origin: made as of {HORIZON}, {2 * HORIZON}, ... weeks before the period's "
        f"end, held against what the {HORIZON} weeks from there sold, of all products known then. "
        "The one of the least WAPE is used for all products. Methods are compared on the same "
        "weeks; one that had too short a history for them has no figures, and where nothing could "
        "be tried the mean is used. Demand is units sold less those that came back in the same "
        f"week, of at most {HISTORY_WEEKS} weeks, without what test accounts ordered."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("model", "VARCHAR", "The method.", (NotNull(), Unique(), OneOf(tuple(METHODS)))),
        Column("chosen", "BOOLEAN", "Used in insight.product_insights.", (NotNull(),)),
        Column(
            "wape",
            "DOUBLE",
            "Absolute errors of all products over all units sold.",
            (Range(0),),
        ),
        Column("bias", "DOUBLE", "Errors over units sold; below 0: more was sold than expected."),
        Column(
            "mase",
            "DOUBLE",
            f"Mean absolute error, each product's over its mean change from {HORIZON} weeks to the "
            "next before; 1 is as good as no change.",
            (Range(0),),
        ),
        Column("origins", "BIGINT", "Moments it was tried at.", (NotNull(), Range(0))),
        Column("products", "BIGINT", "Products it was tried on.", (NotNull(), Range(0))),
        Column("weeks", "BIGINT", "Weeks of history there are.", (NotNull(), Range(0))),
        Column(
            "band_start",
            "DOUBLE[]",
            "Of the chosen: forecasts from which its errors were taken together.",
        ),
        Column("band_low", "DOUBLE[]", "There, the first tenth of (sold + 1) / (forecast + 1)."),
        Column("band_high", "DOUBLE[]", "There, the last tenth."),
    ),
    reads=("process.order_items", "process.customers"),
    kinds=frozenset({"python", "scikitlearn"}),
    code_version="2",
    lineage=dict.fromkeys(
        (
            "chosen",
            "wape",
            "bias",
            "mase",
            "products",
            "weeks",
            "band_start",
            "band_low",
            "band_high",
        ),
        DEMAND_LINEAGE,
    ),
)


def model_rows(compared: Comparison, weeks: int) -> pd.DataFrame:
    """The columns of the table, without `period`."""
    rows = compared.errors.rename_axis("model").reset_index()
    chosen = rows["model"] == compared.chosen
    for name in ("start", "low", "high"):
        own = list(getattr(compared.bands, name))
        rows[f"band_{name}"] = pd.Series([own if each else None for each in chosen], dtype=object)
    return rows.astype({"origins": int, "products": int}).assign(chosen=chosen, weeks=weeks)


def errors_picture(session: Session, periods: Sequence[Period]) -> str:
    rows = session.rows(
        "select model || case when chosen then ' (used)' else '' end, wape, origins "
        "from insight.demand_models where period = $period and wape is not null order by model",
        {"period": periods[-1].start.date()},
    )
    if not rows:
        return f"The history is too short to try a forecast; the {MEAN} is used."
    return drivers(
        {name: wape for name, wape, _ in rows},
        f"Error of {HORIZON} weeks' demand, over units sold, {rows[0][2]} trials",
    )


@python_table(DEMAND_MODELS, plot=errors_picture)
def demand_models(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    with product_weeks(session, DEMAND_MODELS.name, period) as weeks:
        units = histories(session, weeks)
    return model_rows(compare(units), units.shape[1])
