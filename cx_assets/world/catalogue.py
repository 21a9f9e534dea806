"""The products: their hidden defect rates, prices that drift and stock that is reordered."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from cx_assets.world.arrays import (
    Floats,
    Ints,
    Rng,
    ids,
    names_of,
    some,
)
from cx_assets.world.settings import WorldSettings

CATEGORIES = (
    *("kitchen", "toys", "garden", "books", "sports"),
    *("beauty", "electronics", "clothing", "pets", "home"),
)
LEVELS = np.array([28, 16, 30, 12, 34, 14, 60, 26, 15, 32], dtype=float)
NOUNS = {
    "kitchen": ("kettle", "pan", "knife set", "mixer"),
    "toys": ("puzzle", "building blocks", "doll", "board game"),
    "garden": ("watering can", "pruner", "plant pot", "lantern"),
    "books": ("cookbook", "novel", "travel guide", "notebook"),
    "sports": ("yoga mat", "dumbbell", "water bottle", "backpack"),
    "beauty": ("face cream", "shampoo", "perfume", "hand soap"),
    "electronics": ("headphones", "charger", "lamp", "keyboard"),
    "clothing": ("T-shirt", "scarf", "jumper", "socks"),
    "pets": ("dog lead", "cat tree", "food bowl", "chew toy"),
    "home": ("cushion", "blanket", "candle", "picture frame"),
}
ADJECTIVES = ("compact", "classic", "soft", "bright", "sturdy")
FAR = 1_000.0


@dataclass
class Catalogue:
    """One row per product; `companion` is the product it brings along, -1 for none."""

    name: pa.Array
    category: Ints
    price: Floats
    cost: Floats
    stock: Floats
    on_order: Floats
    defect_rate: Floats
    companion: Ints

    def __len__(self) -> int:
        return len(self.category)

    def product_ids(self, product: Ints) -> pa.Array:
        """P000000042, null where negative."""
        return ids("P", np.maximum(product, 0), product >= 0)

    def choose(self, category: Ints, budget: Floats) -> Ints:
        """The product of the category whose price is nearest to the budget, in logarithms."""
        key = self.category * FAR + np.log(self.price)
        shelf = np.argsort(key, kind="stable")
        first = np.searchsorted(self.category[shelf], category)
        last = np.searchsorted(self.category[shelf], category, side="right") - 1
        wanted = category * FAR + np.log(budget)
        above = np.searchsorted(key[shelf], wanted)
        above, below = np.minimum(above, last), np.maximum(above - 1, first)
        nearer_below = wanted - key[shelf[below]] < key[shelf[above]] - wanted
        return shelf[np.where(nearer_below, below, above)]

    def reprice(self, rng: Rng) -> None:
        """One product in twenty changes its price, most of them upwards."""
        changed = some(rng, 0.05, len(self))
        factor = np.exp(rng.normal(0.02, 0.05, len(self)))
        self.price = np.where(changed, np.round(self.price * factor, 2), self.price)

    def sell(self, units: Floats, rng: Rng) -> None:
        """Takes the month's units out of stock and orders what runs low, for the next month.

        How much is ordered is a rough guess: some products run out, others pile up.
        """
        self.stock = self.stock + self.on_order - units
        wanted = np.ceil(10 + units * 2.5 * np.exp(rng.normal(0, 0.4, len(self))))
        self.on_order = np.where(self.stock < 0.8 * units, wanted, 0.0)

    def records(self, updated_at: np.datetime64) -> pa.Table:
        """The products source: the state of every product at a time."""
        every = np.arange(len(self))
        return pa.table(
            {
                "product_id": self.product_ids(every),
                "updated_at": np.full(len(self), updated_at),
                "name": self.name,
                "category": names_of(CATEGORIES, self.category),
                "unit_price": self.price,
                "unit_cost": self.cost,
                "stock_on_hand": self.stock,
            }
        )


def stock_up(settings: WorldSettings, rng: Rng) -> Catalogue:
    size = settings.products
    every = np.arange(size)
    category = every % len(CATEGORIES)
    price = np.round(LEVELS[category] * np.exp(rng.normal(0, 0.7, size)), 2)
    bad = some(rng, settings.bad_product_share, size)
    names = [_product_name(int(number)) for number in every]
    catalogue = Catalogue(
        name=pa.array(names),
        category=category,
        price=price,
        cost=np.round(price * np.clip(rng.normal(0.62, 0.08, size), 0.3, 0.9), 2),
        stock=np.ceil(settings.customers * 2.0 / size * np.exp(rng.normal(0, 0.4, size)) + 10),
        on_order=np.zeros(size),
        defect_rate=np.where(bad, settings.bad_product_defect_share, settings.defect_share),
        companion=np.full(size, -1),
    )
    for here in range(len(CATEGORIES)):
        there = (here + 3) % len(CATEGORIES)
        catalogue.companion[_middle(catalogue, here)] = _middle(catalogue, there)
    return catalogue


def categories_of(rng: Rng, tastes: Floats) -> Ints:
    """A category per row of cumulative tastes."""
    return (tastes < rng.random((len(tastes), 1))).sum(axis=1)


def _middle(catalogue: Catalogue, category: int) -> int:
    """The product with the median price of a category: one that sells."""
    inside = np.flatnonzero(catalogue.category == category)
    ranked = inside[np.argsort(catalogue.price[inside], kind="stable")]
    return int(ranked[len(ranked) // 2])


def _product_name(number: int) -> str:
    category, rank = CATEGORIES[number % len(CATEGORIES)], number // len(CATEGORIES)
    nouns = NOUNS[category]
    adjective = ADJECTIVES[rank // len(nouns) % len(ADJECTIVES)]
    model = rank // (len(nouns) * len(ADJECTIVES))
    name = f"{adjective.capitalize()} {nouns[rank % len(nouns)]}"
    return f"{name} {model + 1}" if model else name
