"""Sessions, and who came: customers, bots and test accounts, on rows known by hand."""

from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

from cx_assets.periods import Period
from cx_assets.plots_web import attribution, web_funnel
from cx_assets.world import WorldSettings
from cx_assets_tests.sql.warehouse import FEBRUARY, JANUARY, Warehouse
from cx_assets_tests.sql.web_shop import (
    DAY,
    FACTS,
    MINUTE,
    NOON,
    PERIODS,
    SECOND,
    built,
    event,
    fill,
    order,
    select,
)
from cx_assets_tests.world.reading import CLEAN, live


def test_a_session_ends_after_thirty_quiet_minutes_and_with_the_period(
    warehouse: Warehouse,
) -> None:
    eve = datetime(2024, 1, 31, 23, 50)
    built(
        warehouse,
        event("1", NOON),
        event("2", NOON + 30 * MINUTE),
        event("3", NOON + 60 * MINUTE + timedelta(seconds=1)),
        event("4", NOON, visitor="w"),
        event("5", eve),
        event("6", eve + 20 * MINUTE),
    )
    sessions = select(
        warehouse,
        "select period, session_id, events, ended_at from features.web_sessions order by 2",
    )
    assert sessions == [
        (JANUARY.start.date(), "1", 2, NOON + 30 * MINUTE),
        (JANUARY.start.date(), "3", 1, NOON + 60 * MINUTE + timedelta(seconds=1)),
        (JANUARY.start.date(), "4", 1, NOON),
        (JANUARY.start.date(), "5", 1, eve),
        (FEBRUARY.start.date(), "6", 1, eve + 20 * MINUTE),
    ]


CHANNELS = [
    (None, "/", "direct"),
    ("  ", None, "direct"),
    ("google", None, "google"),
    ("price-comparison", None, "price-comparison"),
    ("https://www.google.co.uk/search?q=mugs", None, "google"),
    ("//WWW.Google.com/", None, "google"),
    ("android-app://com.google.android.gm/", None, "google"),
    ("https://l.facebook.com/l.php", None, "facebook"),
    ("https://t.co/abc", None, "x"),
    ("https://mail.google.com/", None, "mail"),
    ("http://blog.notgoogle.org:8080/a", None, "blog.notgoogle.org"),
    ("https://t.com", None, "t.com"),
    ("https://www.shop.de/cart", "https://shop.de/product/1", "direct"),
    ("https://shop.de/cart", "https://www.shop.de/product/1", "direct"),
    ("https://www.google.com/", "/p?a=1&utm_source=Newsletter&utm_medium=email", "newsletter"),
]


def test_the_channel_is_the_campaign_or_the_site_that_referred(warehouse: Warehouse) -> None:
    for number, (referrer, page, _) in enumerate(CHANNELS):
        name = f"{number:02}"
        warehouse.given(
            "collect.web_events",
            event(name, NOON, visitor=name, referrer=referrer, page=page),
            event(f"{name}b", NOON + MINUTE, visitor=name, referrer="instagram"),
        )
    for table in FACTS:
        fill(warehouse, table, JANUARY)
    found = select(warehouse, "select channel from features.web_sessions order by visitor_id")
    assert found == [(channel,) for *_, channel in CHANNELS]


def known(warehouse: Warehouse, period: Period) -> dict[str, str | None]:
    """Session and customer, as of the period's end."""
    return dict(
        warehouse.session.rows(
            "select session_id, visitors.customer_id from features.web_sessions as sessions "
            "left join features.web_visitors as visitors using (visitor_id) "
            "where visitors.period = $period "
            "and began_at >= known_from and began_at < known_until order by 1",
            {"period": period.start.date()},
        )
    )


