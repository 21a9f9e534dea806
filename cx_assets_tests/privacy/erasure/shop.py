"""A shop of three customers, of whom Anna asks to be forgotten, in every format."""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cx_assets.landing.sources import SOURCES
from cx_assets.privacy.erasure import Person
from cx_assets.privacy.erasure.person import IDENTIFIERS
from cx_assets.settings import Settings
from cx_assets_tests.landing.zone import Zone, months

ANNA, BO, OTHER_ANNA = "C100", "C101", "C1001"
EMAIL, PHONE, HANDLE = "anna.berg@example.com", "+49 30 1234567", "@anna_b"
NAME, STREET = "Anna Berg", "Am Markt 7"
COLLECTED = months(1, 3)
GONE = "orders/gone.csv"

# What stays is written plainly, what goes is in a line of its own.
CUSTOMERS = (
    "\ufeffcustomer_id,updated_at,full_name,email,phone,social_handle,street,city\r\n",
    f"{ANNA},2024-01-05,{NAME},{EMAIL},{PHONE},{HANDLE},{STREET},Köln\r\n",
    f'{BO},2024-01-06,"Bo, the\r\nsecond",bo@example.com,,@bo,,"Berlin ""Mitte"""\r\n',
    f"{OTHER_ANNA},2024-02-01,{NAME},joanna.berg@example.com,+49 30 7654321,,,Bonn\r\n",
    f"{ANNA},2024-02-05,{NAME},{EMAIL.upper()},{PHONE},{HANDLE},{STREET},Köln\r\n",
    f",2024-02-06,Nobody,{EMAIL},,,,\r\n",
)
ORDERS = (
    '{"order_id":"O1","customer_id":"C100","ordered_at":"2024-01-10","note":"ring"}\n',
    '{"order_id":"O2","customer_id":"C101","ordered_at":"2024-01-11","note":"anna.berg@example.com"}\n',
    "\n",
    '{"order_id":"O3","customer_id":" C100 ","ordered_at":"2024-02-10"}\n',
    '{"order_id":"O4","customer_id":null,"ordered_at":"2024-02-12"}\n',
    '{"order_id":"O5","customer_id":"C1001","ordered_at":"2024-02-12"}',
)
TICKETS = (
    '{"ticket_id":"T1","customer_id":"C100","opened_at":"2024-01-12","text":"Where is it?"}\n',
    '{"ticket_id":"T2","customer_id":"C101","opened_at":"2024-01-12","text":"Ask '
    'anna.berg@example.com,\\nC100 or joanna.berg@example.com. C1001 \\"knows\\""}\n',
    '{"ticket_id":"T3","customer_id":null,"opened_at":"soon","text":"anna.berg@example.com"}\n',
)
EVENTS = (
    "event_id,occurred_at,visitor_id,customer_id,page\n",
    "E1,2024-01-02T10:00,V1,,/home\n",
    "E2,2024-01-02T10:01,V1,C100,/login\n",
    "E3,2024-01-03T10:01,V2,C100,/login\n",
    "E4,2024-01-04T10:01,V2,C101,/login\n",
    "E5,2024-01-05T10:01,V2,,/home\n",
    f"E6,2024-01-06T10:01,V3,,/reset?email={EMAIL}\n",
    "E7,2024-02-02T10:01,V1,,/again\n",
    "E8,2024-02-03T10:01,V4,C100,/login\n",
    "E9,2024-02-03T10:02,V4,,/home\n",
)
MENTIONS = (
    '{"mention_id":"M1","posted_at":"2024-01-20","platform":"x","handle":"Anna_B","text":"Bad"}\n',
    '{"mention_id":"M2","posted_at":"2024-01-21","platform":"x","handle":"@bo",'
    '"text":"as @Anna_B said, not @anna_bc"}\n',
)
ANSWERS = (
    "response_id,customer_id,sent_at,survey,order_id,comment\n",
    "R1,C100,2024-01-15,csat,O1,fine\n",
    "R2,,2024-01-16,csat,O1,anonymous\n",
    f'R3,C101,2024-01-17,csat,O2,"Call\n{PHONE}\n\nnow"\n',
    "R4,C100,2024-01-18\n",
    "R5,C101,2024-01-18\n",
    f"R6,C101,2024-01-19,csat,O2,see {EMAIL},stray\n",
)
GONE_ORDERS = (
    "order_id,customer_id,ordered_at\nO8,C101,2024-01-20\nO9,C100,2024-01-21\nO10,C100,soon\n"
)
# Bo uses that device too, as a file says that is not collected yet.
LATE_EVENTS = "event_id,occurred_at,visitor_id,customer_id\nE10,2024-05-03,V4,C101\n"
PENDING = "ticket_id,customer_id,opened_at\nT8,C101,2024-05-02\nT9,C100,2024-05-02\n"

