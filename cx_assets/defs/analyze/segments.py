"""analyze.segments: K-Means on the customers' features, fitted small, scored in the warehouse."""

from collections.abc import Sequence

import pandas as pd

from cx_assets.columns import Column, NotNull, Range, Unique
from cx_assets.methods.segmentation import Segmentation, fit_segments
from cx_assets.periods import Period
from cx_assets.plots import bars
from cx_assets.settings import Settings
from cx_assets.tables import Query, Table, python_table
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import literal, quoted

FEATURES = ("age", "spend", "frequency", "recency_days")
# More customers than this move no centre by a visible amount.
SAMPLE_SIZE = 200_000

SEGMENTS = Table(
    name="analyze.segments",
    description=(
        "One row per customer and period: the segment that K-Means puts the customer in.\n"
        "StandardScaler and KMeans(n_clusters=CX_SEGMENTS, random_state=42) on "
        f"{', '.join(FEATURES)}, as the article asks. Segment 1 spends most. "
        "A customer without a purchase counts as silent since sign-up; an unknown age as median."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("customer_id", "VARCHAR", "The customer.", (NotNull(), Unique())),
        Column("segment_id", "BIGINT", "The segment; 1 spends most.", (NotNull(), Range(1))),
        Column("segment_name", "VARCHAR", "Its name in words.", (NotNull(),)),
        Column("distance", "DOUBLE", "Distance to the centre, standardised.", (Range(0),)),
    ),
    reads=("features.customer_features",),
    kinds=frozenset({"python", "scikitlearn"}),
    lineage={
        "customer_id": [("features.customer_features", "customer_id")],
        **{
            column: [("features.customer_features", name) for name in (*FEATURES, "tenure_days")]
            for column in ("segment_id", "segment_name", "distance")
        },
    },
)

INPUT = """
select
    customer_id, age, spend, frequency, coalesce(recency_days, tenure_days) as recency_days
from features.customer_features
where period = cast($period_start as date)
"""

# The same customers every time, in the same order: the seeding of K-Means depends on both.
SAMPLE = f"""
select {", ".join(FEATURES)}
from (select * from ({INPUT}) order by md5(customer_id), customer_id limit {SAMPLE_SIZE})
order by customer_id
"""


def scoring_sql(segmentation: Segmentation) -> str:
    """The nearest centre of every customer, as SQL; the numbers are the fitted model's."""
    squares = [
        " + ".join(
            f"power((coalesce({quoted(feature)}, {fill!r}) - {mean!r}) / {scale!r} - {center!r}, 2)"
            for feature, fill, mean, scale, center in zip(
                segmentation.features,
                segmentation.fill.tolist(),
                segmentation.mean.tolist(),
                segmentation.scale.tolist(),
                centers,
                strict=True,
            )
        )
        for centers in segmentation.centers.tolist()
    ]
    distances = "\n    union all\n    ".join(
        f"select customer_id, {number} as segment_id, {literal(name)} as segment_name, "
        f"sqrt({square}) as distance from customers"
        for number, (name, square) in enumerate(
            zip(segmentation.names, squares, strict=True), start=1
        )
    )
    return f"""
with customers as ({INPUT}),
distances as (
    {distances}
),
ranked as (
    select *, row_number() over (partition by customer_id order by distance, segment_id) as nearest
    from distances
)
select
    cast($period_start as date) as period, customer_id, segment_id, segment_name, distance
from ranked
where nearest = 1
order by customer_id
"""


def segment_picture(session: Session, periods: Sequence[Period]) -> str:
    profile = session.frame(
        'select segment_name, count(*) as customers from "analyze".segments '
        "where period = $period group by segment_name order by customers",
        {"period": periods[-1].start.date()},
    )
    return bars(
        profile["segment_name"],
        profile["customers"],
        title=f"Customers per segment, {periods[-1].key}",
    )


@python_table(SEGMENTS, plot=segment_picture)
def segments(session: Session, period: Period, settings: Settings) -> Query | pd.DataFrame:
    window = {"period_start": period.start}
    sample = session.frame(SAMPLE, window)
    if sample.empty:
        return pd.DataFrame(columns=["customer_id", "segment_id", "segment_name", "distance"])
    return Query(scoring_sql(fit_segments(sample, settings.segments)), window)
