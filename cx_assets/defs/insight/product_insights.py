"""insight.product_insights: what each product sells, what buyers think of it, and what to do."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cx_assets.columns import Column, NotNull, OneOf, Range, Unique, names
from cx_assets.defs.insight.product_input import (
    DEMAND_LINEAGE,
    FIGURES,
    OPINIONS,
    PARTNERS,
    histories,
    product_ids,
    product_weeks,
    window,
)
from cx_assets.methods.demand import HORIZON, METHODS, Bands, forecast
from cx_assets.methods.intervals import sample_variance
from cx_assets.methods.products import ADVICE, advise, shrink_within
from cx_assets.periods import Period
from cx_assets.plots_products import advice_map
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

HORIZON_DAYS = 7 * HORIZON
SCORES = [
    ("process.order_items", "product_id"),
    *(("process.survey_responses", name) for name in ("order_id", "score_of_five", "responded_at")),
]
MONEY = [*DEMAND_LINEAGE, ("process.order_items", "revenue")]
STOCK = ("process.products", "stock_on_hand")
CHOSEN = ("insight.demand_models", "chosen")

PRODUCT_INSIGHTS = Table(
    name="insight.product_insights",
    description=(
        "One row per product and period: what it sells, what its buyers think of it, what is "
        "expected, and one piece of advice with its reason.\n"
        "Of all products listed at the period's end or sold in the 52 weeks to it; sales, returns "
        "and answers are those of these 52 weeks. Without cancelled orders and those of test "
        "accounts; an order sent back counts as sold and as returned. Returns are counted in the "
        "week of their own line, which is that of the order or of a credit note. Money is before "
        "discounts on whole orders. An answer about an order counts for every product in it."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("product_id", "VARCHAR", "The product.", (NotNull(), Unique())),
        Column("name", "VARCHAR", "Its name, where it has one."),
        Column("category", "VARCHAR", "Its category.", (NotNull(),)),
        Column("orders", "BIGINT", "Orders with it.", (NotNull(), Range(0))),
        Column("units", "DOUBLE", "Units sold, before returns.", (NotNull(), Range(0))),
        Column("returned_units", "DOUBLE", "Units that came back.", (NotNull(), Range(0))),
        Column("revenue", "DOUBLE", "Money, returns taken off.", (NotNull(),)),
        Column(
            "margin",
            "DOUBLE",
            "Profit over revenue; null where a cost is unknown or nothing was earned.",
        ),
        Column(
            "return_share",
            "DOUBLE",
            "Units that came back over units sold, at most 1; null where none was sold.",
            (Range(0, 1),),
        ),
        Column(
            "growth",
            "DOUBLE",
            "Change of its orders from the 13 weeks before the last 13 to these, beyond the "
            "shop's; null while the product is new.",
            (Range(-1),),
        ),
        Column("ratings", "BIGINT", "Csat answers about orders with it.", (NotNull(), Range(0))),
        Column("csat_mean", "DOUBLE", "Their mean, stretched to 1..5.", (Range(1, 5),)),
        Column(
            "csat_shrunk",
            "DOUBLE",
            "That mean, drawn towards the category's by what it lacks in answers.",
            (Range(1, 5),),
        ),
        Column("csat_low", "DOUBLE", "Lower end of its 95 % interval."),
        Column("csat_high", "DOUBLE", "Upper end of its 95 % interval."),
        Column("comments", "BIGINT", "Survey comments on such orders.", (NotNull(), Range(0))),
        Column("comment_score", "DOUBLE", "Mean score that these read like.", (Range(1, 5),)),
        Column(
            "demand_forecast",
            "DOUBLE",
            f"Units expected in the {HORIZON_DAYS} days after the period's end, those that come "
            "back at once taken off; null before a first sale.",
            (Range(0),),
        ),
        Column(
            "demand_low",
            "DOUBLE",
            "Lower end of where 80 % of what was sold lay around forecasts of that size.",
            (Range(0),),
        ),
        Column("demand_high", "DOUBLE", "Upper end."),
        Column(
            "forecast_method",
            "VARCHAR",
            "The method that insight.demand_models found best.",
            (NotNull(), OneOf(tuple(METHODS))),
        ),
        Column("stock_on_hand", "DOUBLE", "Units in stock; null where unknown."),
        Column(
            "stock_cover_days",
            "DOUBLE",
            "Days that the stock lasts at the demand expected; null where either is unknown, or "
            "nothing is expected.",
            (Range(0),),
        ),
        Column("advice", "VARCHAR", "What to do.", (NotNull(), OneOf(ADVICE))),
        Column("bundle_with", "VARCHAR", "The product to bundle it with, where that is advised."),
        Column("reason", "VARCHAR", "Why, with the figures.", (NotNull(),)),
    ),
    reads=(
        "process.order_items",
        "process.products",
        "process.customers",
        "process.survey_responses",
        "analyze.text_sentiment",
        "analyze.association_rules",
        "insight.demand_models",
    ),
    kinds=frozenset({"python", "scikitlearn"}),
    code_version="2",
    lineage={
        "product_id": [("process.order_items", "product_id"), ("process.products", "product_id")],
        "name": [("process.products", "name")],
        "category": [("process.products", "category")],
        **dict.fromkeys(
            ("orders", "units", "returned_units", "return_share", "growth"), DEMAND_LINEAGE
        ),
        "revenue": MONEY,
        "margin": [*MONEY, ("process.order_items", "cost")],
        **dict.fromkeys(("ratings", "csat_mean", "csat_shrunk", "csat_low", "csat_high"), SCORES),
        "comments": [("process.survey_responses", "comment")],
        "comment_score": [("analyze.text_sentiment", "predicted_score")],
        "demand_forecast": [*DEMAND_LINEAGE, CHOSEN],
        **{
            f"demand_{end}": [*DEMAND_LINEAGE, ("insight.demand_models", f"band_{end}")]
            for end in ("low", "high")
        },
        "forecast_method": [("insight.demand_models", "model"), CHOSEN],
        "stock_on_hand": [STOCK],
        "stock_cover_days": [STOCK, *DEMAND_LINEAGE, CHOSEN],
        "advice": [*MONEY, *SCORES[1:], STOCK, ("analyze.association_rules", "lift")],
        "bundle_with": [("analyze.association_rules", "consequent")],
    },
)

BEST = """
select model, band_start, band_low, band_high
from insight.demand_models
where period = $period and chosen
"""
SHOWN = """
select
    coalesce(name, product_id) as label, advice, demand_forecast, csat_shrunk, growth, orders