# The places of the lines that go, and what the others become.
LEFT: dict[str, str] = {
    "customers/crm.csv": "".join((CUSTOMERS[0], *CUSTOMERS[2:4])),
    "orders/orders.jsonl": "".join(
        (ORDERS[1].replace(EMAIL, "[erased]"), ORDERS[2], ORDERS[4], ORDERS[5])
    ),
    "support_tickets/desk.jsonl": TICKETS[1]
    .replace(f"Ask {EMAIL}", "Ask [erased]")
    .replace(r"\nC100 ", r"\n[erased] "),
    "support_tickets/later.csv": PENDING.replace("T9,C100,2024-05-02\n", ""),
    "web_events/web.csv.gz": "".join(
        (EVENTS[0], *EVENTS[4:6], EVENTS[6].replace(EMAIL, "[erased]"), EVENTS[9])
    ),
    "social_mentions/feed.jsonl.gz": MENTIONS[1].replace("@Anna_B", "[erased]"),
    "survey_responses/answers.csv": "".join(
        (ANSWERS[0], ANSWERS[3].replace(PHONE, "[erased]"), ANSWERS[5])
    ),
    "erasure_requests/requests.csv": "request_id,customer_id,requested_at\n",
}


def parquet(rows: Mapping[str, Sequence[Any]], **options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(pa.table(rows), buffer, **options)
    return buffer.getvalue()


ITEMS = {
    "order_id": ["O1", "O2", "O3", "O9", "O2"],
    "line_number": [1, 1, 1, 1, 2],
    "ordered_at": ["2024-01-10", "2024-01-11", "2024-02-10", "2024-01-21", "2024-01-11"],
    "product_id": ["P1", "P1", "P2", "P2", "P3"],
    "quantity": [1, 2, 3, 4, 5],
    "unit_price": [9.5, 9.5, 7.0, 7.0, 1.0],
}
DELIVERIES = {
    "action_id": ["A1", "A2"],
    "customer_id": [ANNA, BO],
    "delivered_at": ["2024-02-01", "2024-02-02"],
    "remark": ["told", f"forwarded to {EMAIL}"],
}


def open_shop(zone: Zone) -> Settings:
    """Land everything, collect January to March, and take one file away again."""
    zone.put("customers/crm.csv", "".join(CUSTOMERS))
    zone.put("orders/orders.jsonl", "".join(ORDERS))
    zone.put(GONE, GONE_ORDERS)
    zone.put("order_items/items.parquet", parquet(ITEMS, compression="gzip", row_group_size=2))
    zone.put("web_events/web.csv.gz", "".join(EVENTS))
    zone.put("support_tickets/desk.jsonl", "".join(TICKETS))
    zone.put("support_tickets/later.csv", PENDING)
    zone.put("social_mentions/feed.jsonl.gz", "".join(MENTIONS))
    zone.put("survey_responses/answers.csv", "".join(ANSWERS))
    zone.put("action_deliveries/crm.parquet", parquet(DELIVERIES))
    zone.put(
        "erasure_requests/requests.csv",
        f"request_id,customer_id,requested_at\nQ1,{ANNA},2024-03-05\n",
    )
    for source in SOURCES:
        zone.run(COLLECTED, source)
    (zone.landing / GONE).unlink()
    zone.put("web_events/late.csv", LATE_EVENTS)
    outbox = zone.root / "outbox" / "actions" / "2024-02-01.parquet"
    outbox.parent.mkdir(parents=True)
    outbox.write_bytes(parquet({"action_id": ["A1", "A2"], "customer_id": [ANNA, BO]}))
    return settings_of(zone)


def settings_of(zone: Zone) -> Settings:
    return Settings.from_env({**os.environ, "CX_HOME": str(zone.root)})


def anna(zone: Zone) -> Person:
    """Anna, with the pseudonyms that the warehouse has of her; her name is another's too."""
    columns = ", ".join(IDENTIFIERS)
    rows = zone.query(f"select {columns} from collect.customers where customer_id = '{ANNA}'")
    tokens = frozenset(token for row in rows for token in row if token)
    names = frozenset(row[0] for row in rows)
    return Person(
        customer_ids=(ANNA,),
        identifiers={
            "full_name": (NAME,),
            "email": (EMAIL,),
            "phone": (PHONE,),
            "social_handle": (HANDLE,),
            "street": (STREET,),
        },
        tokens=tokens,
        shared=frozenset({NAME}) | names,
    )


def files(root: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }
