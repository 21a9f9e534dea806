"""What is in the orders and what becomes of them: baskets, deliveries, defects and returns."""

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.world.arrays import (
    DAY,
    NEVER,
    Bools,
    Floats,
    Ints,
    Period,
    Rng,
    choice,
    ids,
    later,
    names_of,
    some,
)
from cx_assets.world.catalogue import Catalogue, categories_of
from cx_assets.world.population import People
from cx_assets.world.settings import WorldSettings

CHANNELS = ("web", "app", "store")
STORE = CHANNELS.index("store")
STATUSES = ("placed", "shipped", "delivered", "cancelled", "returned")
DECEMBER = 11
MOST_UNITS = 6


def fulfil(orders: pd.DataFrame, period: Period, settings: WorldSettings, rng: Rng) -> pd.DataFrame:
    """Adds channel, promised_at, delivered_at (in the end), cancelled, late and shipping_cost."""
    size = len(orders)
    ordered_at = orders["ordered_at"].to_numpy()
    channel = choice(rng, (0.55, 0.35, 0.10), size)
    store = channel == STORE
    share = settings.late_share * (settings.late_peak if period.month == DECEMBER else 1.0)
    cancelled = some(rng, settings.cancelled_share, size) & ~store
    late = some(rng, share, size) & ~store & ~cancelled
    promised_at = later(ordered_at, rng.integers(2, 5, size) * DAY)
    days = np.where(late, 1 + rng.exponential(2.5, size), -1.5 * rng.random(size))
    delivered_at = np.where(store, ordered_at, later(promised_at, np.floor(days * DAY)))
    return orders.assign(
        channel=channel,
        promised_at=np.where(store, NEVER, promised_at),
        delivered_at=np.where(cancelled, NEVER, delivered_at),
        cancelled=cancelled,
        late=late,
        shipping_cost=np.where(store, 0.0, np.round(3.5 + rng.gamma(2.0, 0.9, size), 2)),
    )


def fill_baskets(
    orders: pd.DataFrame, people: People, catalogue: Catalogue, settings: WorldSettings, rng: Rng
) -> pd.DataFrame:
    """The lines: order (row of `orders`), number and ordered_at of it, line_number, product,
    quantity, unit_price and unit_cost (NaN where unknown)."""
    owner = orders["owner"].to_numpy()
    value = people.spend[owner] * rng.gamma(settings.order_spend_shape, size=len(orders))
    lines = 1 + rng.poisson(settings.extra_lines, len(orders))
    order = np.repeat(np.arange(len(orders)), lines)
    budget = (value / settings.order_spend_shape / lines)[order]
    budget *= np.exp(rng.normal(0, 0.3, len(order)))
    product = catalogue.choose(categories_of(rng, people.tastes[owner[order]]), budget)
    quantity = np.clip(np.round(budget / catalogue.price[product]), 1, MOST_UNITS)
    companion = catalogue.companion[product]
    brings = (companion >= 0) & some(rng, settings.companion_share, len(order))
    chosen = pd.DataFrame(
        {
            "order": np.concatenate([order, order[brings]]),
            "product": np.concatenate([product, companion[brings]]),
            "quantity": np.concatenate([quantity, np.ones(int(brings.sum()))]),
        }
    ).sort_values("order", kind="stable", ignore_index=True)
    bought = chosen["product"].to_numpy()
    unknown = some(rng, 0.03, len(chosen))
    row = chosen["order"].to_numpy()
    return chosen.assign(
        number=orders["number"].to_numpy()[row],
        ordered_at=orders["ordered_at"].to_numpy()[row],
        line_number=_number_within(row),
        unit_price=catalogue.price[bought],
        unit_cost=np.where(unknown, np.nan, catalogue.cost[bought]),
    )


def add_discounts(
    orders: pd.DataFrame, lines: pd.DataFrame, people: People, settings: WorldSettings, rng: Rng
) -> pd.DataFrame:
    """Ten per cent off the order's value, as often as the kind of customer uses a voucher."""
    money = (lines["quantity"] * lines["unit_price"]).to_numpy()
    value = np.bincount(lines["order"], weights=money, minlength=len(orders))
    kinds = (*settings.kinds, settings.guest)
    share = np.array([kind.discount_share for kind in kinds])[people.kind[orders["owner"]]]
    return orders.assign(discount=np.round(0.1 * value * some(rng, share, len(orders)), 2))


