"""From which times a churn model may learn: cut-offs whose label window had ended by then."""

from collections.abc import Iterable
from datetime import datetime, timedelta

MOST_CUTOFFS = 6
# Of the horizon, between two cut-offs. A third would leave February out of monthly cut-offs.
SPACING = 0.3


def labelled_cutoffs(
    ends: Iterable[datetime], known_until: datetime, horizon: timedelta
) -> list[datetime]:
    """The newest cut-offs c with c + horizon <= known_until, in time order.

    At most six, at least .3 of the horizon apart: nearer ones have nearly the same rows.

    Args:
        ends: the times at which there are features (ends of periods), in any order.
        known_until: nothing at or after this time is known.
        horizon: length of the label's window [c, c + horizon).
    """
    chosen: list[datetime] = []
    for end in sorted(set(ends), reverse=True):
        ended = end + horizon <= known_until
        if ended and (not chosen or chosen[-1] - end >= SPACING * horizon):
            chosen.append(end)
    return sorted(chosen[:MOST_CUTOFFS])
