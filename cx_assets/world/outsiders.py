"""Who comes to the web shop and is no customer: bots, and the shop's own test accounts."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.world.arrays import DAY, HOUR, Ints, Period, ids, joined, later, names_of, stream
from cx_assets.world.catalogue import Catalogue
from cx_assets.world.population import People
from cx_assets.world.settings import WorldSettings
from cx_assets.world.web import CART, DEVICES, EVENTS, LOGIN, NOT, PAGES, PURCHASE, VIEW


@dataclass(frozen=True)
class Habit:
    """What an outsider does: so many visits a month, each on a day of its own."""

    name: str
    device: str
    visits: int
    events: tuple[int, ...]
    seconds: int
    """Between two events of a visit."""


BOTS = (
    Habit("declared", "bot", visits=6, events=(VIEW,) * 12, seconds=10),
    Habit("hasty", "desktop", visits=3, events=(VIEW,) * 90, seconds=1),
    Habit("tireless", "desktop", visits=1, events=(VIEW,) * 330, seconds=20),
    Habit("frequent", "mobile", visits=1, events=(VIEW,) * 28, seconds=45 * 60),
)
TESTER = Habit(
    "tester", "desktop", visits=3, events=(VIEW, LOGIN, VIEW, CART, PURCHASE), seconds=40
)
HABITS = (*BOTS, TESTER)
DEVICE_NAMES = tuple(habit.device for habit in HABITS)
VISITS = np.array([habit.visits for habit in HABITS])
SECONDS = np.array([habit.seconds for habit in HABITS])
EVENTS_A_VISIT = np.array([len(habit.events) for habit in HABITS])
# (habits, longest visit): the event at each position of a visit, and whether it is logged in.
EVENT_AT = np.full((len(HABITS), EVENTS_A_VISIT.max()), NOT)
for _row, _habit in zip(EVENT_AT, HABITS, strict=True):
    _row[: len(_habit.events)] = _habit.events
KNOWN_AT = np.cumsum(EVENT_AT == LOGIN, axis=1) > 0


def habits(settings: WorldSettings) -> Ints:
    """The habit of every outsider, by position in HABITS: the bots, then the test accounts."""
    bots = np.arange(settings.bots) % len(BOTS)
    return np.append(bots, np.full(settings.test_accounts, HABITS.index(TESTER)))


def visitor_ids(outsider: Ints, people: People) -> pa.Array:
    """Numbers after those that people's own devices have."""
    return ids("V", len(people) * len(DEVICES) + outsider)


def customer_ids(outsider: Ints, settings: WorldSettings) -> pa.Array:
    """TEST000000000; null for bots."""
    return ids("TEST", outsider - settings.bots, outsider >= settings.bots)


def truth(people: People, settings: WorldSettings) -> pa.Table:
    """One row per outsider: visitor_id, customer_id (of test accounts) and habit."""
    habit = habits(settings)
    outsider = np.arange(len(habit))
    return pa.table(
        {
            "visitor_id": visitor_ids(outsider, people),
            "customer_id": customer_ids(outsider, settings),
            "habit": names_of([one.name for one in HABITS], habit),
        }
    )


def events_of(catalogue: Catalogue, period: Period, settings: WorldSettings) -> pd.DataFrame:
    """One row per event: outsider, habit, known (logged in by then), occurred_at, event, product.

    They draw from a stream of their own, so that nobody else does anything else for them.
    """
    rng = stream(settings.seed, "outsiders", period.index)
    habit = habits(settings)
    outsider, number = _repeated(np.arange(len(habit)), VISITS[habit])
    days = int((period.end - period.start) / np.timedelta64(DAY, "s"))
    day = rng.random((len(habit), days)).argsort(axis=1)[outsider, number]
    begins_at = later(
        np.full(len(day), period.start), day * DAY + rng.integers(HOUR, size=len(day))
    )
    visit, position = _repeated(np.arange(len(day)), EVENTS_A_VISIT[habit[outsider]])
    outsider = outsider[visit]
    event = EVENT_AT[habit[outsider], position]
    product = rng.integers(len(catalogue), size=len(event))
    return pd.DataFrame(
        {
            "outsider": outsider,
            "habit": habit[outsider],
            "known": KNOWN_AT[habit[outsider], position],
            "occurred_at": later(begins_at[visit], position * SECONDS[habit[outsider]]),
            "event": event,
            "product": np.where(event == LOGIN, NOT, product),
        }
    )


def _repeated(rows: Ints, times: Ints) -> tuple[Ints, Ints]:
    """Each row so many times, and the number of each among its own, from 0 on."""
    first = np.cumsum(times) - times
    return np.repeat(rows, times), np.arange(times.sum()) - np.repeat(first, times)


def event_records(
    events: pd.DataFrame,
    numbers: Ints,
    people: People,
    catalogue: Catalogue,
    settings: WorldSettings,
) -> pa.Table:
    """Rows of the web_events source; nobody refers them."""
    outsider, event = events["outsider"].to_numpy(), events["event"].to_numpy()
    product = catalogue.product_ids(events["product"].to_numpy())
    customer = customer_ids(outsider, settings)
    page = pa.compute.if_else(
        pa.array(event == VIEW), joined("/product/", product), names_of(PAGES, event - 1)
    )
    return pa.table(
        {
            "event_id": ids("E", numbers),
            "occurred_at": events["occurred_at"].to_numpy(),
            "visitor_id": visitor_ids(outsider, people),
            "customer_id": pa.compute.if_else(events["known"].to_numpy(), customer, None),
            "event_type": names_of(EVENTS, event),
            "page": page,
            "product_id": product,
            "device": names_of(DEVICE_NAMES, events["habit"].to_numpy()),
            "referrer": pa.nulls(len(events), pa.string()),
        }
    )