def test_a_log_in_tells_who_came_before_but_not_to_an_earlier_snapshot(
    warehouse: Warehouse,
) -> None:
    february = datetime(2024, 2, 3)
    built(
        warehouse,
        event("1", NOON),
        event("2", february),
        event("3", february + MINUTE, customer_id="a"),
        event("4", february, visitor="never"),
    )
    assert known(warehouse, JANUARY) == {}
    assert known(warehouse, FEBRUARY) == {"1": "a", "2": "a"}
    assert select(
        warehouse,
        'select period, known_sessions, sessions from "analyze".web_funnel '
        "where channel = 'all' and step = 'visit' order by period",
    ) == [(JANUARY.start.date(), 0, 1), (FEBRUARY.start.date(), 1, 2)]

    warehouse.given(
        "process.customers",
        *(
            {"period": period.start.date(), "customer_id": "a", "known_since": NOON}
            for period in (JANUARY, FEBRUARY)
        ),
    )
    sessions = [
        warehouse.model("features.customer_features", period)[0]["sessions"]
        for period in (JANUARY, FEBRUARY)
    ]
    assert sessions == [0, 2]


def test_a_shared_device_is_the_last_ones_who_logged_in(warehouse: Warehouse) -> None:
    built(
        warehouse,
        event("1", NOON),
        event("2", NOON + DAY, customer_id="a"),
        event("3", NOON + 2 * DAY),
        event("4", NOON + 3 * DAY),
        event("4b", NOON + 3 * DAY + MINUTE, customer_id="b"),
        event("5", NOON + 4 * DAY),
        event("6", NOON + 5 * DAY, customer_id="a"),
        event("6b", NOON + 5 * DAY + MINUTE, customer_id="b"),
        event("6c", NOON + 5 * DAY + 2 * MINUTE),
        event("7", NOON + 6 * DAY, customer_id="a"),
    )
    expected = {"1": "a", "2": "a", "3": "a", "4": "b", "5": "b", "6": "b", "7": "a"}
    assert known(warehouse, JANUARY) == expected
    facts = dict(select(warehouse, "select event_id, customer_id from process.web_events"))
    in_one_session = [facts[name] for name in ("4", "4b", "6", "6b", "6c")]
    assert in_one_session == ["b", "b", "a", "b", "b"]
    assert facts["3"] is None


# Visitor: events, the time between two of them, how it gives itself away.
REGULAR: dict[str, tuple[int, timedelta, str | None]] = {
    "hasty": (30, SECOND, "events less than 2 seconds apart"),
    "hasty but short": (29, SECOND, None),
    "quick": (30, 2 * SECOND, None),
    "long": (300, 20 * SECOND, "300 events in a session"),
    "not as long": (299, 20 * SECOND, None),
    "often": (20, 31 * MINUTE, "20 sessions on a day"),
    "not as often": (19, 31 * MINUTE, None),
    "hasty with a log-in": (30, SECOND, None),
    "hasty with a purchase": (30, SECOND, None),
}


def test_a_bot_is_what_no_person_does(warehouse: Warehouse) -> None:
    for visitor, (count, apart, _) in REGULAR.items():
        warehouse.session.execute(
            """
            insert into collect.web_events by name
            select
                date '2024-01-01' as period, $visitor || numbers.number as event_id,
                timestamp '2024-01-10' + numbers.number * $apart as occurred_at,
                $visitor as visitor_id, 'f' as source_file, 1 as source_line
            from range($count) as numbers (number)""",
            {"visitor": visitor, "count": count, "apart": apart},
        )
    midnight = datetime(2024, 1, 10)
    built(
        warehouse,
        event("in", midnight + 9 * MINUTE, visitor="hasty with a log-in", customer_id="a"),
        event("buys", midnight, visitor="hasty with a purchase", event_type="purchase"),
        event("says", NOON, visitor="declared", device="Googlebot/2.1", customer_id="b"),
    )
    january = f"period = '{JANUARY.start}'"
    found = select(
        warehouse,
        f"select visitor_id, customer_id, bot_because from features.web_visitors where {january} "
        "and visitor_kind = 'bot' order by 1",
    )
    expected = {name: why for name, (_, _, why) in REGULAR.items() if why}
    expected |= {"declared": "its device says so"}
    assert found == [(name, None, why) for name, why in sorted(expected.items())]
    people = select(
        warehouse,
        f'select visitors from "analyze".web_funnel where {january} '
        "and visitor_kind = 'person' and channel = 'all' and step = 'visit'",
    )
    assert people == [(len(REGULAR) + 1 - len(expected),)]


