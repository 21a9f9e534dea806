"""analyze.csat: what the answers of a period say, over all and per group."""

from collections.abc import Sequence

import pandas as pd

from cx_assets.columns import Column, NotNull, OneOf, Range, UniqueTogether, names
from cx_assets.defs.analyze.csat_input import BINS, CORRECTION, POPULATION
from cx_assets.methods.response import corrected, poststratified
from cx_assets.methods.satisfaction import satisfaction
from cx_assets.methods.satisfaction.scores import GROUP
from cx_assets.periods import Period
from cx_assets.plots import trends
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

DIMENSIONS = ("all", "segment", "touchpoint", "channel", "product_category", "country")
SURVEY_LINEAGE = {
    column: [("process.survey_responses", source)]
    for source, columns in {
        "survey": ("survey",),
        "sent_at": ("invited",),
        "responded_at": ("responses", "few_answers", "published"),
        "score": (
            *("mean_score", "ci_low", "ci_high", "interval_method"),
            *("shrunk_mean", "shrunk_low", "shrunk_high"),
        ),
        "is_top_two": ("csat_share", "csat_share_low", "csat_share_high"),
        "nps_group": ("nps", "nps_low", "nps_high"),
    }.items()
    for column in columns
}

ADJUSTED = ("adjusted_mean", "adjusted_low", "adjusted_high", "bound_low", "bound_high")
ADJUSTED_FROM = [
    ("analyze.response_weights", column) for column in ("weight", "expected_score", "score")
]
POPULATED = ("poststratified_mean", "poststratified_low", "poststratified_high")

CSAT = Table(
    name="analyze.csat",
    description=(
        "One row per survey kind, dimension, value and period: satisfaction with its uncertainty.\n"
        "Counts the answers given in the period, also to older invitations; those of one dimension "
        "add up to those of `all`. csat is the article's mean and the share of the top boxes; nps "
        "is promoters less detractors, in percent; ces is the mean. Intervals are 95 %: Student's "
        "t for means, or a BCa bootstrap where ten answers or more are skewed beyond 1; Wilson for "
        "shares; adjusted Wald for nps. A mean has none with fewer than two answers that differ, "
        "nps none with fewer than two answers. The shrunk mean draws a group towards all answers "
        "of the survey by as much as it lacks answers of its own (empirical Bayes), once four "
        "groups of the dimension have answers.\n"
        "Those who answer are not those who do not. The adjusted mean is that of all who were "
        "invited in the period, had they answered: right where answering depends on what is "
        "recorded (analyze.response_model). Where it depends on the feeling itself, part of the "
        "error stays; the bounds hold whatever the silent feel. The poststratified mean carries "
        "the adjusted ones of the segments over to all customers. All are null where nothing is "
        "known of who did not answer."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column("survey", "VARCHAR", "Kind of survey.", (NotNull(), OneOf(("csat", "nps", "ces")))),
        Column(
            "dimension",
            "VARCHAR",
            "What the answers are grouped by; a product_category is the one that most money of the "
            "order in question went to.",
            (NotNull(), OneOf(DIMENSIONS)),
        ),
        Column("value", "VARCHAR", "The group within the dimension.", (NotNull(),)),
        Column("invited", "BIGINT", "Invitations sent in the period.", (NotNull(), Range(0))),
        Column("responses", "BIGINT", "Answers given in the period.", (NotNull(), Range(0))),
        Column("mean_score", "DOUBLE", "Mean answer on the survey's own scale."),
        Column("csat_share", "DOUBLE", "csat: share of the top boxes.", (Range(0, 1),)),
        Column("nps", "DOUBLE", "nps: promoters less detractors, percent.", (Range(-100, 100),)),
        Column("ci_low", "DOUBLE", "Lower end of the mean's interval."),
        Column("ci_high", "DOUBLE", "Upper end of the mean's interval."),
        Column(
            "interval_method",
            "VARCHAR",
            "How the mean's interval was made; null where there is none.",
            (OneOf(("t", "bootstrap")),),
        ),
        Column("csat_share_low", "DOUBLE", "Lower end of the share's interval.", (Range(0, 1),)),
        Column("csat_share_high", "DOUBLE", "Upper end of the share's interval.", (Range(0, 1),)),
        Column("nps_low", "DOUBLE", "Lower end of nps's interval.", (Range(-100, 100),)),
        Column("nps_high", "DOUBLE", "Upper end of nps's interval.", (Range(-100, 100),)),
        Column("shrunk_mean", "DOUBLE", "The mean, drawn towards that of all answers."),
        Column("shrunk_low", "DOUBLE", "Lower end of the shrunk mean's interval."),
        Column("shrunk_high", "DOUBLE", "Upper end of the shrunk mean's interval."),
        Column("adjusted_mean", "DOUBLE", "Mean of all invited, had they answered."),
        Column("adjusted_low", "DOUBLE", "Lower end of the adjusted mean's interval."),
        Column("adjusted_high", "DOUBLE", "Upper end of the adjusted mean's interval."),
        Column("bound_low", "DOUBLE", "That mean if all the silent gave the lowest score."),
        Column("bound_high", "DOUBLE", "That mean if all the silent gave the highest score."),
        Column("poststratified_mean", "DOUBLE", "Mean over all customers; of `all` only."),
        Column("poststratified_low", "DOUBLE", "Lower end of its interval."),
        Column("poststratified_high", "DOUBLE", "Upper end of its interval."),
        Column("few_answers", "BOOLEAN", "Under 30 answers: read with care.", (NotNull(),)),
        Column("published", "BOOLEAN", "Ten answers: enough to be shown alone.", (NotNull(),)),
    ),
    tests=(UniqueTogether(("survey", "dimension", "value")),),
    reads=(
        "process.survey_responses",
        "process.customers",
        "process.order_items",
        "analyze.segments",
        "analyze.response_weights",
    ),
    code_version="2",
    lineage={
        **SURVEY_LINEAGE,
        **dict.fromkeys(ADJUSTED, ADJUSTED_FROM),
        **{column: [*ADJUSTED_FROM, ("analyze.segments", "segment_name")] for column in POPULATED},
        "value": [
            ("process.survey_responses", "touchpoint"),
            ("process.survey_responses", "channel"),
            ("process.customers", "country"),
            ("process.order_items", "category"),
            ("process.order_items", "revenue"),
            ("analyze.segments", "segment_name"),
        ],
    },
)


