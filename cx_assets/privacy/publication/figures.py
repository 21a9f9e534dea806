"""The figures of a group: how many people, and the means of what is known of them.

Sums are whole numbers of a measure's unit, counted from the middle of its range, so that they add
up exactly and one person changes a sum by half the range at most.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import pandas as pd

from cx_assets.privacy.publication.groups import Group
from cx_assets.privacy.publication.noise import RandBelow, discrete_laplace

# A mean of money is withheld where one person has more than this of the sum (dominance rule of
# Hundepool et al. 2012, "Statistical Disclosure Control", section 4.2).
DOMINANT = 0.5


@dataclass(frozen=True)
class Measure:
    """What is known of a person, from `low` to `high`: what lies outside counts as the end.

    Args:
        unit: values are rounded to multiples of it, and so is the mean.
        of_everyone: else some have no value, and how many have one is published with the mean.
        is_score: on a scale whose ends everybody knows; else an amount from 0 up.
    """

    name: str
    low: Fraction
    high: Fraction
    unit: Fraction
    of_everyone: bool
    is_score: bool

    @property
    def middle(self) -> int:
        return round((self.low + self.high) / 2 / self.unit)

    @property
    def sensitivity(self) -> int:
        """By how many units one person changes the sum at most."""
        low, high = round(self.low / self.unit), round(self.high / self.unit)
        return max(high - self.middle, self.middle - low)

    def mean(self, total: int, people: int) -> float | None:
        """The mean of people whose values add up to `total` units from the middle."""
        if people < 1:
            return None
        value = round(Fraction(total, people)) + self.middle
        return float(min(max(value * self.unit, self.low), self.high))


def figures(
    cells: pd.DataFrame, group: Group, measures: Sequence[Measure], k: int
) -> dict[str, int]:
    """The figures of a group that may be published: customers, <measure>_people, <measure>_sum.

    Args:
        cells: people and new, and for each measure <name>_people, <name>_new (first-timers who
            have a value), <name>_sum (units from the middle) and <name>_max (units).
    """

    def added(name: str) -> int:
        return int(cells[name].to_numpy()[group.cells].sum())

    found = {"customers": added("people")}
    for measure in measures:
        known, total = added(f"{measure.name}_people"), added(f"{measure.name}_sum")
        largest = int(cells[f"{measure.name}_max"].to_numpy()[group.cells].max())
        without, new_with = found["customers"] - known, added(f"{measure.name}_new")
        new_without = added("new") - new_with
        # Who has a value and who has none are two groups, and each must be one by the rule.
        if without and (new_with < k or new_without < k):
            continue
        if _tells_of_one(measure, known, total, largest):
            continue
        if not measure.of_everyone:
            found[f"{measure.name}_people"] = known
        found[f"{measure.name}_sum"] = total
    return found


def noisy(
    exact: Mapping[str, int],
    measures: Sequence[Measure],
    epsilon: Fraction,
    randbelow: RandBelow,
) -> dict[str, int]:
    """The figures with noise, together epsilon-differentially private for adding one person.

    The budget is shared evenly by all figures there can be, whether or not a group has them all.
    That the groups have at least k people, and which there are, is as exact as without noise.
    """
    sensitivities = sensitivity(measures)
    share = epsilon / len(sensitivities)
    return {
        name: value + discrete_laplace(Fraction(sensitivities[name]) / share, randbelow)
        for name, value in exact.items()
    }


def sensitivity(measures: Sequence[Measure]) -> dict[str, int]:
    """By how much one person changes each figure at most."""
    return {
        "customers": 1,
        **{f"{each.name}_people": 1 for each in measures if not each.of_everyone},
        **{f"{each.name}_sum": each.sensitivity for each in measures},
    }


def shown(values: Mapping[str, int], measures: Sequence[Measure]) -> dict[str, float | None]:
    """The figures as they are published: customers, <measure>_people, mean_<measure>; None: none.

    Noise may have taken a number of people below 0, and a mean out of its range.
    """
    row: dict[str, float | None] = {"customers": max(values["customers"], 0)}
    for measure in measures:
        of = "customers" if measure.of_everyone else f"{measure.name}_people"
        total = values.get(f"{measure.name}_sum")
        if not measure.of_everyone:
            row[of] = None if total is None else max(values[of], 0)
        row[f"mean_{measure.name}"] = None if total is None else measure.mean(total, values[of])
    return row


def _tells_of_one(measure: Measure, people: int, total: int, largest: int) -> bool:
    """Whether the sum bounds the value of one of them by more than was known before."""
    if not people:
        return True
    low, high = round(measure.low / measure.unit), round(measure.high / measure.unit)
    plain = total + measure.middle * people
    if measure.is_score:
        # Anybody may have the lowest or the highest score, as far as the sum can tell.
        return min(plain - low * people, high * people - plain) < high - low
    return bool(largest > DOMINANT * plain) if plain else True
