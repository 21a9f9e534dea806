"""Customer segments: K-Means, how many, which is which from period to period, and their names."""

from cx_assets.methods.segments.choice import choose, quality, stability
from cx_assets.methods.segments.identity import Identities, identify
from cx_assets.methods.segments.naming import profiles, segment_names
from cx_assets.methods.segments.recipe import Segmentation

__all__ = [
    "Identities",
    "Segmentation",
    "choose",
    "identify",
    "profiles",
    "quality",
    "segment_names",
    "stability",
]
