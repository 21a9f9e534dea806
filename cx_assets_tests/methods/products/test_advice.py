"""The list of decisions: each advice where it is due, and its reason."""

from itertools import chain, combinations
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.products import ADVICE, advise

USUAL: dict[str, Any] = {
    "units": 400.0,
    "recent_units": 100.0,
    "orders": 200,
    "returning_orders": 4,
    "recent_orders": 50,
    "earlier_orders": 50,
    "known_weeks": 60.0,
    "revenue": 4_000.0,
    "profit": 1_600.0,
    "margin": 0.4,
    "csat_mean": 4.0,
    "ratings": 40,
    "csat_shrunk": 4.0,
    "csat_low": 3.8,
    "csat_high": 4.2,
    "comment_score": np.nan,
    "demand_forecast": 30.0,
    "stock_on_hand": 60.0,
    "stock_cover_days": 56.0,
}
UNRATED = {
    "ratings": 0,
    **dict.fromkeys(("csat_mean", "csat_shrunk", "csat_low", "csat_high"), np.nan),
}
RULES = pd.DataFrame(
    columns=["product_id", "partner", "partner_name", "confidence", "lift", "lift_low"]
).assign(both_baskets=[])
GOES_WITH = {
    "product_id": "it",
    "partner": "u0",
    "partner_name": "the lamp",
    "confidence": 0.43,
    "lift": 12.04,
    "lift_low": 8.0,
    "both_baskets": 86,
}


def advised(rules: pd.DataFrame = RULES, **it: Any) -> dict[str, Any]:
    """The advice for one product of a shop of twenty usual ones."""
    usual = [{"product_id": f"u{number}", **USUAL} for number in range(20)]
    products = pd.DataFrame([*usual, {"product_id": "it", **USUAL, **it}])
    found = advise(products, rules)
    assert set(found["advice"][:-1]) == {"keep"}
    return found.iloc[-1].to_dict()


def test_the_usual_product_is_kept() -> None:
    found = advised()
    assert found["advice"] == "keep"
    assert found["reason"] == (
        "nothing stands out; 60 in stock (56 days' worth); 30 expected in 28 days"
    )
    assert found["bundle_with"] is None


@pytest.mark.parametrize(
    ("it", "advice", "reason"),
    [
        (
            {"margin": -0.05, "profit": -200.0},
            "drop",
            "loses 200 on sales of 4,000 in a year (margin -5%)",
        ),
        (
            {"revenue": 50.0, "units": 5.0, "recent_units": 0.0},
            "drop",
            "brought 50 in a year, the middle product 4,000; 0 of 5 units sold in the last 13 "
            "weeks; 60 in stock (56 days' worth)",
        ),
        (
            {"revenue": 0.0, "units": 0.0, "recent_units": 0.0, "stock_cover_days": np.nan},
            "drop",
            "none sold in a year; 60 in stock",
        ),
        ({"returning_orders": 40}, "fix", "40 of 200 orders came back (20%; the shop 2.9%)"),
        (
            {"csat_mean": 2.5, "csat_shrunk": 2.6, "csat_low": 2.4, "csat_high": 2.9},
            "fix",
            "rated 2.5 of 5 in 40 answers (2.4 to 2.9, few answers allowed for; the shop 3.9)",
        ),
        (
            {"stock_on_hand": 8.0, "stock_cover_days": 7.5},
            "restock",
            "8 in stock (8 days' worth); 30 expected in 28 days; 52 more are 56 days' worth",
        ),
        (
            {"csat_mean": 4.8, "csat_shrunk": 4.7, "csat_low": 4.5, "csat_high": 4.9},
            "feature",
            "rated 4.8 of 5 in 40 answers (4.5 to 4.9, few answers allowed for; the shop 4.0); "
            "margin 40%; 60 in stock (56 days' worth)",
        ),
        (
            {**UNRATED, "recent_orders": 150, "returning_orders": 0},
            "feature",
            "150 orders in the last 13 weeks after 50 in those before, 174% beyond the shop's own "
            "growth; margin 40%; 60 in stock (56 days' worth)",
        ),
    ],
)
def test_each_advice_where_it_is_due(it: dict[str, Any], advice: str, reason: str) -> None:
    found = advised(**it)
    assert (found["advice"], found["reason"]) == (advice, reason)


