"""Runs over a landing zone that changes: windows, duplicates, rewritten, touched and gone files."""

import os
from datetime import date, datetime

from cx_assets_tests.landing.zone import GOOD_ORDERS, ORDERS_HEADER, Zone, months


def order(number: str, day: str, channel: str = "web") -> str:
    return f"{number},c1,{day},{channel}\n"


def test_rows_go_to_the_period_of_their_event_time(zone: Zone) -> None:
    zone.put("orders/a.csv", GOOD_ORDERS)
    accounts = zone.run(months(1, 2))
    assert (accounts["orders/a.csv"].collected, accounts["orders/a.csv"].pending) == (4, 2)
    assert zone.query(
        "select period, order_id, ordered_at, source_file, source_line from collect.orders "
        "order by order_id limit 2"
    ) == [
        (date(2024, 1, 1), "good-0", datetime(2024, 1, 10, 12), "orders/a.csv", 2),
        (date(2024, 2, 1), "good-1", datetime(2024, 2, 10, 12), "orders/a.csv", 3),
    ]
    assert zone.run(months(3, 3))["orders/a.csv"].pending == 0


def test_a_range_run_equals_single_runs(tmp_path_factory) -> None:
    states = []
    for windows in (
        [months(1, 3)],
        [months(m, m) for m in (1, 2, 3)],
        [months(2, 3), months(1, 1)],
    ):
        zone = Zone(tmp_path_factory.mktemp("zone"))
        zone.put("orders/a.csv", GOOD_ORDERS + "x,,nonsense,\n")
        zone.put("orders/b.csv", ORDERS_HEADER + order("good-1", "2024-02-11", "app"))
        for window in windows:
            zone.run(window)
        states.append(zone.state())
    assert states[0] == states[1] == states[2]


def test_the_file_that_landed_last_wins(zone: Zone) -> None:
    zone.put("orders/b.csv", ORDERS_HEADER + order("1", "2024-01-01", "old"))
    zone.put(
        "orders/a.csv",
        ORDERS_HEADER + order("1", "2024-01-02", "new") + order("1", "2024-01-03", "newest"),
    )
    accounts = zone.run(months(1, 1))
    assert zone.query("select channel, source_line from collect.orders") == [("newest", 3)]
    assert accounts["orders/b.csv"].duplicates == 1
    assert accounts["orders/a.csv"].duplicates == 1
    assert zone.query("select path, rows, duplicates from collect.landing_files order by all") == [
        ("orders/a.csv", 2, 1),
        ("orders/b.csv", 1, 1),
    ]


def test_the_newest_state_wins_however_late_the_old_one_lands(zone: Zone) -> None:
    header = "customer_id,updated_at,city\n"
    zone.put("customers/a.csv", header + "c1,2024-01-20,Basel\nc1,2019-05-05,Bern\n")
    zone.put("customers/b.csv", header + "c1,2024-01-10,Berne\nc1,2024-02-01,Biel\n")
    zone.run(months(1, 2), "customers")
    assert zone.query("select period, city from collect.customers order by all") == [
        (date(2024, 1, 1), "Basel"),
        (date(2024, 2, 1), "Biel"),
    ]


def test_before_the_first_period_a_state_counts_and_an_event_is_rejected(zone: Zone) -> None:
    zone.put("customers/a.csv", "customer_id,updated_at\nc1,2010-01-01\n")
    zone.put("orders/a.csv", ORDERS_HEADER + order("1", "2010-01-01"))
    zone.run(months(1, 1), "customers")
    zone.run(months(1, 1), "orders")
    assert zone.query("select period, customer_id from collect.customers") == [
        (date(2024, 1, 1), "c1")
    ]
    assert zone.rejects() == [
        (
            "orders/a.csv",
            2,
            "ordered_at is before the first period 2024-01-01 (CX_FIRST_PERIOD): "
            "2010-01-01 00:00:00",
        )
    ]


def test_a_second_run_changes_nothing(zone: Zone) -> None:
    zone.put("orders/a.csv", GOOD_ORDERS + "x,,nonsense,\n")
    zone.put_raw("orders/b.parquet", b"no parquet")
    zone.run(months(1, 2))
    before = zone.state()
    zone.run(months(1, 2))
    assert zone.state() == before


