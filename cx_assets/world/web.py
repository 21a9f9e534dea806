"""Web events: sessions of browsers that are anonymous until their owner logs in."""

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.world.arrays import (
    DAY,
    Ints,
    Period,
    Rng,
    choice,
    ids,
    joined,
    later,
    names_of,
    some,
    time_between,
)
from cx_assets.world.catalogue import Catalogue
from cx_assets.world.orders import STORE
from cx_assets.world.population import People
from cx_assets.world.purchases import Presence
from cx_assets.world.settings import WorldSettings

DEVICES = ("desktop", "mobile", "tablet")
REFERRERS = ("google", "newsletter", "instagram", "price-comparison")
EVENTS = ("view", "search", "add_to_cart", "purchase", "login")
VIEW, SEARCH, CART, PURCHASE, LOGIN = range(5)
PAGES = ("/search", "/cart", "/checkout", "/login")
SECONDS_PER_EVENT = 50
NOT = -1


def sessions(
    people: People,
    presence: Presence,
    orders: pd.DataFrame,
    period: Period,
    settings: WorldSettings,
    rng: Rng,
) -> pd.DataFrame:
    """One row per session: owner, begins_at, events (how many), login (position, -1 for none),
    order (row of `orders`, -1 for none)."""
    online = np.flatnonzero(orders["channel"].to_numpy() != STORE)
    buyer = orders["owner"].to_numpy()[online]
    known = some(rng, 0.8, len(online)) & (buyer < people.accounts)
    length = 3 + known
    begins_at = later(orders["ordered_at"].to_numpy()[online], -(length - 1) * SECONDS_PER_EVENT)
    buying = pd.DataFrame(
        {
            "owner": buyer,
            "begins_at": np.maximum(begins_at, period.start),
            "events": length,
            "login": np.where(known, 1, NOT),
            "order": online,
        }
    )
    count = rng.poisson(settings.session_rate * presence.months)
    owner = np.repeat(presence.owner, count)
    length = 1 + rng.poisson(1.6, len(owner))
    known = some(rng, 0.4, len(owner)) & (owner < people.accounts) & (length > 1)
    browsing = pd.DataFrame(
        {
            "owner": owner,
            "begins_at": time_between(
                rng, np.repeat(presence.begin, count), np.repeat(presence.stop, count)
            ),
            "events": length,
            "login": np.where(known, 1, NOT),
            "order": NOT,
        }
    )
    new = np.flatnonzero(period.holds(people.joined_at) & some(rng, 0.5, len(people)))
    earliest = np.maximum(later(people.joined_at[new], -3 * DAY), period.start)
    before = pd.DataFrame(
        {
            "owner": new,
            "begins_at": time_between(rng, earliest, people.joined_at[new]),
            "events": 1,
            "login": NOT,
            "order": NOT,
        }
    )
    every = pd.concat([buying, browsing, before])
    return every.sort_values("begins_at", kind="stable", ignore_index=True)


def events_of(
    visits: pd.DataFrame,
    first_products: Ints,
    people: People,
    catalogue: Catalogue,
    period: Period,
    rng: Rng,
) -> pd.DataFrame:
    """One row per event: visitor, owner, known (logged in by then), occurred_at, event, product,
    device, referrer. `first_products` is the first product of each order."""
    length = visits["events"].to_numpy()
    device = choice(rng, (0.45, 0.45, 0.10), len(visits))
    referrer = choice(rng, (0.3, 0.1, 0.08, 0.06, 0.46), len(visits))
    session = np.repeat(np.arange(len(visits)), length)
    position = np.arange(len(session)) - np.repeat(np.cumsum(length) - length, length)
    login = visits["login"].to_numpy()[session]
    order = visits["order"].to_numpy()[session]
    to_end = length[session] - 1 - position
    event = choice(rng, (0.75, 0.15, 0.10), len(session))
    event = np.where(order != NOT, np.select([to_end == 0, to_end == 1], [PURCHASE, CART]), event)
    event = np.where((position == login) & (login != NOT), LOGIN, event)
    seen = rng.integers(len(catalogue), size=len(session))
    if len(first_products):
        seen = np.where(order != NOT, first_products[np.maximum(order, 0)], seen)
    owner = visits["owner"].to_numpy()[session]
    occurred_at = later(visits["begins_at"].to_numpy()[session], position * SECONDS_PER_EVENT)
    return pd.DataFrame(
        {
            "owner": owner,
            "visitor": owner * len(DEVICES) + device[session],
            "known": (login != NOT) & (position >= login),
            "occurred_at": np.minimum(occurred_at, period.end - np.timedelta64(1, "s")),
            "event": event,
            "product": np.where(np.isin(event, (SEARCH, LOGIN)), NOT, seen),
            "device": device[session],
            "referrer": np.where(referrer < len(REFERRERS), referrer, NOT)[session],
        }
    )


def event_records(events: pd.DataFrame, people: People, catalogue: Catalogue) -> pa.Table:
    """The web_events source."""
    event = events["event"].to_numpy()
    product = catalogue.product_ids(events["product"].to_numpy())
    page = pa.compute.if_else(
        pa.array(event == VIEW), joined("/product/", product), names_of(PAGES, event - 1)
    )
    return pa.table(
        {
            "event_id": ids("E", events["number"].to_numpy()),
            "occurred_at": events["occurred_at"].to_numpy(),
            "visitor_id": ids("V", events["visitor"].to_numpy()),
            "customer_id": people.customer_ids(
                events["owner"].to_numpy(), events["known"].to_numpy()
            ),
            "event_type": names_of(EVENTS, event),
            "page": page,
            "product_id": product,
            "device": names_of(DEVICES, events["device"].to_numpy()),
            "referrer": names_of(REFERRERS, events["referrer"].to_numpy()),
        }
    )
