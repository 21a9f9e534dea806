"""What gets past the door, in real runs over a landing zone."""

import json
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cx_assets.landing.sources import SOURCES
from cx_assets.privacy import tombstones
from cx_assets.privacy.pseudonyms import marks, pseudonym
from cx_assets_tests.landing.zone import Zone, months

CUSTOMERS = (
    "customer_id,updated_at,full_name,email,phone,social_handle,street,city\n"
    "C1,2024-01-05,Anna Kowalczyk,Anna.K@Example.org,+49 170 1234567,@anna_k,Ringstr. 5,Bonn\n"
    "C2,2024-02-05,王小芳,wang@example.cn,,,,Xi'an\n"
    "'; drop table --,2024-01-05,,bobby@example.org,,,,\n"
)
TICKETS = "ticket_id,customer_id,opened_at,text\n"
MENTIONS = "mention_id,posted_at,platform,handle,text\n"


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    return Zone(tmp_path)


def token(zone: Zone, kind: str, same: str) -> str:
    return pseudonym(zone.guard.key, kind, same)


def subject(zone: Zone, customer_id: str) -> str:
    return token(zone, "customer", customer_id)


def everything(zone: Zone) -> bytes:
    """The bytes of the warehouse and the vault, and every text in them."""
    zone.query("checkpoint")
    raw = b"".join(path.read_bytes() for path in zone.root.glob("*.*") if path.is_file())
    tables = zone.query("select schema_name || '.' || table_name from duckdb_tables()")
    return raw + repr([zone.query(f"from {name}") for (name,) in tables]).encode()


def test_identifiers_become_pseudonyms_and_go_to_the_vault(zone: Zone) -> None:
    zone.put("customers/a.csv", CUSTOMERS)
    zone.run(months(1, 2), "customers")
    rows = zone.query(
        "select customer_id, full_name, email, phone, social_handle, street, city "
        "from collect.customers order by all"
    )
    assert rows[1] == (
        "C1",
        token(zone, "name", "anna kowalczyk"),
        token(zone, "email", "anna.k@example.org"),
        token(zone, "phone", "+491701234567"),
        token(zone, "handle", "anna_k"),
        token(zone, "street", "ringstr. 5"),
        "Bonn",
    )
    assert rows[0][0] == "'; drop table --"
    (found,) = zone.guard.vault.reveal(subject(zone, "C1"))
    assert found == {
        "customer_id": "C1",
        "full_name": "Anna Kowalczyk",
        "email": "Anna.K@Example.org",
        "phone": "+49 170 1234567",
        "social_handle": "@anna_k",
        "street": "Ringstr. 5",
    }
    (found,) = zone.guard.vault.reveal(subject(zone, "'; drop table --"))
    assert found["email"] == "bobby@example.org"


@pytest.mark.slow
def test_no_identifier_is_in_any_byte_or_table(zone: Zone) -> None:
    zone.put("customers/a.csv", CUSTOMERS)
    # Rows that cannot be read hold identifiers as well.
    zone.put("customers/bad.csv", CUSTOMERS.replace("2024-01-05", "soon").replace("C1,", "C9,"))
    zone.put("customers/broken.csv", CUSTOMERS.replace(",Bonn", ',"Bonn'))
    zone.put("customers/long.csv", CUSTOMERS.replace("Kowalczyk", "Kowalczyk" * 100))
    zone.put(
        "support_tickets/a.csv",
        TICKETS + "t1,C1,2024-01-09,I am Anna Kowalczyk. Write to anna.k@example.org\n"
        "t2,C1,never,call Anna Kowalczyk at +49 170 1234567\n",
    )
    zone.put("social_mentions/a.csv", MENTIONS + "m1,2024-01-09,x,@anna_k,hi\nm2,,x,@anna_k,hi\n")
    for source in ("customers", "support_tickets", "social_mentions"):
        zone.run(months(1, 2), source)
    found = everything(zone).lower()
    for value in (
        "kowalczyk",
        "anna.k@",
        "1234567",
        "anna_k",
        "ringstr",
        "王小芳",
        "wang@",
        "bobby",
    ):
        assert value.encode() not in found, value
    assert b"i am [name]. write to [email]" in found


