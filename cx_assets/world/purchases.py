"""Who is there, how often they order and when they leave: a Pareto/NBD process that listens to
the seasons and, as far as the settings say so, to satisfaction."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_assets.world.arrays import (
    MONTH,
    Floats,
    Ints,
    Period,
    Rng,
    Times,
    later,
    seconds_between,
    time_between,
)
from cx_assets.world.population import People
from cx_assets.world.settings import WorldSettings

GIFT_MONTHS = (10, 11)


@dataclass(frozen=True)
class Presence:
    """Who is in the market in a period, from when and until when (half open), one row each."""

    owner: Ints
    begin: Times
    stop: Times

    @property
    def months(self) -> Floats:
        return seconds_between(self.begin, self.stop) / MONTH


def live(
    people: People, satisfaction: Floats, period: Period, settings: WorldSettings, rng: Rng
) -> Presence:
    """Lets people come and leave; writes the moment of leaving into `people.died_at`."""
    owner = np.flatnonzero((people.joined_at < period.end) & np.isnat(people.died_at))
    begin = np.maximum(people.joined_at[owner], period.start)
    factor = np.exp(-settings.satisfaction_on_dropout * satisfaction[owner])
    rate = np.maximum(people.dropout_rate[owner] * factor, 1e-12)
    months = np.minimum(rng.exponential(1 / rate), 1e6)
    leaving = later(begin, np.floor(months * MONTH))
    left = leaving < period.end
    people.died_at[owner[left]] = leaving[left]
    return Presence(owner, begin, np.minimum(leaving, period.end))


def order_times(
    people: People,
    presence: Presence,
    satisfaction: Floats,
    uplift: Floats,
    period: Period,
    settings: WorldSettings,
    rng: Rng,
) -> pd.DataFrame:
    """Columns owner and ordered_at, in order of time. Who joins places a first order then."""
    owner = presence.owner
    season = np.full(len(owner), settings.seasonality[period.month])
    if period.month in GIFT_MONTHS:
        kinds = (*settings.kinds, settings.guest)
        season *= np.array([kind.gift_season for kind in kinds])[people.kind[owner]]
    mood = np.exp(settings.satisfaction_on_purchases * satisfaction[owner])
    mean = people.order_rate[owner] * presence.months * season * mood * (1 + uplift[owner])
    count = rng.poisson(mean)
    again = pd.DataFrame(
        {
            "owner": np.repeat(owner, count),
            "ordered_at": time_between(
                rng, np.repeat(presence.begin, count), np.repeat(presence.stop, count)
            ),
        }
    )
    new = owner[people.joined_at[owner] >= period.start]
    first = pd.DataFrame({"owner": new, "ordered_at": people.joined_at[new]})
    return pd.concat([first, again]).sort_values("ordered_at", kind="stable", ignore_index=True)
