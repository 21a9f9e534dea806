"""The people: who they are, what they are like inside, and what the CRM has on record of them.

Customers come first, guests (people without an account) after them; a person's position in the
arrays is their number everywhere in this package.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.world.arrays import (
    DAY,
    MONTH,
    NEVER,
    Bools,
    Floats,
    Ints,
    Period,
    Pool,
    Rng,
    Times,
    choice,
    ids,
    joined,
    later,
    names_of,
    padded,
    some,
    time_between,
)
from cx_assets.world.places import COUNTRIES, FAMILIES, GENDERS, LANGUAGES, MEN, WOMEN, latin
from cx_assets.world.settings import WorldSettings

CATEGORIES = 10
GIVEN_POOL = Pool([pool[language] for language in LANGUAGES for pool in (WOMEN, MEN)])
FAMILY_POOL = Pool([FAMILIES[language] for language in LANGUAGES])
CITY_POOL = Pool([country.cities for country in COUNTRIES])
GIVEN = pa.array(GIVEN_POOL.strings)
FAMILY = pa.array(FAMILY_POOL.strings)
GIVEN_LATIN = pa.array([latin(name) for name in GIVEN_POOL.strings])
FAMILY_LATIN = pa.array([latin(name) for name in FAMILY_POOL.strings])
DIALLING = pa.array([country.dialling for country in COUNTRIES])
MAIL_HOSTS = pa.array(["example.com", "mail.example.org", "post.example.net"])
COUNTRY_LANGUAGE = np.array([LANGUAGES.index(country.language) for country in COUNTRIES])
CHINESE = LANGUAGES.index("zh")


@dataclass
class People:
    """One row per person. Rates are per month, money per order."""

    accounts: int
    kind: Ints
    joined_at: Times
    died_at: Times
    order_rate: Floats
    dropout_rate: Floats
    spend: Floats
    tastes: Floats
    """(people, categories): cumulative probabilities of a line's category."""
    level: Floats
    """The satisfaction that a person returns to."""
    price_sensitivity: Floats
    country: Ints
    city: Ints
    gender: Ints
    given: Ints
    family: Ints
    birth_date: Times
    address_version: Ints
    consent_marketing: Bools
    consent_analytics: Bools
    handle_on_record: Bools
    platform: Ints
    erased: Bools

    def __len__(self) -> int:
        return len(self.kind)

    @property
    def language(self) -> Ints:
        return COUNTRY_LANGUAGE[self.country]

    def registered(self, period: Period) -> Ints:
        """Customers who have joined by the end of the period and were not erased before."""
        here = (self.joined_at < period.end) & ~self.erased
        return np.flatnonzero(here[: self.accounts])

    def customer_ids(self, owner: Ints, known: Bools | bool = True) -> pa.Array:
        """C000000042, null for guests and where not known."""
        return ids("C", owner, (owner < self.accounts) & known)

    def emails(self, owner: Ints) -> pa.Array:
        host = MAIL_HOSTS.take(pa.array((owner + self.address_version[owner]) % len(MAIL_HOSTS)))
        given, family = GIVEN_LATIN.take(self.given[owner]), FAMILY_LATIN.take(self.family[owner])
        return joined(given, ".", family, pa.array(owner).cast(pa.string()), "@", host)

    def phones(self, owner: Ints) -> pa.Array:
        # A factor without a common divisor with 10**9 gives nobody another's number.
        number = (owner * 618_033_989 + self.address_version[owner] * 414_213_563) % 10**9
        first, second = padded(number // 10**6, 3), padded(number % 10**6, 6)
        return joined(DIALLING.take(self.country[owner]), " ", first, " ", second)

    def handles(self, owner: Ints) -> pa.Array:
        return joined(
            "@", GIVEN_LATIN.take(self.given[owner]), "_", pa.array(owner).cast(pa.string())
        )

    def full_names(self, owner: Ints) -> pa.Array:
        given, family = GIVEN.take(self.given[owner]), FAMILY.take(self.family[owner])
        chinese = pa.array(self.language[owner] == CHINESE)
        return pa.compute.if_else(chinese, joined(family, given), joined(given, " ", family))

    def records(self, owner: Ints, updated_at: Times) -> pa.Table:
        """The customers source: the state of these people now."""
        handles = self.handles(owner)
        return pa.table(
            {
                "customer_id": self.customer_ids(owner),
                "updated_at": updated_at,
                "signed_up_at": self.joined_at[owner],
                "full_name": self.full_names(owner),
                "email": self.emails(owner),
                "phone": self.phones(owner),
                "social_handle": pa.compute.if_else(self.handle_on_record[owner], handles, None),
                "birth_date": pa.array(self.birth_date[owner].astype("datetime64[D]")),
                "gender": names_of(GENDERS, self.gender[owner]),
                "city": pa.array(CITY_POOL.strings).take(self.city[owner]),
                "country": names_of([country.code for country in COUNTRIES], self.country[owner]),
                "consent_marketing": self.consent_marketing[owner],
                "consent_analytics": self.consent_analytics[owner],
            }
        )

    def parameters(self, settings: WorldSettings) -> pa.Table:
        """The hidden truth of every customer, one row each."""
        owner = np.arange(self.accounts)
        return pa.table(
            {
                "customer_id": self.customer_ids(owner),
                "kind": names_of([kind.name for kind in settings.kinds], self.kind[owner]),
                "joined_at": self.joined_at[owner],
                "orders_per_month": self.order_rate[owner],
                "dropout_per_month": self.dropout_rate[owner],
                "spend_per_order": self.spend[owner],
                "satisfaction_level": self.level[owner],
                "price_sensitivity": self.price_sensitivity[owner],
                "tastes": pa.FixedSizeListArray.from_arrays(
                    np.diff(self.tastes[owner], axis=1, prepend=0).ravel().astype(np.float32),
                    CATEGORIES,
                ),
                "social_handle": self.handles(owner),
            }
        )


def populate(settings: WorldSettings, first: Period, rng: Rng) -> People:
    """Draws everybody who will ever come, those who join later included."""
    accounts = settings.customers
    size = accounts + round(accounts * settings.guest_share)
    kinds = (*settings.kinds, settings.guest)
    kind = np.full(size, len(settings.kinds))
    kind[:accounts] = choice(rng, [one.share for one in settings.kinds], accounts)

    def per_kind(name: str) -> Floats:
        return np.array([getattr(one, name) for one in kinds], dtype=float)[kind]

    order_rate = rng.gamma(per_kind("purchase_shape"), 1 / per_kind("purchase_rate"))
    dropout_rate = rng.gamma(per_kind("dropout_shape"), 1 / per_kind("dropout_rate"))
    joined_at = _joining(settings, first, size, rng)
    died_at = _dropped_out_before(joined_at, dropout_rate, first, rng)
    shape = settings.spend_shape
    country = choice(rng, [one.share for one in COUNTRIES], size)
    gender = choice(rng, (0.53, 0.45, 0.02), size)
    name_group = COUNTRY_LANGUAGE[country] * 2 + np.where(gender == 2, size % 2, gender)
    return People(
        accounts=accounts,
        kind=kind,
        joined_at=joined_at,
        died_at=died_at,
        order_rate=order_rate,
        dropout_rate=dropout_rate,
        spend=per_kind("mean_spend") * (shape - 1) / rng.gamma(shape, size=size),
        tastes=_tastes([one.favourites for one in kinds], kind, rng),
        level=per_kind("satisfaction") + rng.normal(0, settings.satisfaction_spread, size),
        price_sensitivity=per_kind("price_sensitivity"),
        country=country,
        city=CITY_POOL.draw(rng, country),
        gender=gender,
        given=GIVEN_POOL.draw(rng, name_group),
        family=FAMILY_POOL.draw(rng, COUNTRY_LANGUAGE[country]),
        birth_date=later(
            np.full(size, first.start), -np.minimum(18 + rng.gamma(3, 8, size), 95) * 365.25 * DAY
        ),
        address_version=np.zeros(size, dtype=np.int64),
        consent_marketing=some(rng, 0.85, size),
        consent_analytics=some(rng, 0.95, size),
        handle_on_record=some(rng, 0.6, size),
        platform=_platforms(country, rng),
        erased=np.zeros(size, dtype=bool),
    )


def erase(people: People, period: Period, settings: WorldSettings, rng: Rng) -> pd.DataFrame:
    """Lets a few customers ask, on the period's last day, to be forgotten; they leave with that.

    Columns owner and requested_at.
    """
    owner = people.registered(period)
    owner = owner[some(rng, settings.erasures, len(owner))]
    people.erased[owner] = True
    people.consent_marketing[owner] = False
    last_day = later(np.full(len(owner), period.end), -DAY)
    requested_at = time_between(rng, last_day, np.full(len(owner), period.end))
    alive = np.isnat(people.died_at[owner])
    people.died_at[owner[alive]] = requested_at[alive]
    return pd.DataFrame({"owner": owner, "requested_at": requested_at})


def change(people: People, period: Period, settings: WorldSettings, rng: Rng) -> pd.DataFrame:
    """Lets some customers move or take back a consent; columns owner and updated_at."""
    here = people.registered(period)
    owner = here[some(rng, settings.moves, len(here))]
    moving = owner[some(rng, 0.7, len(owner))]
    people.city[moving] = CITY_POOL.draw(rng, people.country[moving])
    people.address_version[owner[some(rng, 0.3, len(owner))]] += 1
    people.consent_marketing[owner[some(rng, 0.2, len(owner))]] = False
    people.consent_analytics[owner[some(rng, 0.03, len(owner))]] = False
    begin = np.maximum(people.joined_at[owner], period.start)
    stop = np.full(len(owner), period.end)
    return pd.DataFrame({"owner": owner, "updated_at": time_between(rng, begin, stop)})


def _joining(settings: WorldSettings, first: Period, size: int, rng: Rng) -> Times:
    months = np.where(
        some(rng, settings.existing_share, size),
        -rng.random(size) * settings.months_before,
        rng.random(size) * settings.months_of_joining,
    )
    return later(np.full(size, first.start), np.floor(months * MONTH))


def _dropped_out_before(joined_at: Times, rate: Floats, first: Period, rng: Rng) -> Times:
    """Dropout is without memory, so whoever is still there at the start is drawn anew then."""
    months = np.minimum(rng.exponential(1 / np.maximum(rate, 1e-12)), 1e6)
    died_at = later(joined_at, np.floor(months * MONTH))
    return np.where(died_at < first.start, died_at, NEVER)


def _tastes(favourites: list[tuple[int, ...]], kind: Ints, rng: Rng) -> Floats:
    """Cumulative Dirichlet weights: a kind's favourite categories weigh about six times more."""
    weight = np.full((len(favourites), CATEGORIES), 0.25)
    for row, liked in enumerate(favourites):
        weight[row, list(liked)] = 1.5
    drawn = np.cumsum(rng.standard_gamma(weight[kind]) + 1e-9, axis=1)
    return drawn / drawn[:, -1:]


PLATFORMS = ("x", "instagram", "facebook", "reddit", "weibo")


def _platforms(country: Ints, rng: Rng) -> Ints:
    western = choice(rng, (0.4, 0.3, 0.2, 0.1), len(country))
    return np.where(COUNTRY_LANGUAGE[country] == CHINESE, PLATFORMS.index("weibo"), western)