def test_a_rejected_row_with_identifiers_shows_its_other_values(zone: Zone) -> None:
    zone.put("customers/a.csv", CUSTOMERS.replace("2024-02-05", "soon"))
    zone.put("customers/b.csv", CUSTOMERS.replace(",Xi'an", ",Xi'an,too many"))
    zone.run(months(1, 2), "customers")
    shown = zone.query("select source_file, source_line, payload from collect.rejected_rows")
    (row,) = [json.loads(payload) for file, line, payload in shown if file == "customers/a.csv"]
    assert (row["customer_id"], row["city"], row["updated_at"]) == ("C2", "Xi'an", "soon")
    assert not {"full_name", "email", "phone", "social_handle", "street"} & row.keys()
    assert ("customers/b.csv", 3, None) in shown


def test_a_mention_finds_its_customer_by_pseudonym(zone: Zone) -> None:
    zone.put("customers/a.csv", CUSTOMERS)
    zone.put("social_mentions/a.csv", MENTIONS + "m1,2024-01-09,x,Anna_K,hi\n")
    for source in ("customers", "social_mentions"):
        zone.run(months(1, 1), source)
    assert zone.query(
        "select customer_id from collect.social_mentions as m "
        "join collect.customers as c on c.social_handle = m.handle"
    ) == [("C1",)]


def test_parquet_and_json_lines_are_guarded_too(zone: Zone) -> None:
    table = pa.table(
        {"customer_id": ["P1"], "updated_at": ["2024-01-03"], "email": ["Parquet@x.org"]}
    )
    target = zone.landing / "customers" / "a.parquet"
    target.parent.mkdir(parents=True)
    pq.write_table(table, target)
    line = {"customer_id": "J1", "updated_at": "2024-01-03", "email": "json@x.org"}
    zone.put("customers/a.jsonl.gz", json.dumps(line))
    zone.run(months(1, 1), "customers")
    assert zone.query("select customer_id, email from collect.customers order by all") == [
        ("J1", token(zone, "email", "json@x.org")),
        ("P1", token(zone, "email", "parquet@x.org")),
    ]
    assert zone.guard.vault.reveal(subject(zone, "P1")) == [
        {"customer_id": "P1", "email": "Parquet@x.org"}
    ]


@pytest.mark.slow
def test_only_what_is_promoted_is_in_the_vault(zone: Zone) -> None:
    zone.put("customers/a.csv", CUSTOMERS)
    zone.run(months(1, 1), "customers")
    assert zone.guard.vault.reveal(subject(zone, "C1"))
    assert zone.guard.vault.reveal(subject(zone, "C2")) == []
    zone.run(months(2, 2), "customers")
    assert zone.guard.vault.reveal(subject(zone, "C2"))


@pytest.mark.slow
def test_texts_are_scrubbed_of_the_names_known_by_then(zone: Zone) -> None:
    """Wang is a customer from February on; a range run says the same as single runs."""
    zone.put("customers/a.csv", CUSTOMERS)
    said = "Kowalczyk and 王小芳 waited"
    zone.put(
        "support_tickets/a.csv",
        TICKETS + f"t1,C1,2024-01-09,{said}\nt2,,2024-02-09,{said}\nt3,,2024-03-09,{said}\n",
    )
    zone.run(months(1, 3), "customers")
    zone.run(months(1, 3), "support_tickets")
    query = "select text from collect.support_tickets order by ticket_id"
    together = zone.query(query)
    assert together == [
        ("[name] and 王小芳 waited",),
        ("[name] and [name] waited",),
        ("[name] and [name] waited",),
    ]
    other = Zone(zone.root / "other")
    other.put("customers/a.csv", CUSTOMERS)
    other.put("support_tickets/a.csv", (zone.landing / "support_tickets/a.csv").read_bytes())
    for number in (1, 2, 3):
        other.run(months(number, number), "customers")
        other.run(months(number, number), "support_tickets")
    assert other.query(query) == together


def test_addresses_of_pages_keep_their_way_but_no_e_mail(zone: Zone) -> None:
    pages = {
        "/p/1?utm_source=Mail&to=Anna.K%40example.org&x=1": "/p/1?utm_source=Mail&to=[email]&x=1",
        "https://anna:pw@shop.example/cart#me@x.org": "https://anna:[email]/cart#[email]",
        "/orders/123456789?phone=none": "/orders/123456789?phone=none",
    }
    rows = "".join(f"e{n},2024-01-05,v,{page},{page}\n" for n, page in enumerate(pages))
    zone.put("web_events/a.csv", "event_id,occurred_at,visitor_id,page,referrer\n" + rows)
    zone.run(months(1, 1), "web_events")
    found = zone.query("select page, referrer from collect.web_events order by event_id")
    assert found == [(page, page) for page in pages.values()]


