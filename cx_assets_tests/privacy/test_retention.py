from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cx_assets.privacy.retention import Kept, Removed, refuse_removed, retain
from cx_assets.settings import Settings, SettingsError
from cx_assets_tests.landing.zone import ORDERS_HEADER, Zone, months

pytestmark = pytest.mark.slow

NOW = datetime(2024, 4, 10)
JANUARY = ORDERS_HEADER + "o1,C1,2024-01-10,web\no2,C2,2024-01-11,web\no2,C2,2024-01-11,app\n"
MARCH = ORDERS_HEADER + "o3,C1,2024-03-10,web\n"


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    return Zone(tmp_path)


def expire(zone: Zone, asked: tuple[str, ...] = (), **days: Any) -> Kept:
    settings = Settings(home=zone.root, **days)
    with zone.session() as session:
        return retain(session, settings, NOW, asked)


def landed(zone: Zone) -> list[str]:
    return sorted(
        path.relative_to(zone.landing).as_posix()
        for path in zone.landing.rglob("*")
        if path.is_file()
    )


def account(zone: Zone) -> list[tuple[Any, ...]]:
    """Files whose rows are not all accounted for."""
    return zone.query("""
        select path, rows, coalesce(here, 0) as here, duplicates, rejected, pending
        from collect.landing_files
        left join (
            select source_file as path, count(*) as here from collect.orders group by all
        ) using (path)
        where rows <> coalesce(here, 0) + duplicates + rejected + pending
    """)


def test_without_a_setting_everything_stays(zone: Zone) -> None:
    zone.put("orders/a.csv", JANUARY)
    zone.run(months(1, 3))
    before = zone.state()
    assert expire(zone) == Kept()
    assert (zone.state(), landed(zone)) == (before, ["orders/a.csv"])


def test_files_go_once_they_are_old_and_collected(zone: Zone) -> None:
    zone.put("orders/old.csv", JANUARY)
    zone.put("orders/young.csv", MARCH)
    zone.run(months(1, 3))
    zone.put("orders/unseen.csv", JANUARY.replace("\no", "\nu"))
    zone.put("orders/changed.csv", JANUARY.replace("\no", "\nv"))
    zone.run(months(1, 3))
    zone.put("orders/changed.csv", JANUARY.replace("\no", "\nw"))
    zone.put("orders/pending.csv", JANUARY.replace("\no", "\np") + "o9,C1,2024-02-01,web\n")
    zone.run(months(1, 1))
    rows = zone.query("select order_id from collect.orders order by all")
    zone.put("orders/changed.csv", JANUARY.replace("\no", "\nx"))

    went = expire(zone, landing_retention_days=60)

    assert (went.files, went.rows) == (2, {})
    assert landed(zone) == ["orders/changed.csv", "orders/pending.csv", "orders/young.csv"]
    assert zone.query("select order_id from collect.orders order by all") == rows
    assert account(zone) == []
    # A later run of the same periods keeps what was collected of them.
    zone.run(months(1, 3))
    kept = zone.query("select order_id from collect.orders order by all")
    assert {("o1",), ("o2",), ("u1",)} <= set(kept)


def test_rows_go_and_are_accounted_for_and_no_run_wipes_what_was_made_of_them(zone: Zone) -> None:
    zone.put("orders/a.csv", JANUARY)
    zone.put("orders/b.csv", MARCH)
    zone.run(months(1, 3))
    days = {"landing_retention_days": 20, "collect_retention_days": 45}
    went = expire(zone, **days)
    assert (went.files, went.rows) == (2, {"collect.orders": 2})
    assert zone.query("select order_id from collect.orders") == [("o3",)]
    assert account(zone) == []
    with zone.session() as session:
        refuse_removed(session, months(3, 3))
        refuse_removed(session, months(2, 3))
        with pytest.raises(Removed, match="2024-01-01 is made from were removed"):
            refuse_removed(session, months(1, 3))
    assert expire(zone, **days) == Kept()


def test_of_customers_the_first_and_the_newest_state_stay(zone: Zone) -> None:
    states = "".join(
        f"C1,2024-01-{day:02},City {day}\nC2,2024-0{1 + day % 3}-{day:02},Town {day}\n"
        for day in range(1, 10)
    )
    zone.put("customers/a.csv", "customer_id,updated_at,city\n" + states)
    zone.run(months(1, 3), "customers")
    expire(zone, landing_retention_days=1, collect_retention_days=10)
    assert zone.query(
        "select customer_id, min(updated_at), max(updated_at), max_by(city, updated_at), "
        "count(*) > 3 from collect.customers group by all order by all"
    ) == [
        ("C1", datetime(2024, 1, 9), datetime(2024, 1, 9), "City 9", False),
        ("C2", datetime(2024, 1, 9), datetime(2024, 3, 8), "Town 8", False),
    ]


def test_our_own_records_and_open_requests_stay(zone: Zone) -> None:
    zone.put(
        "action_assignments/a.csv",
        "action_id,customer_id,assigned_at,action,arm,propensity,policy_version,segment_id,"
        "expected_effect\na,C1,2024-01-10,call,treated,0.5,1,1,0\n",
    )
    zone.put("erasure_requests/a.csv", "request_id,customer_id,requested_at\nr1,C1,2024-01-10\n")
    for source in ("action_assignments", "erasure_requests"):
        zone.run(months(1, 1), source)
    days = {"landing_retention_days": 1, "collect_retention_days": 10}
    expire(zone, asked=("r1",), **days)
    assert landed(zone) == ["action_assignments/a.csv", "erasure_requests/a.csv"]
    assert zone.query("select request_id from collect.erasure_requests") == [("r1",)]
    expire(zone, **days)
    assert landed(zone) == ["action_assignments/a.csv"]
    assert zone.query("select request_id from collect.erasure_requests") == []


@pytest.mark.parametrize("files", ["", "60"])
def test_rows_may_not_go_before_their_files(files: str) -> None:
    env = {"CX_COLLECT_RETENTION_DAYS": "30", "CX_LANDING_RETENTION_DAYS": files}
    with pytest.raises(SettingsError, match="Let the files go first"):
        Settings.from_env(env)
