"""From a column of a table to the columns of a regression, and back to one readable effect.

A number becomes a piecewise linear function with knots at its quantiles; a text becomes one 0/1
column per level. Missing is a value of its own in both. What a fit makes of them is an `Effect`:
log-odds as a function of the value, small enough to store as JSON and exact to score with.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cx_assets.methods.intervals import Floats

KNOTS = (0.1, 0.3, 0.5, 0.7, 0.9)
# Beyond these quantiles a number counts as the quantile: outliers do not bend the line.
ENDS = (0.005, 0.995)
# A number whose skewness is above this is taken on a logarithmic scale (arcsinh: 0 and below too).
SKEWED = 1.0
# A level with fewer rows, or a smaller share of them, is pooled with the other rare ones.
FEWEST_ROWS, SMALLEST_SHARE = 20, 0.002


@dataclass(frozen=True)
class NumberEffect:
    """Piecewise linear between `points` (in the number's own unit, ascending), flat beyond them."""

    points: Floats
    effects: Floats
    missing: float
    logarithmic: bool

    def __call__(self, column: pd.Series) -> Floats:
        values = numbers(column)
        known = np.interp(
            scaled(values, self.logarithmic), scaled(self.points, self.logarithmic), self.effects
        )
        return np.where(np.isnan(values), self.missing, known)

    def shifted(self, by: float) -> "NumberEffect":
        missing = _known_or_average(self.missing - by)
        return NumberEffect(self.points, self.effects - by, missing, self.logarithmic)

    def to_dict(self) -> dict[str, Any]:
        return {
            "points": self.points.tolist(),
            "effects": self.effects.tolist(),
            "missing": self.missing,
            "logarithmic": self.logarithmic,
        }


@dataclass(frozen=True)
class CategoryEffect:
    """One effect per level, `other` for rare and unseen ones."""

    levels: dict[str, float]
    other: float
    missing: float

    def __call__(self, column: pd.Series) -> Floats:
        values = texts(column)
        known = values.map(self.levels).fillna(self.other).to_numpy(dtype=float)
        return np.where(values.isna(), self.missing, known)

    def shifted(self, by: float) -> "CategoryEffect":
        levels = {level: effect - by for level, effect in self.levels.items()}
        return CategoryEffect(
            levels, _known_or_average(self.other - by), _known_or_average(self.missing - by)
        )

    def to_dict(self) -> dict[str, Any]:
        return {"levels": self.levels, "other": self.other, "missing": self.missing}


Effect = NumberEffect | CategoryEffect


def _known_or_average(effect: float) -> float:
    """What no training row had is worth what the average row is: 0 once effects are centred."""
    return 0.0 if np.isnan(effect) else effect


def effect_from_dict(stored: dict[str, Any]) -> Effect:
    if "levels" in stored:
        return CategoryEffect(**stored)
    points, effects = (np.asarray(stored[name], dtype=float) for name in ("points", "effects"))
    return NumberEffect(points, effects, stored["missing"], stored["logarithmic"])


@dataclass(frozen=True)
class NumberBasis:
    """Line, hinges and an indicator of missing values. `points` are on the (log) scale."""

    points: Floats
    mean: float
    scale: float
    has_missing: bool
    logarithmic: bool

    @property
    def width(self) -> int:
        return len(self.points) - 1 + self.has_missing

    def columns(self, column: pd.Series) -> Floats:
        """Shape (n, width): in standard deviations, and one hinge per inner point."""
        values = numbers(column)
        missing = np.isnan(values)
        known = scaled(np.where(missing, self._middle, values), self.logarithmic)
        line = np.clip(known, self.points[0], self.points[-1])
        hinges = np.maximum(line[:, None] - self.points[None, 1:-1], 0) / self.scale
        parts = [(line[:, None] - self.mean) / self.scale, hinges]
        return np.hstack([*parts, missing[:, None]] if self.has_missing else parts)

    def effect(self, coefficients: Floats) -> NumberEffect:
        points = np.sinh(self.points) if self.logarithmic else self.points
        asked = pd.Series([*points, np.nan])
        *effects, missing = (self.columns(asked) @ coefficients).tolist()
        return NumberEffect(
            points, np.array(effects), missing if self.has_missing else np.nan, self.logarithmic
        )

    @property
    def _middle(self) -> float:
        return float(np.sinh(self.mean)) if self.logarithmic else self.mean


@dataclass(frozen=True)
class CategoryBasis:
    """One 0/1 column per common level, one for the rare ones together, one for missing."""

    levels: tuple[str, ...]
    has_other: bool
    has_missing: bool

    @property
    def width(self) -> int:
        return len(self.levels) + self.has_other + self.has_missing

    def columns(self, column: pd.Series) -> Floats:
        """Shape (n, width)."""
        values = texts(column)
        missing = values.isna().to_numpy()
        parts = [(values == level).to_numpy(dtype=bool) for level in self.levels]
        if self.has_other:
            parts.append(~values.isin(self.levels).to_numpy() & ~missing)
        if self.has_missing:
            parts.append(missing)
        return np.column_stack(parts).astype(float)

    def effect(self, coefficients: Floats) -> CategoryEffect:
        rest = coefficients[len(self.levels) :].tolist()
        other = rest.pop(0) if self.has_other else np.nan
        missing = rest.pop(0) if self.has_missing else np.nan
        known = dict(zip(self.levels, coefficients.tolist(), strict=False))
        return CategoryEffect(known, other, missing)


Basis = NumberBasis | CategoryBasis


def fit_basis(column: pd.Series) -> Basis | None:
    """The basis of a column, from its training rows; None where it says nothing.

    Raises:
        TypeError: the column holds times: give their age as a number.
    """
    if pd.api.types.is_datetime64_any_dtype(column) or column.dtype.kind == "m":
        raise TypeError(f"{column.name} holds times: give days before the cut-off instead")
    return _number_basis(column) if holds_numbers(column) else _category_basis(column)


def _number_basis(column: pd.Series) -> NumberBasis | None:
    values = numbers(column)
    known = values[~np.isnan(values)]
    has_missing = len(known) < len(values)
    if not len(known):
        return None
    logarithmic = _skewness(known) > SKEWED
    line = scaled(known, logarithmic)
    low, high = np.quantile(line, ENDS)
    if low == high:
        low, high = line.min(), line.max()
    if low == high and not has_missing:
        return None
    inner = np.unique(np.quantile(line, KNOTS, method="inverted_cdf"))
    points = np.array([low, *inner[(inner > low) & (inner < high)], max(high, low + 1e-9)])
    clipped = np.clip(line, low, high)
    spread = float(clipped.std())
    return NumberBasis(points, float(clipped.mean()), spread or 1.0, has_missing, logarithmic)


def _category_basis(column: pd.Series) -> CategoryBasis | None:
    values = texts(column)
    counts = values.value_counts()
    common = counts[counts >= max(FEWEST_ROWS, SMALLEST_SHARE * len(values))]
    basis = CategoryBasis(
        levels=tuple(sorted(common.index)),
        has_other=len(common) < len(counts),
        has_missing=bool(values.isna().any()),
    )
    return basis if basis.width > 1 else None


def holds_numbers(column: pd.Series) -> bool:
    """Whether all that is there is a number, be it written as text."""
    if pd.api.types.is_numeric_dtype(column):
        return True
    known = texts(column).dropna()
    return bool(pd.to_numeric(known, errors="coerce").notna().all())


def numbers(column: pd.Series) -> Floats:
    """The values as floats; what is no finite number is NaN."""
    values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def texts(column: pd.Series) -> pd.Series:
    """The values as texts without outer blanks; missing where nothing is left."""
    stripped = column.astype("str").str.strip()
    return stripped.mask(column.isna() | (stripped == ""))


def scaled(values: Floats, logarithmic: bool) -> Floats:
    return np.arcsinh(values) if logarithmic else values


def _skewness(values: Floats) -> float:
    deviation = values - values.mean()
    spread = deviation.std()
    return float((deviation**3).mean() / spread**3) if spread > 0 else 0.0