def test_a_known_file_without_rows_in_the_window_is_not_opened(zone: Zone) -> None:
    path = zone.put("orders/january.csv", ORDERS_HEADER + order("1", "2024-01-05"))
    zone.run(months(1, 1))
    before, status = zone.state(), path.stat()
    path.write_bytes(b"?" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert zone.run(months(2, 2)) == {}
    assert zone.state() == before


def test_a_touched_file_is_hashed_but_not_read_anew(zone: Zone) -> None:
    path = zone.put("orders/january.csv", ORDERS_HEADER + order("1", "2024-01-05"))
    zone.run(months(1, 1))
    before = zone.state()
    zone.touch(path)
    account = zone.run(months(2, 2))["orders/january.csv"]
    assert (account.collected, account.pending) == (1, 0)
    after = zone.state()
    assert zone.query("select mtime_ns from registry.files") == [(path.stat().st_mtime_ns,)]
    assert {**before, "registry.files": after["registry.files"]} == after


def test_a_rewritten_file_replaces_its_rows_period_by_period(zone: Zone) -> None:
    zone.put(
        "orders/a.csv",
        ORDERS_HEADER + order("1", "2024-01-05") + order("2", "2024-02-05") + "x,,wrong,\n",
    )
    zone.run(months(1, 2))
    zone.put("orders/a.csv", ORDERS_HEADER + order("3", "2024-01-06") + order("4", "2024-03-05"))
    account = zone.run(months(1, 1))["orders/a.csv"]
    assert (account.rows, account.collected, account.pending) == (2, 1, 1)
    assert zone.rejects() == []
    assert zone.query("select order_id from collect.orders order by 1") == [("2",), ("3",)]
    assert zone.query("select period, rows from registry.file_periods order by all") == [
        (date(2024, 1, 1), 1),
        (date(2024, 2, 1), 0),
        (date(2024, 3, 1), 1),
    ]
    zone.run(months(2, 3))
    assert zone.query("select order_id from collect.orders order by 1") == [("3",), ("4",)]
    assert zone.query("select period, rows from registry.file_periods order by all") == [
        (date(2024, 1, 1), 1),
        (date(2024, 3, 1), 1),
    ]


def test_a_gone_file_keeps_its_rows(zone: Zone) -> None:
    zone.put("orders/a.csv", ORDERS_HEADER + order("1", "2024-01-05") + order("2", "2024-01-05"))
    zone.run(months(1, 1))
    (zone.landing / "orders/a.csv").unlink()
    zone.put("orders/b.csv", ORDERS_HEADER + order("2", "2024-01-05", "app"))
    accounts = zone.run(months(1, 1))
    assert zone.query("select order_id, channel from collect.orders order by all") == [
        ("1", "web"),
        ("2", "app"),
    ]
    assert (accounts["orders/a.csv"].collected, accounts["orders/a.csv"].duplicates) == (1, 1)
    assert zone.query("select path, rows, duplicates from collect.landing_files order by all") == [
        ("orders/a.csv", 2, 1),
        ("orders/b.csv", 1, 0),
    ]
    before = zone.state()
    zone.run(months(1, 1))
    assert zone.state() == before


def test_a_file_that_turns_into_a_link_out_of_the_zone_keeps_its_rows(zone: Zone) -> None:
    path = zone.put("orders/a.csv", ORDERS_HEADER + order("1", "2024-01-05"))
    zone.run(months(1, 1))
    path.rename(zone.root / "secret.csv")
    path.symlink_to(zone.root / "secret.csv")
    account = zone.run(months(1, 1))["orders/a.csv"]
    assert (account.rows, account.collected) == (1, 1)
    assert "leaves the landing zone" in str(account.error)
    path.unlink()
    (zone.root / "secret.csv").rename(path)
    assert zone.run(months(1, 1))["orders/a.csv"].error is None


def test_a_file_that_breaks_loses_its_rows_and_says_why(zone: Zone) -> None:
    zone.put("orders/a.csv", ORDERS_HEADER + order("1", "2024-01-05"))
    zone.run(months(1, 1))
    zone.put("orders/a.csv", "order_id,customer_id\n1,c1\n")
    account = zone.run(months(1, 1))["orders/a.csv"]
    assert (account.rows, account.collected) == (0, 0)
    assert "ordered_at" in str(account.error)
    assert zone.query("select count(*) from collect.orders") == [(0,)]


def test_other_rules_read_a_known_file_anew(zone: Zone) -> None:
    zone.put("orders/a.csv", ORDERS_HEADER + order("1", "2024-01-05") + order("2", "2024-02-05"))
    zone.run(months(1, 2))
    accounts = zone.run(months(2, 2), first_period=date(2024, 2, 1))
    assert (accounts["orders/a.csv"].collected, accounts["orders/a.csv"].rejected) == (1, 1)


def test_nothing_landed_is_no_error(zone: Zone) -> None:
    assert zone.run(months(1, 2)) == {}
    assert zone.query("select count(*) from collect.orders") == [(0,)]


def test_names_and_values_with_quotes_are_only_names_and_values(zone: Zone) -> None:
    path = 'orders/it\'s "here" [1]*/50% of; drop table x.csv'
    zone.put(path, ORDERS_HEADER + "1,'; drop table collect.orders; --,2024-01-05,web\n")
    zone.run(months(1, 1))
    assert zone.query("select customer_id, source_file from collect.orders") == [
        ("'; drop table collect.orders; --", path)
    ]
