"""Association rules: frequent item sets level by level in SQL, thresholds on whole counts."""

from cx_assets.methods.rules.baskets import KEPT, Baskets, count_baskets, counted_baskets
from cx_assets.methods.rules.item_sets import ItemSets, Limits, find_item_sets
from cx_assets.methods.rules.measures import rules_query
from cx_assets.methods.rules.thresholds import least_count

__all__ = [
    "KEPT",
    "Baskets",
    "ItemSets",
    "Limits",
    "count_baskets",
    "counted_baskets",
    "find_item_sets",
    "least_count",
    "rules_query",
]
