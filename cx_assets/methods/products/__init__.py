"""What to do about a product: what its buyers think of it, and one piece of advice."""

from cx_assets.methods.products.advice import ADVICE, advise
from cx_assets.methods.products.opinion import shrink_within

__all__ = ["ADVICE", "advise", "shrink_within"]
