"""Names that a marketer would use, and that are true of the segment's customers.

A name rests on what the customers did (days, purchases, money) and on how that compares with the
others, so that nobody is called a champion for being the best of a shop that all have left.
"""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

# Mean rank among the buyers, 0 .. 1. Half is what the average buyer has.
HIGH, HALF = 0.6, 0.5
# What a big spender spends, to what the average buyer does.
BIG = 1.5
# Share of buyers in a segment that is said to have none, of newcomers in one that is called new.
FEW, MOST = 0.05, 0.75
# In churn horizons: silent for longer, a customer cools down, or is lost rather than at risk.
COOLING_AFTER, LOST_AFTER = 0.5, 4
# Satisfaction is part of a name from so many answers on, and only where it stands out on 1..5.
MIN_ANSWERS = 30
UNHAPPY, DELIGHTED = 3.0, 4.5

Rule = tuple[str, Callable[[pd.Series], bool]]

# The first rule that holds gives the name.
RULES: tuple[Rule, ...] = (
    ("Net returners", lambda s: s.typical_spend < 0 or (s.orders >= 1 and s.typical_spend == 0)),
    ("Never bought", lambda s: s.bought <= FEW),
    ("Hardly ever bought", lambda s: s.orders < 1),
    ("Champions", lambda s: s.active and s.often and s.much and s.lately),
    ("Loyal big spenders", lambda s: s.active and s.often and s.much),
    ("Loyal regulars", lambda s: s.active and s.often),
    ("Big spenders", lambda s: s.active and s.much),
    ("New customers", lambda s: s.active and s.new),
    ("Cooling down", lambda s: s.active and s.cooling),
    ("Promising", lambda s: s.active),
    ("Lost big spenders", lambda s: s.lost and s.much),
    ("Lost regulars", lambda s: s.lost and s.often),
    ("Lost", lambda s: s.lost),
    ("At risk big spenders", lambda s: s.much),
    ("At risk regulars", lambda s: s.often),
    ("Hibernating", lambda s: True),
)

# What tells segments apart that have the same name: the higher and the lower of a feature.
COMPARED = {
    "spend": ("spending more", "spending less"),
    "frequency": ("buying more often", "buying less often"),
    "recency_days": ("bought longer ago", "bought more recently"),
    "tenure_days": ("known longer", "newer"),
    "age": ("older", "younger"),
}


def profiles(
    customers: pd.DataFrame, labels: NDArray[np.intp], k: int, churn_days: int
) -> pd.DataFrame:
    """What the names rest on: one row per segment 0 .. k - 1.

    Args:
        customers: spend, frequency, recency_days, tenure_days, age and last_score (1..5), one row
            per customer; age and last_score may be missing. Recency of a customer without a
            purchase is not looked at.
        labels: the segment of each customer.
        churn_days: who buys nothing for so many days has left.

    Returns:
        customers, and
        - orders, typical_spend: of the median customer; bought: share with a purchase;
        - active: the median buyer bought within churn_days; lost: not in LOST_AFTER times as many;
        - cooling: the median buyer has been silent for longer than COOLING_AFTER times as many, and
          than most others;
        - new: most are known for no more than churn_days;
        - often, much, lately: ranks high among all buyers, where "often" also means twice or more,
          and "much" at least BIG times the mean spend of all buyers;
        - mean_score, answers: the newest csat answers;
        - spend, frequency, tenure_days, age: mean rank among all, 0 .. 1; recency_days: among the
          buyers, since it means something else for others.
    """
    everyone = customers.astype(float)
    bought = everyone["frequency"] > 0
    segment = pd.Series(pd.Categorical(labels, categories=range(k)), index=everyone.index)
    middle = everyone.groupby(segment, observed=False).median()
    scores = everyone["last_score"].groupby(segment, observed=False)
    ranks = everyone[list(COMPARED)].rank(pct=True).groupby(segment, observed=False).mean()
    buyers, their_segment = everyone[bought], segment[bought]
    silent = buyers["recency_days"].groupby(their_segment, observed=False).median()
    spent = buyers["spend"].groupby(their_segment, observed=False).mean()
    rank = buyers.rank(pct=True).groupby(their_segment, observed=False).mean()
    lately = rank["recency_days"] <= HALF
    return ranks.assign(
        recency_days=rank["recency_days"],
        customers=segment.value_counts(sort=False),
        bought=bought.groupby(segment, observed=False).mean(),
        orders=middle["frequency"],
        typical_spend=middle["spend"],
        active=silent <= churn_days,
        lost=silent > LOST_AFTER * churn_days,
        new=(everyone["tenure_days"] <= churn_days).groupby(segment, observed=False).mean() >= MOST,
        often=(rank["frequency"] >= HIGH) & (middle["frequency"] >= 2),
        much=(rank["spend"] >= HIGH) & (spent > BIG * max(buyers["spend"].mean(), 0.0)),
        lately=lately,
        cooling=~lately & (silent > COOLING_AFTER * churn_days),
        mean_score=scores.mean(),
        answers=scores.count(),
    )


def segment_names(segments: pd.DataFrame, ids: Sequence[int]) -> list[str]:
    """One name per row of `profiles`, never two alike.

    Args:
        segments: what `profiles` returned.
        ids: the segment_id of each row; it tells apart what no feature does.
    """
    named = segments.set_axis(pd.Index(ids), axis=0)
    plain = pd.Series({number: _plain_name(segment) for number, segment in named.iterrows()})
    names: dict[int, str] = {}
    for name, alike in plain.groupby(plain):
        told = _told_apart(named.loc[alike.index, list(COMPARED)])
        names |= {number: ", ".join([str(name), *words]) for number, words in told.items()}
    return [names[number] for number in ids]


def _plain_name(segment: pd.Series) -> str:
    name = next(name for name, holds in RULES if holds(segment))
    if segment.answers >= MIN_ANSWERS and segment.mean_score <= UNHAPPY:
        return f"{name}, unhappy"
    if segment.answers >= MIN_ANSWERS and segment.mean_score >= DELIGHTED:
        return f"{name}, delighted"
    return name


def _told_apart(ranks: pd.DataFrame) -> dict[int, list[str]]:
    """Words for each of the segments: split at the widest gap of a feature until each is alone."""
    if len(ranks) == 1:
        return {ranks.index[0]: []}
    spread = (ranks.max() - ranks.min()).where(ranks.notna().all(), 0.0)
    if not spread.max() > 0:
        return {number: [f"no. {number}"] for number in ranks.index}
    feature = str(spread.idxmax())
    values = np.sort(ranks[feature].to_numpy())
    is_higher = ranks[feature] >= values[np.argmax(np.diff(values)) + 1]
    told = {}
    for half, word in zip((is_higher, ~is_higher), COMPARED[feature], strict=True):
        for number, words in _told_apart(ranks[half].drop(columns=feature)).items():
            told[number] = [word, *words]
    return told
