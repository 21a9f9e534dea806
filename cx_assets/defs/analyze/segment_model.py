"""analyze.segment_model: the fitted segments, their names, and which is which since last period."""

import pandas as pd

from cx_assets.columns import Column, NotNull, Range, Unique, names
from cx_assets.defs.analyze.segment_sample import (
    FEATURES,
    LINEAGE,
    NAME_LINEAGE,
    SAMPLE,
    SAMPLE_SIZE,
)
from cx_assets.methods.segments import Segmentation, identify, profiles, segment_names
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.tables import Table, chained_table
from cx_assets.warehouse import Session

SEGMENT_MODEL = Table(
    name="analyze.segment_model",
    description=(
        "One row per segment and period: its name, and all that it takes to score a customer.\n"
        f"StandardScaler and K-Means on {', '.join(FEATURES)}, fitted on at most {SAMPLE_SIZE:,} "
        "customers. A customer without a purchase counts as silent since sign-up; an unknown age "
        "as the median. With CX_SEGMENT_TRANSFORM=log, spend, frequency and recency_days are "
        "sign(v) * ln(1 + |v|) before they are scaled; none is the plain recipe. A segment keeps "
        "the id of the one whose centre it continues, by optimal assignment; ids are not used "
        "again. The name follows the profile of the period."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column(
            "segment_id",
            "BIGINT",
            "The segment; when the first are numbered, 1 spends most.",
            (NotNull(), Unique(), Range(1)),
        ),
        Column("segment_name", "VARCHAR", "Its name in words.", (NotNull(), Unique())),
        Column("customers", "BIGINT", "Its customers in the sample.", (NotNull(), Range(1))),
        # On Online Retail a centre moves by .05 to .5 a month, and the nearest two are 1.2 to 2.4
        # apart for 2 to 8 segments. One that moves by 1 ends up where its neighbour might be.
        Column(
            "matched_distance",
            "DOUBLE",
            "How far its centre is from the same segment's of the period before, in that period's "
            "standard deviations; null for a new segment.",
            (Range(0, 1.0, severity="warn"),),
        ),
        Column("highest_id", "BIGINT", "The highest id so far.", (NotNull(), Range(1))),
        Column("features", "VARCHAR[]", "What the segments are made of, in order.", (NotNull(),)),
        Column("transforms", "VARCHAR[]", "log or none, for each feature.", (NotNull(),)),
        Column("fill", "DOUBLE[]", "What an unknown value counts as.", (NotNull(),)),
        Column("mean", "DOUBLE[]", "Mean of each feature, transformed.", (NotNull(),)),
        Column("scale", "DOUBLE[]", "Its standard deviation.", (NotNull(),)),
        Column("centre", "DOUBLE[]", "The centre, standardised.", (NotNull(),)),
    ),
    reads=("features.customer_features", "analyze.segment_quality"),
    kinds=frozenset({"python", "scikitlearn"}),
    lineage={
        **{
            column: [*LINEAGE, ("analyze.segment_quality", "k")]
            for column in ("segment_id", "customers", "matched_distance", "highest_id", "centre")
        },
        "segment_name": [*NAME_LINEAGE, ("analyze.segment_quality", "k")],
        **dict.fromkeys(("features", "fill", "mean", "scale"), LINEAGE),
    },
)

CHOSEN_K = """
select k from "analyze".segment_quality where period = cast($period_start as date) and chosen
"""


@chained_table(SEGMENT_MODEL)
def segment_model(
    session: Session, period: Period, settings: Settings, previous: pd.DataFrame
) -> pd.DataFrame:
    window = {"period_start": period.start}
    sample = session.frame(SAMPLE, window)
    if sample.empty:
        return pd.DataFrame(columns=names(SEGMENT_MODEL.columns))
    ((k,),) = session.rows(CHOSEN_K, window)
    features = sample[list(FEATURES)]
    fitted = Segmentation(k, settings.segment_transform).fit(features)
    segments = profiles(
        sample, fitted.predict(features), len(fitted.cluster_centers_), settings.churn_days
    )
    found = identify(fitted, previous)
    return pd.DataFrame(
        {
            "segment_id": found.ids,
            "segment_name": segment_names(segments, found.ids.tolist()),
            "customers": segments["customers"],
            "matched_distance": found.distances,
            "highest_id": found.highest_id,
            **{
                column: [values] * len(segments)
                for column, values in {
                    "features": list(fitted.features_),
                    "transforms": list(fitted.transforms_),
                    "fill": fitted.fill_,
                    "mean": fitted.mean_,
                    "scale": fitted.scale_,
                }.items()
            },
            "centre": list(fitted.cluster_centers_),
        }
    ).sort_values("segment_id")
