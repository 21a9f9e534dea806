"""Which files are looked at, and what a sensor may ask of them."""

import hashlib
import os
from datetime import date
from pathlib import Path

import pytest

from cx_assets.landing import files, watch
from cx_assets.landing.files import LandedFile
from cx_assets.landing.sources import CUSTOMERS, ORDERS
from cx_assets_tests.landing.zone import GOOD_ORDERS, ORDERS_HEADER, Zone, months


def test_the_listing_has_the_files_of_the_source_and_their_stamps(zone: Zone) -> None:
    for name in ("b.csv", "2024/01/A.CSV", "c.csv.gz", "spark.parquet/part-0.parquet", "d.jsonl"):
        zone.put_raw(f"orders/{name}", b"12345")
    for name in (
        ".a.csv",
        "_a.csv",
        "_b/a.csv",
        ".c/a.csv",
        "a.csv.tmp",
        "a.csv.part",
        "d.tmp/a.csv",
    ):
        zone.put_raw(f"orders/{name}", b"")
    for name in ("orders/a.txt", "orders/a.csv.zip", "orders/csv", "customers/a.csv", "a.csv"):
        zone.put_raw(name, b"")
    found = files.listing(zone.landing, ORDERS)
    assert [file.path for file in found] == [
        "orders/2024/01/A.CSV",
        "orders/b.csv",
        "orders/c.csv.gz",
        "orders/d.jsonl",
        "orders/spark.parquet/part-0.parquet",
    ]
    status = (zone.landing / "orders/b.csv").stat()
    assert found[1] == LandedFile("orders/b.csv", 5, status.st_mtime_ns)
    assert found == watch.listing(zone.landing, ORDERS)


def test_a_source_without_a_folder_has_no_files(tmp_path: Path) -> None:
    assert files.listing(tmp_path / "nowhere", ORDERS) == []


def test_what_may_not_be_opened_is_listed_with_a_problem_and_never_read(zone: Zone) -> None:
    outside = zone.root / "outside"
    outside.mkdir()
    (outside / "secret.csv").write_text(ORDERS_HEADER + "secret,c1,2024-01-05,web\n")
    zone.put("orders/good.csv", GOOD_ORDERS)
    orders = zone.landing / "orders"
    (orders / "link.csv").symlink_to(outside / "secret.csv")
    (orders / "folder").symlink_to(outside)
    (orders / "nothing.csv").symlink_to(outside / "nothing.csv")
    (orders / "loop.csv").symlink_to(orders / "loop.csv")
    os.mkfifo(orders / "pipe.csv")
    (zone.landing / "customers").symlink_to(outside)

    accounts = zone.run(months(1, 3))
    errors = {path: str(account.error) for path, account in accounts.items() if account.error}
    assert {path: error.split(";")[0].split(" (")[0] for path, error in errors.items()} == {
        "orders/folder": "the folder is a link",
        "orders/link.csv": "it is a link that leaves the landing zone",
        "orders/loop.csv": "the file cannot be opened",
        "orders/nothing.csv": "the file cannot be opened",
        "orders/pipe.csv": "it is no regular file",
    }
    assert zone.query("select count(*) from collect.orders where order_id = 'secret'") == [(0,)]
    assert [account.error for account in zone.run(months(1, 1), "customers").values()] == [
        "the folder is a link that leaves the landing zone; put the files themselves here"
    ]
    assert [file.path for file in watch.listing(zone.landing, ORDERS)] == ["orders/good.csv"]
    assert watch.listing(zone.landing, CUSTOMERS) == []


def test_a_link_within_the_zone_is_read(zone: Zone) -> None:
    zone.put("archive/a.csv", GOOD_ORDERS)
    (zone.landing / "orders").mkdir()
    (zone.landing / "orders/a.csv").symlink_to(zone.landing / "archive/a.csv")
    assert zone.run(months(1, 3))["orders/a.csv"].collected == 6


def test_a_name_that_is_not_utf8_is_reported(zone: Zone) -> None:
    path = zone.landing / "orders" / os.fsdecode(b"\xe9.csv")
    path.parent.mkdir(parents=True)
    path.write_text(GOOD_ORDERS)
    (account,) = zone.run(months(1, 3)).values()
    assert account.path == "orders/\\xe9.csv"
    assert account.error == "its name is not UTF-8; rename it"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_closed_file_and_a_closed_folder_are_reported(zone: Zone) -> None:
    zone.put("orders/a.csv", GOOD_ORDERS).chmod(0)
    zone.put("orders/closed/b.csv", GOOD_ORDERS).parent.chmod(0)
    try:
        accounts = zone.run(months(1, 3))
    finally:
        (zone.landing / "orders/closed").chmod(0o755)
    assert "Permission denied" in str(accounts["orders/a.csv"].error)
    assert "Permission denied" in str(accounts["orders/closed"].error)


def test_the_fingerprint_is_the_sha256_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"x" * 100_000)
    expected = hashlib.sha256(b"x" * 100_000).hexdigest()
    assert watch.fingerprint(tmp_path / "a.csv") == expected


def test_event_periods_are_those_of_the_good_rows(zone: Zone) -> None:
    path = zone.put(
        "orders/a.csv",
        ORDERS_HEADER
        + "1,c,2024-03-09,\n2,c,2023-01-31,\n3,c,2024-03-01,\n4,c,soon,\n,c,2025-01-01,\n",
    )
    assert watch.event_periods(path, ORDERS, "monthly") == [date(2023, 1, 1), date(2024, 3, 1)]
    assert watch.event_periods(path, ORDERS, "weekly") == [
        date(2023, 1, 30),
        date(2024, 2, 26),
        date(2024, 3, 4),
    ]
    assert watch.event_periods(zone.put("orders/b.csv", "x\n1\n"), ORDERS, "monthly") == []