# Customer, e-mail, name, whether it is a test account.
ACCOUNTS = [
    ("TEST-7", None, True),
    ("测试", False, True),
    ("a", True, True),
    ("testa", False, False),
    ("b", None, False),
]


def test_a_test_account_says_so(warehouse: Warehouse) -> None:
    for customer, says_so, _ in ACCOUNTS:
        row = {"period": JANUARY.start.date(), "customer_id": customer, "updated_at": NOON}
        row |= {"is_test_account": says_so, "source_file": "f", "source_line": 1}
        warehouse.given("collect.customers", row)
    rows = warehouse.model("process.customers")
    found = {row["customer_id"]: row["is_test_account"] for row in rows}
    assert found == {customer: is_test for customer, *_, is_test in ACCOUNTS}


def test_test_accounts_are_in_rows_of_their_own(warehouse: Warehouse) -> None:
    """`qa` is one by the CRM's word, TEST9 by its id, of which the CRM knows nothing."""
    warehouse.given(
        "process.customers",
        *(
            {"period": JANUARY.start.date(), "customer_id": name, "is_test_account": name == "qa"}
            | {"known_since": NOON}
            for name in ("a", "qa")
        ),
    )
    warehouse.given("process.orders", order("1", NOON + DAY, "qa"), order("2", NOON + DAY, "a"))
    names = ("a", "qa", "TEST9")
    built(warehouse, *(event(name, NOON, visitor=name, customer_id=name) for name in names))
    january = f"period = '{JANUARY.start}'"
    kinds = select(
        warehouse,
        f"select customer_id, visitor_kind from features.web_visitors where {january} order by 1",
    )
    assert kinds == [("TEST9", "test_account"), ("a", "person"), ("qa", "test_account")]
    apart = select(
        warehouse,
        f'select visitor_kind, sessions from "analyze".web_funnel where {january} '
        "and channel = 'all' and step = 'visit' order by 1",
    )
    assert apart == [("person", 1), ("test_account", 2)]
    orders = select(
        warehouse,
        f'select customer_kind, orders from "analyze".attribution where {january} order by 1',
    )
    assert orders == [("person", 1), ("test_account", 1)]
    features = warehouse.model("features.customer_features")
    assert {row["customer_id"]: row["sessions"] for row in features} == {"a": 1, "qa": 0}
    pictures = [picture(warehouse.session, [JANUARY]) for picture in (web_funnel, attribution)]
    assert all("data:image/png" in picture for picture in pictures)
    assert "2 sessions of 2 devices of test accounts" in pictures[0]


def test_in_the_sample_world_all_bots_and_test_accounts_are_found_and_nobody_else(
    warehouse: Warehouse, tmp_path: Path
) -> None:
    run = live(WorldSettings(customers=300, dirt=CLEAN), tmp_path, months=3)
    for source, time in (("web_events", "occurred_at"), ("customers", "updated_at")):
        rows = run.source(source)
        month = rows[time].astype(str).str.slice(0, 7) + "-01"
        warehouse.session.append(
            f"collect.{source}", rows.assign(period=month, source_file="f", source_line=1)
        )
    for period in PERIODS:
        fill(warehouse, "process.customers", period)
    built(warehouse)
    true = run.true("outsiders")
    bots = true["customer_id"].isna()
    for period in PERIODS:
        found = Counter(
            warehouse.session.rows(
                "select visitor_id, visitor_kind from features.web_visitors "
                "where period = $period and visitor_kind <> 'person'",
                {"period": period.start.date()},
            )
        )
        assert found == Counter(
            [(visitor, "bot") for visitor in true[bots]["visitor_id"]]
            + [(visitor, "test_account") for visitor in true[~bots]["visitor_id"]]
        )
    why = select(
        warehouse, "select distinct bot_because from features.web_visitors where bot_because > ''"
    )
    assert len(why) == 4
    assert select(warehouse, "select count(*) from process.customers where is_test_account") == [
        (0,)
    ]
