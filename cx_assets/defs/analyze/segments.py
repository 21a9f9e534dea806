"""analyze.segments: every customer's segment, scored in the warehouse by the fitted model."""

import pandas as pd

from cx_assets.columns import Column, NotNull, Range, Unique, names
from cx_assets.defs.analyze.segment_pictures import segment_map
from cx_assets.defs.analyze.segment_sample import CUSTOMERS, LINEAGE
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.tables import Query, Table, python_table
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import quoted

SEGMENTS = Table(
    name="analyze.segments",
    description=(
        "One row per customer and period: the segment whose centre in analyze.segment_model is "
        "nearest to the customer, the lower id where two are as near."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("customer_id", "VARCHAR", "The customer.", (NotNull(), Unique())),
        Column(
            "segment_id",
            "BIGINT",
            "The segment; the same one from period to period.",
            (NotNull(), Range(1)),
        ),
        Column("segment_name", "VARCHAR", "Its name in words, in this period.", (NotNull(),)),
        Column("distance", "DOUBLE", "Distance to the centre, standardised.", (Range(0),)),
    ),
    reads=("features.customer_features", "analyze.segment_model"),
    kinds=frozenset({"python"}),
    code_version="2",
    lineage={
        "customer_id": [("features.customer_features", "customer_id")],
        "segment_id": [*LINEAGE, ("analyze.segment_model", "segment_id")],
        "segment_name": [*LINEAGE, ("analyze.segment_model", "segment_name")],
        "distance": [
            *LINEAGE,
            *(
                ("analyze.segment_model", column)
                for column in ("features", "transforms", "fill", "mean", "scale", "centre")
            ),
        ],
    },
)

MODEL = """
select segment_id, features, transforms, fill, mean, scale, centre
from "analyze".segment_model
where period = cast($period_start as date)
order by segment_id
"""


def scoring_sql(model: pd.DataFrame) -> str:
    """The nearest centre of every customer, as SQL; the numbers are those of `model`'s rows."""
    first = model.iloc[0]
    points = [
        f"({_transformed(feature, transform, fill)} - {mean!r}) / {scale!r} as z_{number}"
        for number, (feature, transform, fill, mean, scale) in enumerate(
            zip(
                first["features"],
                first["transforms"],
                *(first[column].tolist() for column in ("fill", "mean", "scale")),
                strict=True,
            )
        )
    ]
    squares = {
        int(number): " + ".join(
            f"power(z_{dimension} - {value!r}, 2)"
            for dimension, value in enumerate(centre.tolist())
        )
        for number, centre in zip(model["segment_id"], model["centre"], strict=True)
    }
    columns = ", ".join(f"{square} as square_{number}" for number, square in squares.items())
    least = ", ".join(f"square_{number}" for number in squares)
    # Spark's least() wants two values.
    nearest = f"least({least})" if len(squares) > 1 else least
    found = " ".join(f"when square_{number} = nearest then {number}" for number in squares)
    return f"""
with customers as ({CUSTOMERS}),
points as (select customer_id, {", ".join(points)} from customers),
squares as (select customer_id, {columns} from points),
nearest as (select *, {nearest} as nearest from squares),
scored as (
    select customer_id, case {found} end as segment_id, sqrt(nearest) as distance from nearest
)
select
    model.period, scored.customer_id, model.segment_id, model.segment_name, scored.distance
from scored
inner join "analyze".segment_model as model
    on model.segment_id = scored.segment_id and model.period = cast($period_start as date)
order by scored.customer_id
"""


def _transformed(feature: str, transform: str, fill: float) -> str:
    value = f"coalesce({quoted(feature)}, {fill!r})"
    return f"sign({value}) * ln(1 + abs({value}))" if transform == "log" else value


@python_table(SEGMENTS, plot=segment_map)
def segments(session: Session, period: Period, settings: Settings) -> Query | pd.DataFrame:
    window = {"period_start": period.start}
    model = session.frame(MODEL, window)
    if model.empty:
        return pd.DataFrame(columns=names(SEGMENTS.columns))
    return Query(scoring_sql(model), window)
