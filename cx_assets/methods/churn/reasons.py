"""Why a customer is at risk, in words: the largest additions to the log-odds, each told once."""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from cx_assets.methods.additive import AdditiveLogistic
from cx_assets.methods.additive.basis import NumberEffect, numbers, texts

MOST_REASONS = 3
# Log-odds: what raises the odds by less than 5 % is no reason.
SMALLEST = 0.05
# Told as one, also where their correlation leaves them apart.
SAME_STORY = (
    frozenset({"recency_days", "silence_ratio"}),
    frozenset({"monetary", "spend", "profit"}),
)


def number(value: float) -> str:
    """A number as a person would write it: 1,234 or 3.2."""
    return f"{value:,.0f}" if abs(value) >= 10 or value == round(value) else f"{value:.1f}"


def counted(value: float, noun: str) -> str:
    return f"{number(value)} {noun}{'' if value == 1 else 's'}"


def _purchases(value: float) -> str:
    if value <= 1:
        return "bought only once" if value == 1 else "never bought"
    return "bought twice" if value == 2 else f"bought {number(value)} times"


# For a value that is there, and for a missing one.
PHRASES: dict[str, tuple[Callable[[float], str], str]] = {
    "recency_days": (lambda v: f"last purchase {counted(v, 'day')} ago", "never bought"),
    "silence_ratio": (lambda v: f"silent {number(v)} times as long as usual", "no rhythm yet"),
    "frequency": (_purchases, "never bought"),
    "tenure_days": (lambda v: f"customer for {counted(v, 'day')}", "unknown since when"),
    "monetary": (lambda v: f"spends {number(v)} at a time", "never bought"),
    "spend": (lambda v: f"spent {number(v)} in all", "never bought"),
    "profit": (
        lambda v: f"brought {'a loss' if v < 0 else 'a profit'} of {number(abs(v))}",
        "brought no profit yet",
    ),
    "age": (lambda v: f"aged {number(v)}", "age unknown"),
    "sessions": (lambda v: counted(v, "visit") if v else "no visit yet", "no visit yet"),
    "tickets": (lambda v: counted(v, "ticket") if v else "no ticket yet", "no ticket yet"),
    "mean_resolution_hours": (
        lambda v: f"a ticket took {counted(v, 'hour')} to resolve",
        "no ticket resolved",
    ),
    "last_score": (lambda v: f"last answer was {number(v)} of 5", "never answered a survey"),
    "last_score_age_days": (
        lambda v: f"last answer {counted(v, 'day')} ago",
        "never answered a survey",
    ),
    "late_delivery_share": (
        lambda v: f"{100 * v:.0f} % of deliveries late",
        "no delivery with a promise",
    ),
}


def reasons(model: AdditiveLogistic, X: pd.DataFrame, most: int = MOST_REASONS) -> list[list[str]]:
    """What raises each row's risk most, against the average row.

    Features that say the same share one place: their contributions are added, and the one that adds
    most speaks for them, of those with a value if there are any.

    Args:
        model: fitted.
        X: the rows, with the columns of `model.features_`.
        most: how many reasons at most.

    Returns:
        For each row its reasons, the weightiest first; none where nothing raises the risk.
    """
    told = np.full((len(X), most), None, dtype=object)
    if not model.features_ or X.empty:
        return [[] for _ in range(len(X))]
    given = model.contributions(X)
    missing = np.column_stack([_missing(model, X, name) for name in model.features_])
    stories = _stories(model)
    total = np.column_stack([given[:, story].sum(axis=1) for story in stories])
    ranked = np.argsort(-total, axis=1, kind="stable")[:, :most]
    for place, story in enumerate(stories):
        # A missing value speaks only where all are missing.
        weight = np.where(missing[:, story], -np.inf, given[:, story])
        nothing_known = missing[:, story].all(axis=1, keepdims=True)
        weight = np.where(nothing_known, given[:, story], weight)
        speaker = np.array(story)[np.argmax(weight, axis=1)]
        rows, places = np.nonzero(ranked == place)
        raising = total[rows, place] > SMALLEST
        rows, places = rows[raising], places[raising]
        for feature in story:
            chosen = speaker[rows] == feature
            name = model.features_[feature]
            told[rows[chosen], places[chosen]] = _phrases(model, name, X[name].iloc[rows[chosen]])
    return [list(dict.fromkeys(text for text in row if text)) for row in told]


def _stories(model: AdditiveLogistic) -> list[list[int]]:
    """The sets of features that share a place, as numbers of features."""
    stories: list[set[str]] = [set(names) for names in model.alike_]
    for same in SAME_STORY:
        joined = [story for story in stories if story & same]
        if joined:
            stories = [story for story in stories if not story & same] + [set().union(*joined)]
    return [sorted(map(model.features_.index, story)) for story in stories]


def _missing(model: AdditiveLogistic, table: pd.DataFrame, name: str) -> NDArray[np.bool_]:
    if isinstance(model.effects_[name], NumberEffect):
        return np.isnan(numbers(table[name]))
    return texts(table[name]).isna().to_numpy()


def _phrases(model: AdditiveLogistic, name: str, column: pd.Series) -> NDArray[np.object_]:
    """One phrase per value; each distinct value is put into words once."""
    is_number = isinstance(model.effects_[name], NumberEffect)
    label = name.replace("_", " ")
    say, unknown = PHRASES.get(name, (lambda v: f"{label} is {number(v)}", f"{label} is unknown"))
    values = pd.Series(numbers(column)) if is_number else texts(column)
    codes, distinct = pd.factorize(values)
    words = [say(value) if is_number else f"{label} is {value}" for value in distinct]
    return np.array([*words, unknown], dtype=object)[codes]
