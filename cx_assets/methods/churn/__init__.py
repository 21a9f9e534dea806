"""Who is leaving: an additive, calibrated churn model, its reasons and its figures."""

from cx_assets.methods.churn.bands import BANDS, risk_bands
from cx_assets.methods.churn.cutoffs import labelled_cutoffs
from cx_assets.methods.churn.estimator import ChurnModel
from cx_assets.methods.churn.metrics import brier, calibration_error, reliability
from cx_assets.methods.churn.reasons import reasons
from cx_assets.methods.churn.trial import TooFew, Trial, fit_cutoffs, try_out, verdict
from cx_assets.methods.churn.validation import CrossValidation, cross_validate

__all__ = [
    "BANDS",
    "ChurnModel",
    "CrossValidation",
    "TooFew",
    "Trial",
    "brier",
    "calibration_error",
    "cross_validate",
    "fit_cutoffs",
    "labelled_cutoffs",
    "reasons",
    "reliability",
    "risk_bands",
    "try_out",
    "verdict",
]
