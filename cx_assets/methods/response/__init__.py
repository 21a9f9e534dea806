"""Corrected for who answers: weights, the mean of all who were asked, and how wrong it may be."""

from cx_assets.methods.response.correction import corrected
from cx_assets.methods.response.poststratified import poststratified
from cx_assets.methods.response.weights import trimmed_weights

__all__ = ["corrected", "poststratified", "trimmed_weights"]
