"""Weekly demand with a known truth."""

import numpy as np

from cx_assets.methods.demand import HORIZON, SEASON
from cx_assets.methods.intervals import Floats


def seasonal(products: int, weeks: int, seed: int = 1) -> Floats:
    """Poisson demand of a yearly wave, its height and peak each product's own."""
    rng = np.random.default_rng(seed)
    peak, height = rng.uniform(0, SEASON, products), rng.uniform(0.3, 0.9, products)
    wave = np.sin(2 * np.pi * (np.arange(weeks) - peak[:, None]) / SEASON)
    mean = rng.gamma(1, 20, products)[:, None] * (1 + height[:, None] * wave)
    return rng.poisson(mean).astype(float)


def steady(products: int, weeks: int, seed: int = 2) -> Floats:
    """Poisson demand around each product's own level; one in three sells now and then only."""
    rng = np.random.default_rng(seed)
    level = np.where(np.arange(products) % 3 == 0, 0.2, rng.gamma(1, 20, products))
    return rng.poisson(np.broadcast_to(level[:, None], (products, weeks))).astype(float)


def sold_after(units: Floats, week: int) -> Floats:
    return units[:, week : week + HORIZON].sum(axis=1)