from insight.product_insights
where period = $period
order by product_id
"""


def with_opinions(figures: pd.DataFrame, opinions: pd.DataFrame) -> pd.DataFrame:
    """The figures with csat_mean, csat_shrunk and its interval, from the rows of OPINIONS."""
    rows = figures.merge(opinions, "left", on="product_id")
    rows[["ratings", "comments"]] = rows[["ratings", "comments"]].fillna(0).astype(int)
    count, mean, squares = (
        rows[name].to_numpy(dtype=float) for name in ("ratings", "csat_mean", "score_squares")
    )
    variance = sample_variance(count, mean, squares)
    shrunk, low, high = shrink_within(rows["category"], count, mean, variance)
    return rows.assign(
        csat_shrunk=shrunk, csat_low=np.maximum(low, 1), csat_high=np.minimum(high, 5)
    )


def with_demand(
    session: Session, weeks: str, period: Period, figures: pd.DataFrame
) -> pd.DataFrame:
    """The figures with demand_forecast and its ends, forecast_method and stock_cover_days."""
    ((method, *bands),) = session.rows(BEST, {"period": period.start.date()})
    demand = forecast(method, histories(session, weeks))
    low, high = Bands(*(np.array(each, dtype=float) for each in bands)).around(demand)
    expected = pd.DataFrame(
        {
            "product_id": product_ids(session, weeks),
            "demand_forecast": demand,
            "demand_low": low,
            "demand_high": high,
        }
    )
    rows = figures.merge(expected, "left", on="product_id").assign(forecast_method=method)
    daily = rows["demand_forecast"].where(rows["demand_forecast"] > 0) / HORIZON_DAYS
    return rows.assign(stock_cover_days=rows["stock_on_hand"].clip(lower=0) / daily)


def insights_picture(session: Session, periods: Sequence[Period]) -> str:
    rows = session.frame(SHOWN, {"period": periods[-1].start.date()})
    if rows.empty:
        return "No products."
    return advice_map(rows, f"What to do about each product, {periods[-1].key}")


@python_table(PRODUCT_INSIGHTS, plot=insights_picture)
def product_insights(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    bound = window(period)
    with product_weeks(session, PRODUCT_INSIGHTS.name, period) as weeks:
        figures = session.frame(
            FIGURES.format(weeks=weeks), {name: bound[name] for name in ("period", "period_end")}
        )
        figures = with_demand(session, weeks, period, figures)
    opinions = session.frame(
        OPINIONS, {name: bound[name] for name in ("period", "period_end", "year_start")}
    )
    figures = with_opinions(figures, opinions)
    rules = session.frame(PARTNERS, {"period": bound["period"]})
    return figures.join(advise(figures, rules))[names(PRODUCT_INSIGHTS.columns[1:])]