def csat_picture(session: Session, periods: Sequence[Period]) -> str:
    history = session.frame(
        "select period, mean_score, ci_low, ci_high, adjusted_mean, adjusted_low, adjusted_high "
        'from "analyze".csat '
        "where survey = 'csat' and dimension = 'all' and period <= $period order by period",
        {"period": periods[-1].start.date()},
    )
    raw, adjusted = (
        history[list(columns)].set_axis(["value", "low", "high"], axis="columns")
        for columns in (
            ("mean_score", "ci_low", "ci_high"),
            ("adjusted_mean", "adjusted_low", "adjusted_high"),
        )
    )
    lines = {"of all who were asked": adjusted, "of the answers": raw}
    return trends(history["period"], lines, "Mean csat with its 95 % interval")


def population_means(scored: pd.DataFrame, population: pd.DataFrame) -> pd.DataFrame:
    """The poststratified figures per survey, on its row of dimension `all`."""
    found = []
    for survey, groups in scored.groupby("survey"):
        whole = groups[groups["dimension"] == "all"].iloc[0]
        strata = population.merge(groups[groups["dimension"] == "segment"], how="left", on="value")
        figures = poststratified(strata.fillna({"answered": 0}), whole)
        found.append((survey, "all", *figures))
    return pd.DataFrame(found, columns=["survey", "dimension", *POPULATED])


@python_table(CSAT, plot=csat_picture)
def csat(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    window = {"period_start": period.start, "period_end": period.end}
    scored = satisfaction(session.frame(BINS, window)).merge(
        corrected(session.frame(CORRECTION, window))[[*GROUP, *ADJUSTED, "answered"]],
        how="left",
        on=GROUP,
    )
    population = session.frame(POPULATION, {"period_start": period.start})
    scored = scored.merge(
        population_means(scored, population), how="left", on=["survey", "dimension"]
    )
    return scored[[name for name in names(CSAT.columns) if name != "period"]]
