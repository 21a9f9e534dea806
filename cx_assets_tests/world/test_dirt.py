import csv
import json

import pandas as pd
import pytest

from cx_assets.world import DirtRates, WorldSettings
from cx_assets_tests.world.reading import Run, live

FILTHY = DirtRates(duplicate=0.02, broken=0.02, ragged=0.01, late=0.03, contact_in_text=0.1)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    settings = WorldSettings(customers=1_500, dirt=FILTHY)
    return live(settings, tmp_path_factory.mktemp("dirt"), months=3)


def good_orders(run: Run) -> pd.DataFrame:
    orders = run.source("orders")
    broken = orders["order_id"].isna() | (orders["status"] == "lost")
    return orders[~broken & ~orders["ordered_at"].str.startswith("2024-13")]


@pytest.mark.parametrize("source", ["orders", "order_items", "web_events"])
def test_exact_duplicates(run: Run, source: str) -> None:
    found = sum(int(run.file(source, f"2024-0{month}").duplicated().sum()) for month in (1, 2, 3))

    assert found == run.dirt(source, "duplicate") > 0


def test_broken_orders(run: Run) -> None:
    orders = run.source("orders")

    assert orders["order_id"].isna().sum() == run.dirt("orders", "missing_key") > 0
    assert (orders["status"] == "lost").sum() == run.dirt("orders", "unknown_status") > 0
    bad = orders["ordered_at"].str.startswith("2024-13")
    assert bad.sum() == run.dirt("orders", "bad_date") > 0


def test_negative_prices(run: Run) -> None:
    items = run.source("order_items")

    assert (items["unit_price"] < 0).sum() == run.dirt("order_items", "negative_price") > 0
    assert items["order_id"].isna().sum() == run.dirt("order_items", "missing_key") > 0


def test_ragged_lines_have_too_many_values(run: Run) -> None:
    ragged = 0
    for path in (run.landing / "orders").iterdir():
        with path.open(newline="", encoding="utf-8") as lines:
            header, *rows = csv.reader(lines)
        ragged += sum(len(row) > len(header) for row in rows)

    assert ragged == run.dirt("orders", "ragged") > 0


def test_guests(run: Run) -> None:
    orders = good_orders(run).drop_duplicates()

    assert orders["customer_id"].isna().sum() == run.dirt("orders", "guest") > 0


def test_late_and_relanded_orders(run: Run) -> None:
    late = relanded = 0
    seen: set[str] = set()
    orders = good_orders(run)
    for month in ("2024-01", "2024-02", "2024-03"):
        keys = run.file("orders", month)["order_id"]
        here = orders[orders["order_id"].isin(keys)]
        landed = run.file("orders", month).merge(here.drop_duplicates(), how="inner")
        landed = landed.drop_duplicates("order_id")
        known = landed["order_id"].isin(seen)
        relanded += int(known.sum())
        late += int((~known & (landed["ordered_at"] < month)).sum())
        seen |= set(landed["order_id"])

    assert late == run.dirt("orders", "late") > 0
    assert relanded == run.dirt("orders", "relanded") > 0


def test_a_key_that_lands_again_has_moved_on(run: Run) -> None:
    orders = good_orders(run).drop_duplicates()
    states = orders.groupby("order_id")["status"].agg(list)
    twice = states[states.str.len() > 1]

    assert len(twice) > 50
    assert (twice.str[0] != twice.str[-1]).all()
    assert set(twice.str[-1]) <= {"delivered", "returned"}


def test_visitors_who_log_in_later_are_anonymous_first(run: Run) -> None:
    events = run.file("web_events", "2024-03")
    known = events.dropna(subset=["customer_id"]).groupby("visitor_id")
    first_known = known["occurred_at"].min()
    anonymous = events[events["customer_id"].isna()].groupby("visitor_id")["occurred_at"].min()
    both = first_known.index.intersection(anonymous.index)

    assert len(both) > 100
    assert (anonymous[both] <= first_known[both]).mean() > 0.9
    assert (known["customer_id"].nunique() == 1).all()


def test_texts_hold_email_addresses_and_phone_numbers(run: Run) -> None:
    dirty = 0
    for path in (run.landing / "support_tickets").iterdir():
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        texts = {
            row["ticket_id"]: row["text"]
            for row in rows
            if row["ticket_id"] and not row["opened_at"].startswith("2024-13")
        }
        dirty += sum("@" in text and "+" in text for text in texts.values())

    assert dirty == run.dirt("support_tickets", "contact_in_text") > 0
