"""What answers say of groups of customers: scores, their uncertainty, and what small groups owe."""

from cx_assets.methods.satisfaction.scores import (
    FEW_ANSWERS,
    FEWEST_ANSWERS,
    GROUP,
    satisfaction,
)
from cx_assets.methods.satisfaction.shrinkage import shrink

__all__ = [
    "FEWEST_ANSWERS",
    "FEW_ANSWERS",
    "GROUP",
    "satisfaction",
    "shrink",
]
