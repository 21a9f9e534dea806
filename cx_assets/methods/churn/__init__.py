"""Who is leaving: how the model is learned and tried over time, its reasons and its bands."""

from cx_assets.methods.churn.bands import BANDS, risk_bands
from cx_assets.methods.churn.cutoffs import labelled_cutoffs
from cx_assets.methods.churn.reasons import reasons
from cx_assets.methods.churn.trial import TooFew, Trial, fit_cutoffs, try_out, verdict
from cx_assets.methods.churn.validation import CrossValidation, cross_validate

__all__ = [
    "BANDS",
    "CrossValidation",
    "TooFew",
    "Trial",
    "cross_validate",
    "fit_cutoffs",
    "labelled_cutoffs",
    "reasons",
    "risk_bands",
    "try_out",
    "verdict",
]
