"""analyze.segment_quality: how many segments there are, and how far they can be trusted."""

from collections.abc import Sequence

import pandas as pd

from cx_assets.columns import Column, NotNull, Range, Unique
from cx_assets.defs.analyze.segment_sample import FEATURES, LINEAGE, SAMPLE
from cx_assets.methods.segments import choose, quality, stability
from cx_assets.methods.segments.choice import KEEP_MARGIN, MAX_COMPARED, RESAMPLES, TRIED
from cx_assets.periods import Period
from cx_assets.plots import marked_curve
from cx_assets.settings import Settings
from cx_assets.tables import Table, chained_table
from cx_assets.warehouse import Session

STABILITY = ("stability_mean", "stability_min")

SEGMENT_QUALITY = Table(
    name="analyze.segment_quality",
    description=(
        "One row per number of segments that was tried, and period: how well it separates the "
        "customers.\n"
        f"CX_SEGMENTS=auto tries k = {TRIED[0]} .. {TRIED[-1]} and takes the best silhouette; it "
        f"stays with the k of the period before until another is better by more than "
        f"{KEEP_MARGIN:g}. A number in CX_SEGMENTS is taken as it is. Silhouette and "
        f"Davies-Bouldin compare at most {MAX_COMPARED:,} customers. Stability is the adjusted "
        f"Rand index of {RESAMPLES} bootstrap refits against the fit."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("k", "BIGINT", "Number of segments.", (NotNull(), Unique(), Range(1))),
        Column("silhouette", "DOUBLE", "Mean silhouette; 1 is best.", (Range(-1, 1),)),
        Column("davies_bouldin", "DOUBLE", "Davies-Bouldin index; 0 is best.", (Range(0),)),
        Column("inertia", "DOUBLE", "Sum of squared distances.", (NotNull(), Range(0))),
        Column("chosen", "BOOLEAN", "Whether the segments are so many.", (NotNull(),)),
        # Steinley (2004) calls a recovery of less than .65 poor.
        Column(
            STABILITY[0],
            "DOUBLE",
            "Mean agreement of the refits, 1 is the same segments; of the chosen k.",
            (Range(0.65, 1, severity="warn"),),
        ),
        # One refit in twenty may fall into another solution. When it agrees hardly more than by
        # chance, that other solution says something else about the customers.
        Column(
            STABILITY[1],
            "DOUBLE",
            "Agreement of the worst refit; of the chosen k.",
            (Range(0.3, 1, severity="warn"),),
        ),
    ),
    reads=("features.customer_features",),
    kinds=frozenset({"python", "scikitlearn"}),
    lineage=dict.fromkeys(
        ("k", "silhouette", "davies_bouldin", "inertia", "chosen", *STABILITY), LINEAGE
    ),
)


def quality_picture(session: Session, periods: Sequence[Period]) -> str:
    tried = session.frame(
        'select k, silhouette, chosen from "analyze".segment_quality '
        "where period = $period order by k",
        {"period": periods[-1].start.date()},
    )
    return marked_curve(
        tried["k"],
        tried["silhouette"],
        tried["chosen"],
        title=f"Silhouette by number of segments, {periods[-1].key}",
    )


@chained_table(SEGMENT_QUALITY, plot=quality_picture)
def segment_quality(
    session: Session, period: Period, settings: Settings, previous: pd.DataFrame
) -> pd.DataFrame:
    features = session.frame(SAMPLE, {"period_start": period.start})[list(FEATURES)]
    if features.empty:
        return pd.DataFrame(columns=["k", "inertia", "chosen"])
    transform = settings.segment_transform
    ks = TRIED if settings.segments == "auto" else (settings.segments,)
    figures = quality(features, ks, transform)
    before = previous.loc[previous["chosen"].astype(bool), "k"]
    k = choose(figures, *before)
    figures["chosen"] = figures["k"] == k
    figures.loc[figures["chosen"], list(STABILITY)] = stability(features, k, transform)
    return figures
