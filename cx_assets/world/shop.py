"""The shop: sells, delivers, takes back, and lands what it knows at the end of each month."""

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.world import orders, outsiders, purchases, web
from cx_assets.world.arrays import HOUR, Floats, Period, Rng, later
from cx_assets.world.catalogue import stock_up
from cx_assets.world.landing_zone import LandingZone
from cx_assets.world.population import People
from cx_assets.world.purchases import Presence
from cx_assets.world.settings import WorldSettings


class Shop:
    """Lands products, orders, order_items and web_events. Keeps the orders and returns whose end
    is drawn already but lies after the period."""

    def __init__(
        self, people: People, settings: WorldSettings, zone: LandingZone, rng: Rng
    ) -> None:
        self._people = people
        self._settings = settings
        self._zone = zone
        self._goods = stock_up(settings, rng)
        self._under_way = pd.DataFrame()
        self._coming_back = pd.DataFrame()

    def trade(
        self, presence: Presence, satisfaction: Floats, uplift: Floats, period: Period, rng: Rng
    ) -> pd.DataFrame:
        """Takes the period's orders; gives them and the earlier ones that were under way."""
        people, settings = self._people, self._settings
        opening = self._goods.records(later(np.array([period.start]), -HOUR)[0])
        if period.index > 0:
            self._goods.reprice(rng)
        new = purchases.order_times(people, presence, satisfaction, uplift, period, settings, rng)
        new["number"] = self._zone.number("orders", len(new))
        new = orders.fulfil(new, period, settings, rng)
        lines = orders.fill_baskets(new, people, self._goods, settings, rng)
        new = orders.add_discounts(new, lines, people, settings, rng)
        new, returned = orders.send_back(new, lines, self._goods, settings, rng)

        self._land_products(opening, lines, period, rng)
        self._land_orders(new, period)
        self._land_items(lines, returned, period)
        self._land_events(presence, new, lines, period, rng)
        every = pd.concat([self._under_way, new], ignore_index=True)
        self._under_way = every[orders.unsettled(every, period)]
        return every

    def _land_products(
        self, opening: pa.Table, lines: pd.DataFrame, period: Period, rng: Rng
    ) -> None:
        """Each product as the month closes, and in the first month as history began, too."""
        self._goods.sell(orders.units_of(lines, len(self._goods)), rng)
        closing = self._goods.records(later(np.array([period.end]), -HOUR)[0])
        known = closing if period.index > 0 else pa.concat_tables([opening, closing])
        self._zone.land("products", known)

    def _land_orders(self, new: pd.DataFrame, period: Period) -> None:
        """The new orders, and again those of earlier months that have a new status."""
        old = self._under_way
        if len(old):
            old = old[orders.changed(old, period)]
        landing = pd.concat([old, new], ignore_index=True)
        self._zone.dirt.count("orders", "relanded", len(old))
        # An order that will be landed again is never late as well: its two states would arrive
        # in one file, and nobody could tell which of them is the newer one.
        settled = ~orders.unsettled(landing, period)
        settled[: len(old)] = False
        self._zone.land("orders", orders.order_records(landing, self._people, period), settled)

    def _land_items(self, lines: pd.DataFrame, returned: pd.DataFrame, period: Period) -> None:
        """The lines sold, and the returns of the month, of earlier months' orders too."""
        returned = pd.concat([self._coming_back, returned], ignore_index=True)
        back = (returned["returned_at"] < period.end).to_numpy()
        self._coming_back = returned[~back]
        self._zone.dirt.count("order_items", "return", int(back.sum()))
        landing = pd.concat([lines, returned[back]], ignore_index=True)
        self._zone.land("order_items", orders.item_records(landing, self._goods))

    def _land_events(
        self,
        presence: Presence,
        new: pd.DataFrame,
        lines: pd.DataFrame,
        period: Period,
        rng: Rng,
    ) -> None:
        visits = web.sessions(self._people, presence, new, period, self._settings, rng)
        first_line = lines["line_number"].to_numpy() == 1
        products = lines["product"].to_numpy()[first_line]
        events = web.events_of(visits, products, self._people, self._goods, period, rng)
        events["number"] = self._zone.number("web_events", len(events))
        records = web.event_records(events, self._people, self._goods)
        self._zone.land("web_events", pa.concat_tables([records, self._outsiders(period)]))

    def _outsiders(self, period: Period) -> pa.Table:
        events = outsiders.events_of(self._goods, period, self._settings)
        numbers = self._zone.number("web_events", len(events))
        return outsiders.event_records(events, numbers, self._people, self._goods, self._settings)
