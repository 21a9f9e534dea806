"""How much of each product will be sold: forecasts per product, and which of them to believe.

A history is an array (products, weeks) of units, the oldest week first and the newest whole. Every
forecast is the units of the next HORIZON weeks together, made of nothing but such an array: cut it
off at a week, and the forecast is one of that week.

Weeks, since within one the days of the week and a parcel sent back at once cancel out, and a year
has enough of them to learn from; months would leave a shop of one year with twelve numbers.
"""

from cx_assets.methods.demand.bands import Bands
from cx_assets.methods.demand.baselines import MEAN, RECENT, SEASONAL_NAIVE
from cx_assets.methods.demand.history import HORIZON, SEASON
from cx_assets.methods.demand.pooled import POOLED
from cx_assets.methods.demand.smoothing import SMOOTHING
from cx_assets.methods.demand.trial import METHODS, Comparison, compare, forecast

__all__ = [
    "HORIZON",
    "MEAN",
    "METHODS",
    "POOLED",
    "RECENT",
    "SEASON",
    "SEASONAL_NAIVE",
    "SMOOTHING",
    "Bands",
    "Comparison",
    "compare",
    "forecast",
]