@pytest.mark.parametrize(
    "it",
    [
        # Differences that chance, a short time or the shop's own growth explain.
        {"margin": -0.05, "profit": -2.0, "orders": 9, "returning_orders": 0},
        {"revenue": 50.0, "units": 5.0, "recent_units": 0.0, "known_weeks": 51.0},
        {"revenue": 50.0, "units": 5.0, "recent_units": 2.0},
        {"orders": 10, "returning_orders": 1},
        {"csat_shrunk": 2.6, "csat_low": 1.0, "csat_high": 4.2},
        {"csat_shrunk": 3.8, "csat_low": 3.7, "csat_high": 3.9},
        {"csat_shrunk": 4.7, "csat_low": 3.9, "csat_high": 5.0},
        {**UNRATED, "recent_orders": 6, "earlier_orders": 4},
        {**UNRATED, "recent_orders": 150, "known_weeks": 25.0, "returning_orders": 0},
        # Good, but not to be shown around.
        {"csat_shrunk": 4.7, "csat_low": 4.5, "csat_high": 4.9, "margin": 0.1},
        {"csat_shrunk": 4.7, "csat_low": 4.5, "csat_high": 4.9, "recent_orders": 10},
        {
            "csat_shrunk": 4.7,
            "csat_low": 4.5,
            "csat_high": 4.9,
            "stock_on_hand": 0.0,
            "stock_cover_days": np.nan,
        },
        # Nothing will be missed.
        {"stock_on_hand": 0.0, "stock_cover_days": 0.0, "demand_forecast": 0.4},
    ],
)
def test_no_advice_without_evidence(it: dict[str, Any]) -> None:
    assert advised(**it)["advice"] == "keep"


def test_a_bundle_is_with_a_product_worth_selling() -> None:
    rules = pd.DataFrame([GOES_WITH])
    found = advised(rules)
    assert (found["advice"], found["bundle_with"]) == ("bundle", "u0")
    assert found["reason"] == (
        "43% of its orders hold the lamp too, 12.0 times as many as by chance (86 orders)"
    )
    assert advised(rules.assign(lift_low=1.9))["advice"] == "keep"
    # Of two partners the first counts, unless it is one to mend.
    usual = [{"product_id": f"u{number}", **USUAL} for number in range(20)]
    usual[0]["returning_orders"] = 80
    products = pd.DataFrame([*usual, {"product_id": "it", **USUAL}])
    two = pd.DataFrame([GOES_WITH, {**GOES_WITH, "partner": "u1"}])
    last = advise(products, two).iloc[-1]
    assert (last["advice"], last["bundle_with"]) == ("bundle", "u1")


def test_what_is_bad_comes_before_what_is_scarce() -> None:
    scarce = {"stock_on_hand": 1.0, "stock_cover_days": 1.0}
    assert advised(**scarce, returning_orders=40)["advice"] == "fix"
    assert advised(**scarce, returning_orders=40, margin=-0.1, profit=-9.0)["advice"] == "drop"
    assert advised(pd.DataFrame([GOES_WITH]), **scarce)["advice"] == "restock"


def test_without_costs_stock_ratings_or_sales_there_is_still_an_advice() -> None:
    unknown = dict.fromkeys(("margin", "stock_on_hand", "stock_cover_days"), np.nan)
    assert advised(**unknown, **UNRATED)["reason"] == "nothing stands out; 30 expected in 28 days"
    nothing = {name: 0 for name in USUAL if isinstance(USUAL[name], int)}
    sales = dict.fromkeys(("units", "recent_units", "revenue", "profit"), 0.0)
    new = advised(
        **{**unknown, **UNRATED, **nothing, **sales}, known_weeks=2.0, demand_forecast=np.nan
    )
    assert (new["advice"], new["reason"]) == ("keep", "nothing stands out; never sold yet")
    assert advise(pd.DataFrame(columns=["product_id", *USUAL]).astype(float), RULES).empty


@pytest.mark.slow
def test_every_product_has_one_advice_and_a_reason_in_words() -> None:
    unknown: list[dict[str, Any]] = [
        {"margin": np.nan},
        UNRATED,
        {"demand_forecast": np.nan, "stock_cover_days": np.nan},
        {"stock_on_hand": np.nan, "stock_cover_days": np.nan},
        {"orders": 0, "units": 0.0, "recent_units": 0.0, "returning_orders": 0},
        {"recent_orders": 0, "earlier_orders": 0},
        {"revenue": -10.0, "margin": np.nan},
    ]
    rows = [
        {**USUAL, **dict(chain.from_iterable(each.items() for each in some))}
        for number in range(len(unknown) + 1)
        for some in combinations(unknown, number)
    ]
    products = pd.DataFrame(rows).assign(product_id=[f"p{number}" for number in range(len(rows))])
    # The shop as a whole, and each product as all that the shop has.
    for shop in (products, *(products.iloc[[row]] for row in range(len(rows)))):
        found = advise(shop, RULES)
        assert found["advice"].isin(ADVICE).all()
        assert found["reason"].str.len().gt(0).all()
        assert not found["reason"].str.contains("nan|inf").any()
