"""How far forecasts were off, by their size: where 80 % of what was sold lay around them."""

from dataclasses import dataclass

import numpy as np

from cx_assets.methods.intervals import Floats

COVERED = 0.8
MOST_BANDS = 10
# A tenth of fewer is not known.
FEWEST = 50


@dataclass(frozen=True)
class Bands:
    """Sold over forecast, one more of each so that nothing is a number too, by size of forecast.

    Attributes:
        start: the smallest forecast of each band, ascending; the first holds all below it too.
        low, high: the ratio's tenth and ninth tenth there.
    """

    start: Floats
    low: Floats
    high: Floats

    @classmethod
    def of(cls, forecast: Floats, sold: Floats) -> "Bands":
        """Bands of equally many forecasts; none where there are fewer than 50."""
        order = np.argsort(forecast, kind="stable")
        number = min(MOST_BANDS, len(order) // FEWEST)
        parts = np.array_split(order, number) if number else []
        ends = ((1 - COVERED) / 2, (1 + COVERED) / 2)
        ratios = [
            np.quantile((sold[part] + 1) / (forecast[part] + 1), ends, method="hazen")
            for part in parts
        ]
        low, high = np.array(ratios).reshape(-1, 2).T
        return cls(np.array([forecast[part[0]] for part in parts]), low, high)

    def around(self, forecast: Floats) -> tuple[Floats, Floats]:
        """Both ends for each forecast; nan where there are no bands."""
        if not len(self.start):
            unknown = np.full(len(forecast), np.nan)
            return unknown, unknown
        band = np.maximum(np.searchsorted(self.start, forecast, side="right") - 1, 0)
        low, high = ((forecast + 1) * ratio[band] - 1 for ratio in (self.low, self.high))
        return np.clip(low, 0, forecast), np.maximum(high, forecast)
