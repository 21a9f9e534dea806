"""Good landing files, and what can happen to them on their way. Pure functions of their arguments.

The same damages are drawn by a seed (`damages`), by Hypothesis in the tests and by Atheris.
"""

import csv
import gzip
import io
import json
from dataclasses import dataclass
from random import Random
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq

Kind = Literal["flip", "drop", "truncate", "insert", "repeat", "swap", "reencode", "append"]
KINDS: tuple[Kind, ...] = (
    "flip",
    "drop",
    "truncate",
    "insert",
    "repeat",
    "swap",
    "reencode",
    "append",
)
ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-8-sig", "utf-7", "cp037")
# What parsers trip over.
TOKENS = (
    b"\x00",
    b"\r",
    b"\r\n",
    b"\n\n",
    b'"',
    b'""',
    b"'",
    b",",
    b",,,,,,,,",
    b"\\",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"{" * 500,
    b"[" * 5_000,
    b'{"a":' * 300,
    b"\\ud800",
    b"\\u0000",
    b"1e999999",
    b"-",
    b"9" * 400,
    b"NaN",
    b"x" * 70_000,
    b"\x1a",
    b"\x1f\x8b\x08\x00",
    b"PAR1",
    b"\xff" * 8,
    b"\x00" * 64,
    b"'; drop table x --",
    "\u202e\u2028\u0085\ufeff".encode(),
)


@dataclass(frozen=True)
class Damage:
    """One thing that happened to a file; `at` and `to` are places in it, from 0 to 1.

    `inside` says whether it happened before the file was compressed, where it is.
    """

    kind: Kind
    at: float
    to: float
    size: int
    choice: int
    inside: bool

    def done_to(self, data: bytes) -> bytes:
        start, other = int(self.at * len(data)), int(self.to * len(data))
        end = start + self.size
        match self.kind:
            case "flip":
                changed = bytes(byte ^ (self.choice % 255 + 1) for byte in data[start:end])
                return data[:start] + changed + data[end:]
            case "drop":
                return data[:start] + data[end:]
            case "truncate":
                return data[:start]
            case "insert":
                return data[:start] + self._token() + data[start:]
            case "repeat":
                return data[:end] + data[start:]
            case "swap":
                low, high = sorted((start, other))
                return data[:low] + data[high:] + data[low:high]
            case "reencode":
                text = data.decode("utf-8", "replace")
                return text.encode(ENCODINGS[self.choice % len(ENCODINGS)], "replace")
            case "append":
                return data + self._token()

    def _token(self) -> bytes:
        return TOKENS[self.choice % len(TOKENS)]


def damaged(name: str, data: bytes, damages: list[Damage]) -> bytes:
    """The bytes of a file, given the good ones before compression, after all that happened."""
    for damage in damages:
        if damage.inside:
            data = damage.done_to(data)
    if name.endswith(".gz"):
        data = gzip.compress(data, 1, mtime=0)
    for damage in damages:
        if not damage.inside:
            data = damage.done_to(data)
    return data


def damages(random: Random) -> list[Damage]:
    """One to three damages, most of them small."""
    return [
        Damage(
            kind=random.choice(KINDS),
            at=random.random(),
            to=random.random(),
            size=int(2 ** random.uniform(0, 10)),
            choice=random.randrange(1_000),
            inside=random.random() < 0.7,
        )
        for _ in range(random.choice((1, 1, 1, 2, 3)))
    ]


def good_files(source: str) -> dict[str, bytes]:
    """Good files of a source by their names, a `.gz` not compressed yet; 40 rows each."""
    rows = ORDERS if source == "orders" else TICKETS
    names = list(rows[0])
    table = io.StringIO()
    writer = csv.DictWriter(table, names, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    text = table.getvalue().encode()
    objects = "".join(json.dumps(row, ensure_ascii=n % 2 == 0) + "\n" for n, row in enumerate(rows))
    arrow = pa.Table.from_pylist(rows)
    typed = arrow.append_column("extra", pa.array([[n, None] for n in range(len(rows))]))
    return {
        "a.csv": text,
        "b.csv": text.replace(b"\n", b"\r\n"),
        "c.csv.gz": text,
        "d.jsonl": objects.encode(),
        "e.jsonl.gz": objects.encode(),
        "f.parquet": _parquet(arrow, compression="none"),
        "g.parquet": _parquet(typed, compression="zstd", row_group_size=7, version="2.4"),
        "h.parquet": _parquet(
            arrow, compression="snappy", use_dictionary=False, data_page_version="2.0"
        ),
    }


def _parquet(table: pa.Table, **options: object) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(table, buffer, **options)
    return buffer.getvalue()


ORDERS: list[dict[str, object]] = [
    {
        "order_id": f"o{n}",
        "customer_id": f"c{n % 7}",
        "ordered_at": f"2024-0{n % 6 + 1}-1{n % 10}T12:30:0{n % 10}Z",
        "status": ("placed", "shipped", "delivered", "cancelled", "returned")[n % 5],
        "channel": ("web", 'a "shop", in town', "zwei\nZeilen", "网店 🛒")[n % 4],
        "discount": n / 8,
    }
    for n in range(40)
]
TICKETS: list[dict[str, object]] = [
    {
        "ticket_id": f"t{n}",
        "customer_id": f"c{n % 7}",
        "opened_at": f"2024-0{n % 6 + 1}-1{n % 10}",
        "topic": "delivery",
        "text": f'It is late again,\nand I said so {n} times: "soon". Call me at +49 30 90{n}182.',
    }
    for n in range(40)
]
