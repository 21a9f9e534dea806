"""analyze.churn_model: who leaves, learned from earlier cut-offs and tried on a later one."""

import json
from collections.abc import Sequence
from datetime import timedelta

import pandas as pd

from cx_assets.columns import Column, NotNull, OneOf, Range, Unique
from cx_assets.defs.analyze.churn_input import (
    CLOSED,
    FEATURES,
    NO_PURCHASE,
    churn_kind,
    cutoff_periods,
    labelled_customers,
)
from cx_assets.methods.additive import AdditiveLogistic
from cx_assets.methods.churn import (
    TooFew,
    Trial,
    fit_cutoffs,
    labelled_cutoffs,
    try_out,
    verdict,
)
from cx_assets.periods import Period
from cx_assets.plots import drivers, reliability_curve
from cx_assets.settings import Settings
from cx_assets.tables import Table, python_table
from cx_assets.warehouse import Session

CHURN_MODEL = Table(
    name="analyze.churn_model",
    description=(
        "One row per period: the model of who leaves within CX_CHURN_DAYS, and how good it is.\n"
        "Features as of a cut-off (a period's end), label from the cut-off to the horizon's end. "
        "The newest cut-off whose label window has ended is the test; the model tried on it "
        "learned from cut-offs whose windows had ended by then. The model that is kept is then "
        "fitted on all labelled cut-offs: the newest six, at least .3 of the horizon apart, "
        "200,000 rows at most. "
        "Leaving is the closing of the account where at least ten accounts have been closed (or "
        "nobody ever buys), else no purchase by a customer who has bought before."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(), Unique())),
        Column("kind", "VARCHAR", "What leaving is.", (NotNull(), OneOf((NO_PURCHASE, CLOSED)))),
        Column("horizon_days", "BIGINT", "Days within which to leave.", (NotNull(), Range(1))),
        Column("test_cutoff", "TIMESTAMP", "Newest cut-off with a label; null where none."),
        Column("customers", "BIGINT", "Customers at the test cut-off.", (NotNull(), Range(0))),
        Column("churned", "BIGINT", "Those of them who left.", (NotNull(), Range(0))),
        Column("training_cutoffs", "BIGINT", "Cut-offs before the test.", (NotNull(), Range(0))),
        Column("labelled_cutoffs", "BIGINT", "Those of the kept model.", (NotNull(), Range(0))),
        Column("auc", "DOUBLE", "Area under the ROC curve in the test.", (Range(0, 1),)),
        Column("baseline_auc", "DOUBLE", "That of days since the last purchase.", (Range(0, 1),)),
        Column("auc_gain", "DOUBLE", "auc less baseline_auc.", (Range(0, severity="warn"),)),
        Column("brier", "DOUBLE", "Mean squared error of the probability.", (Range(0, 1),)),
        Column("baseline_brier", "DOUBLE", "That of always the training share.", (Range(0, 1),)),
        Column(
            "calibration_error",
            "DOUBLE",
            "Mean distance of predicted and observed share over ten equal bins.",
            (Range(0, 0.05, severity="warn"),),
        ),
        Column("reliability", "VARCHAR", "JSON: bin, predicted, observed, customers of the test."),
        Column(
            "model", "VARCHAR", "JSON: all that scoring needs; null where none could be fitted."
        ),
        Column("note", "VARCHAR", "What is to be said against the model; null where nothing is."),
    ),
    reads=("features.customer_features", "process.orders", "process.customers"),
    kinds=frozenset({"python"}),
    lineage={
        **{
            column: [
                *(("features.customer_features", name) for name in FEATURES),
                ("process.orders", "ordered_at"),
                ("process.orders", "is_purchase"),
                ("process.customers", "closed_at"),
            ]
            for column in ("auc", "brier", "calibration_error", "reliability", "model")
        },
        "kind": [("process.customers", "closed_at")],
        "churned": [("process.orders", "ordered_at"), ("process.customers", "closed_at")],
        "baseline_auc": [("features.customer_features", "recency_days")],
    },
)


def churn_model_row(session: Session, period: Period, settings: Settings) -> dict[str, object]:
    """The row of a period, without the column `period`."""
    horizon = timedelta(days=settings.churn_days)
    kind = churn_kind(session, period)
    ends = cutoff_periods(session, period, settings)
    cutoffs = labelled_cutoffs(ends, period.end, horizon)
    training = labelled_cutoffs(ends, cutoffs[-1], horizon) if cutoffs else []
    labelled = {
        cutoff: labelled_customers(
            session, kind, ends[cutoff], cutoff, horizon, period.start.date()
        )
        for cutoff in {*cutoffs, *training}
    }
    model, trial, note = None, Trial(), None
    try:
        model = fit_cutoffs(labelled, cutoffs, horizon)
        trial = try_out(fit_cutoffs(labelled, training, horizon), labelled[cutoffs[-1]])
        note = verdict(trial)
    except TooFew as reason:
        when = "not tried: at the test cut-off" if model else "no model: at the period's end"
        note = f"{when}, {reason}"
    test = labelled[cutoffs[-1]]["churned"] if cutoffs else pd.Series(dtype=int)
    return {
        "kind": kind,
        "horizon_days": settings.churn_days,
        "test_cutoff": cutoffs[-1] if cutoffs else None,
        "customers": len(test),
        "churned": int(test.sum()),
        "training_cutoffs": len(training),
        "labelled_cutoffs": len(cutoffs),
        "auc": trial.auc,
        "baseline_auc": trial.baseline_auc,
        "auc_gain": trial.auc - trial.baseline_auc,
        "brier": trial.brier,
        "baseline_brier": trial.baseline_brier,
        "calibration_error": trial.calibration_error,
        "reliability": json.dumps(trial.reliability.to_dict(orient="records")),
        "model": model.to_json() if model else None,
        "note": note,
    }


def churn_pictures(session: Session, periods: Sequence[Period]) -> str:
    ((reliability, model, note),) = session.rows(
        'select reliability, model, note from "analyze".churn_model where period = $period',
        {"period": periods[-1].start.date()},
    )
    shown = [note] if note else []
    if bins := json.loads(reliability):
        shown.append(reliability_curve(pd.DataFrame(bins), "Predicted and observed, in the test"))
    if model:
        importance = AdditiveLogistic.from_json(model).importance_
        shown.append(drivers(importance, "What moves the risk (log-odds, standard deviation)"))
    return "\n\n".join(shown)


@python_table(CHURN_MODEL, plot=churn_pictures)
def churn_model(session: Session, period: Period, settings: Settings) -> pd.DataFrame:
    return pd.DataFrame([churn_model_row(session, period, settings)])