def send_back(
    orders: pd.DataFrame,
    lines: pd.DataFrame,
    catalogue: Catalogue,
    settings: WorldSettings,
    rng: Rng,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Finds defects and returns.

    The orders get trouble_at (when defects show and items go back), defects (defective lines),
    returns (lines sent back) and all_back; the second frame is the returned lines.
    """
    order = lines["order"].to_numpy()
    arrived = ~np.isnat(orders["delivered_at"].to_numpy())[order]
    defective = some(rng, catalogue.defect_rate[lines["product"]], len(lines)) & arrived
    back = defective & some(rng, settings.return_share, len(lines))
    back |= some(rng, settings.regret_share, len(lines)) & arrived & ~defective

    def per_order(flags: Bools) -> Ints:
        return np.bincount(order[flags], minlength=len(orders))

    days: Floats = 1 + 10 * rng.random(len(orders))
    trouble_at = later(orders["delivered_at"].to_numpy(), np.floor(days * DAY))
    defects, returns = per_order(defective), per_order(back)
    orders = orders.assign(
        trouble_at=np.where(defects + returns > 0, trouble_at, NEVER),
        defects=defects,
        returns=returns,
        bad_returns=per_order(back & defective),
        all_back=(returns > 0) & (returns == np.bincount(order, minlength=len(orders))),
    )
    returned = lines[back].copy()
    position = returned["order"].to_numpy()
    sizes = np.bincount(order, minlength=len(orders))
    returned["quantity"] = -returned["quantity"]
    returned["line_number"] = sizes[position] + _number_within(position)
    returned["returned_at"] = trouble_at[position]
    return orders, returned


def unsettled(orders: pd.DataFrame, period: Period) -> Bools:
    """Orders that will still change after the period."""
    unfinished: Bools = (
        (orders["delivered_at"] >= period.end) | (orders["trouble_at"] >= period.end)
    ).to_numpy()
    return unfinished


def changed(orders: pd.DataFrame, period: Period) -> Bools:
    """Orders whose status became another one in the period."""
    delivered = period.holds(orders["delivered_at"].to_numpy())
    sent_back = period.holds(orders["trouble_at"].to_numpy()) & orders["all_back"].to_numpy()
    return delivered | sent_back


def order_records(orders: pd.DataFrame, people: People, period: Period) -> pa.Table:
    """The orders source, as it stands at the end of the period."""
    delivered_at = orders["delivered_at"].to_numpy()
    delivered = delivered_at < period.end
    shipped = later(orders["ordered_at"].to_numpy(), DAY) < period.end
    returned = (orders["trouble_at"].to_numpy() < period.end) & orders["all_back"].to_numpy()
    status = np.select([orders["cancelled"].to_numpy(), returned, delivered, shipped], [3, 4, 2, 1])
    return pa.table(
        {
            "order_id": ids("O", orders["number"].to_numpy()),
            "customer_id": people.customer_ids(orders["owner"].to_numpy()),
            "ordered_at": orders["ordered_at"].to_numpy(),
            "status": names_of(STATUSES, status),
            "channel": names_of(CHANNELS, orders["channel"].to_numpy()),
            "promised_at": orders["promised_at"].to_numpy(),
            "delivered_at": np.where(delivered, delivered_at, NEVER),
            "discount": orders["discount"].to_numpy(),
            "shipping_cost": orders["shipping_cost"].to_numpy(),
        }
    )


def item_records(lines: pd.DataFrame, catalogue: Catalogue) -> pa.Table:
    """The order_items source."""
    cost = lines["unit_cost"].to_numpy()
    return pa.table(
        {
            "order_id": ids("O", lines["number"].to_numpy()),
            "line_number": lines["line_number"].to_numpy(),
            "ordered_at": lines["ordered_at"].to_numpy(),
            "product_id": catalogue.product_ids(lines["product"].to_numpy()),
            "quantity": lines["quantity"].to_numpy(),
            "unit_price": lines["unit_price"].to_numpy(),
            "unit_cost": pa.array(cost, mask=np.isnan(cost)),
        }
    )


def units_of(lines: pd.DataFrame, products: int) -> Floats:
    """Units sold per product."""
    units = np.bincount(lines["product"], weights=lines["quantity"], minlength=products)
    return units.astype(np.float64)


def _number_within(groups: Ints) -> Ints:
    """1, 2, 3 ... within each run of equal values."""
    start = np.flatnonzero(np.diff(groups, prepend=-1))
    sizes = np.diff(np.append(start, len(groups)))
    numbers: Ints = np.arange(len(groups)) - np.repeat(start, sizes) + 1
    return numbers