def test_test_accounts_are_known_by_name_and_address(zone: Zone) -> None:
    accounts = [
        ("a", "test.account@shop.de", "", True),
        ("b", "test1@shop.de", "", True),
        ("c", "anna@shop.test", "", True),
        ("d", "", "Tester Three", True),
        ("e", "", "测试账号", True),
        ("f", "anna.testa@contest.org", "Anna Testa", False),
        ("g", "anna@example.com", "安娜", False),
        ("h", "", "", False),
    ]
    rows = "".join(f"{who},2024-01-02,{email},{name}\n" for who, email, name, _ in accounts)
    zone.put("customers/a.csv", "customer_id,updated_at,email,full_name\n" + rows)
    zone.run(months(1, 1), "customers")
    found = dict(zone.query("select customer_id, is_test_account from collect.customers"))
    assert found == {who: is_test for who, *_, is_test in accounts}


@pytest.mark.slow
def test_every_source_is_read_though_somebody_was_erased(zone: Zone) -> None:
    erase(zone, "C1", "anna.k@example.org")
    for source in SOURCES:
        zone.run(months(1, 1), source)


ERASED_AT = datetime(2024, 2, 1)


def erase(zone: Zone, customer_id: str, email: str) -> None:
    """Put up the tombstone alone: what landed before has landed as if for the first time."""
    guard = zone.guard
    found = [subject(zone, customer_id), token(zone, "email", email)]
    person, *others = marks(guard.key, found)
    tombstones.put_up(guard.vault, person, others, ERASED_AT)


ORDERS = "order_id,customer_id,ordered_at\no1,C1,2024-01-09\no2,C2,2024-01-09\no3,C1,2024-03-09\n"


def collected(zone: Zone, source: str) -> list[str]:
    key = SOURCES[source].key[0]
    return [row[0] for row in zone.query(f"select {key} from collect.{source} order by all")]


@pytest.mark.slow
def test_who_was_erased_stays_out_and_every_row_is_accounted_for(zone: Zone) -> None:
    erase(zone, "C1", "anna.k@example.org")
    zone.put("customers/a.csv", CUSTOMERS)
    # The same person under another number.
    zone.put("customers/b.csv", CUSTOMERS.replace("C1,", "C99,"))
    zone.put("orders/a.csv", ORDERS)
    accounts = zone.run(months(1, 3), "customers")
    assert collected(zone, "customers") == ["'; drop table --", "C2"]
    assert accounts["customers/b.csv"].duplicates == 1
    zone.run(months(1, 3), "orders")
    assert collected(zone, "orders") == ["o2"]
    assert zone.guard.vault.reveal(subject(zone, "C1")) == []
    assert zone.query("select count(*) from collect.rejected_rows") == [(0,)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("when", "consent", "is_in"),
    [
        ("2024-03-01", "consent_marketing", True),
        ("2024-03-01", "consent_analytics", True),
        ("2024-03-01", "city", False),
        ("2024-01-20", "consent_marketing", False),
    ],
)
def test_only_a_newer_consent_lets_a_person_in_again(
    zone: Zone, when: str, consent: str, is_in: bool
) -> None:
    erase(zone, "C1", "anna.k@example.org")
    zone.put("customers/a.csv", CUSTOMERS)
    zone.put("customers/c.csv", f"customer_id,updated_at,{consent}\nC1,{when},true\n")
    zone.put("orders/a.csv", ORDERS)
    for _ in range(2):  # What was let in stays in.
        zone.run(months(1, 3), "customers")
        zone.run(months(1, 3), "orders")
        assert ("C1" in collected(zone, "customers")) is is_in
        # What is older than the consent stays out even now.
        assert collected(zone, "orders") == (["o2", "o3"] if is_in else ["o2"])
    states = zone.query("select count(*) from collect.customers where customer_id = 'C1'")
    assert states == [(1 if is_in else 0,)]


@pytest.mark.slow
def test_an_erasure_after_the_consent_counts_again(zone: Zone) -> None:
    erase(zone, "C1", "anna.k@example.org")
    zone.put("customers/c.csv", "customer_id,updated_at,consent_marketing\nC1,2024-03-01,true\n")
    zone.run(months(1, 3), "customers")
    assert collected(zone, "customers") == ["C1"]
    guard = zone.guard
    (person,) = marks(guard.key, [subject(zone, "C1")])
    tombstones.put_up(guard.vault, person, [], datetime(2024, 4, 1))
    zone.run(months(1, 3), "customers")
    assert collected(zone, "customers") == []
