"""The demo's regret, by hand."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from cx_assets.catalogue import Action, Catalogue
from cx_assets.demo_regret import net_benefits, regret
from cx_assets.world import WorldSettings

WORLD = WorldSettings()
CALL = Action("service_call", "phone", Decimal(6), "csat", Decimal(30), "true", "", {})
VOUCHER = Action("voucher", "email", Decimal(2), "profit", Decimal(1), "true", "", {})
UNKNOWN = Action("postcard", "mail", Decimal(1), "orders", Decimal(10), "true", "", {})
CATALOGUE = Catalogue(Path("actions.yaml"), (CALL, VOUCHER, UNKNOWN))


def test_what_an_action_truly_brings_depends_on_the_kind_of_customer() -> None:
    truth = pd.DataFrame(
        {
            "customer_id": ["a", "b"],
            "kind": ["loyal", "bargain_hunter"],
            "orders_per_month": [30.4375 / 28, 2 * 30.4375 / 28],
            "spend_per_order": [50.0, 100.0],
        }
    )
    found = net_benefits(truth, CATALOGUE, WORLD, margin=0.3)
    # .45 of a unit of feeling, half as much again for the loyal, is .9 points each; 92 % arrive.
    assert found.loc["a", "service_call"] == pytest.approx(30 * 0.45 * 1.5 * 0.9 * 0.92 - 6)
    assert found.loc["b", "service_call"] == pytest.approx(30 * 0.45 * 0.9 * 0.92 - 6)
    assert found.loc["a", "voucher"] == pytest.approx(0.25 * 0.5 * 1 * 50 * 0.3 * 0.92 - 2)
    assert found.loc["b", "voucher"] == pytest.approx(0.25 * 2 * 2 * 100 * 0.3 * 0.92 - 2)
    assert (found["postcard"] == -1).all()


def test_regret_is_against_the_best_of_the_segment_that_may_be_given() -> None:
    benefits = pd.DataFrame(
        {
            "service_call": [4.0, 2.0, -5.0, -5.0, 2.0],
            "voucher": [1.0, 1.0, -1.0, -1.0, 1.0],
            "postcard": [-1.0, -1.0, -1.0, -1.0, -1.0],
        },
        index=list("abcde"),
    )
    decided = pd.DataFrame(
        {
            "period": date(2024, 1, 1),
            "customer_id": list("abcde"),
            "segment_id": [1, 1, 2, 2, 1],
            "eligible": [0b111, 0b110, 0b011, 0b011, 0b010],
            "action": ["voucher", "voucher", "voucher", "service_call", None],
        }
    )
    (lost,) = regret(decided, benefits, CATALOGUE).to_dict("records")
    # Of segment 1 only a may get the call, which brings 4; for b the voucher is the best there is.
    # In segment 2 nothing is worth its cost, so doing nothing is the best. For e nothing was drawn.
    assert lost["policy"] == pytest.approx(((4 - 1) + 0 + 1 + 5 + 1) / 5)
    even = [(4 + 1 - 1 + 0) / 4, (1 - 1 + 0) / 3, (-5 - 1 + 0) / 3, (-5 - 1 + 0) / 3, (1 + 0) / 2]
    best = [4, 1, 0, 0, 1]
    assert lost["even"] == pytest.approx(
        sum(one - other for one, other in zip(best, even, strict=True)) / 5
    )
