"""Additive models on a table of features of any kind: effects that can be told and stored."""

from cx_assets.methods.additive.estimator import AdditiveLogistic
from cx_assets.methods.additive.linear import AdditiveLinear

__all__ = ["AdditiveLinear", "AdditiveLogistic"]
