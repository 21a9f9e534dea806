"""A world whose customers, products, categories and files are named like an attack on SQL.

`'; drop table collect.orders; --` is a customer, has features and a segment, and is recommended
things; nothing else happens.
"""

import csv
import gzip
import io
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from zlib import crc32

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cx_assets.settings import Settings
from cx_assets_tests.e2e.graph import KEYS, build, tables

pytestmark = pytest.mark.slow

NAMES = (
    "'; drop table collect.orders; -- {}",
    '"; drop schema process cascade; -- {}',
    "$period_start {}",
    "$1 ? :x @x {}",
    "{{x}} {{0}} {{{{ ref('y') }}}} {}",
    "%s %(x)s %% {}",
    "’ or ‘1’=’1 “{}”",
    "\\' \\\" \\x00 \\ {}",
    "/* {} */",
    "two\nlines {}",
    "$x^{{ \\frac{{1}}{{0}}$ {}",
    "=cmd|' /C calc'!A0 {}",
    "../../../../etc/{}",
    "<script>alert(1)</script> | {}",
    "null {}",
    "\u202e\u200b{}",
)
FILE_NAMES = ("'; drop table x; --", '"; drop', "$period_start", "{x} %s", "[a-z]*?", "two\nlines")
RENAMED = {
    "customer_id",
    "product_id",
    "category",
    "channel",
    "topic",
    "page",
    "device",
    "referrer",
    "city",
    "country",
    "gender",
    "order_id",
}


def hostile(column: str, value: object) -> object:
    """The name that stands for a value, always the same one."""
    if column not in RENAMED or value in (None, ""):
        return value
    return NAMES[crc32(str(value).encode()) % len(NAMES)].format(value)


def hostile_file(path: Path) -> bytes:
    """The content of a landing file under hostile names; what is broken in it stays broken."""
    if path.suffix == ".parquet":
        table = pq.read_table(path)
        columns = {
            name: pa.array([hostile(name, value) for value in column.to_pylist()], column.type)
            if name in RENAMED
            else column
            for name, column in zip(table.column_names, table.columns, strict=True)
        }
        buffer = io.BytesIO()
        pq.write_table(pa.table(columns), buffer)
        return buffer.getvalue()
    data = path.read_bytes()
    packed = path.suffix == ".gz"
    text = (gzip.decompress(data) if packed else data).decode("utf-8-sig")
    found = "".join(hostile_lines(text, is_csv=".csv" in path.suffixes)).encode()
    return gzip.compress(found) if packed else found


def hostile_lines(text: str, is_csv: bool) -> Iterator[str]:
    if not is_csv:
        for line in text.splitlines():
            row = json.loads(line)
            yield json.dumps({name: hostile(name, value) for name, value in row.items()}) + "\n"
        return
    rows = csv.reader(io.StringIO(text, newline=""))
    header = next(rows)
    names = [name.strip().lower() for name in header]
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        renamed = [hostile(name, value) for name, value in zip(names, row, strict=False)]
        writer.writerow([*renamed, *row[len(renamed) :]])
    yield target.getvalue()


def land(source: Path, landing: Path) -> set[str]:
    """Every file under a hostile path; returns the paths."""
    landed = set()
    for number, path in enumerate(sorted(path for path in source.rglob("*") if path.is_file())):
        folder = f"{path.parent.name}/{FILE_NAMES[number % len(FILE_NAMES)]}"
        name = f"{folder}/{FILE_NAMES[-number % len(FILE_NAMES)]} {path.name}"
        (landing / folder).mkdir(parents=True, exist_ok=True)
        (landing / name).write_bytes(hostile_file(path))
        landed.add(name)
    return landed


def test_names_are_only_names(small_landing: Path, tmp_path: Path) -> None:
    settings = Settings.from_env({**os.environ, "CX_HOME": str(tmp_path / "home")})
    landed = land(small_landing, settings.landing)
    build(settings, KEYS[-3], KEYS[-1])

    found = tables(settings)
    assert landed <= set(found["collect.landing_files"]["path"].to_pylist())
    assert not any(found["collect.landing_files"]["error"].to_pylist())
    named = {
        column: {
            value
            for table in found.values()
            if column in table.column_names
            for value in table[column].drop_null().to_pylist()
        }
        for column in ("customer_id", "product_id")
    }
    shapes = [re.compile(re.escape(name.format("ID")).replace("ID", r"\w+")) for name in NAMES]
    for values in named.values():
        assert [value for value in values if not any(s.fullmatch(value) for s in shapes)] == []
    segmented = set(found["analyze.segments"]["customer_id"].to_pylist())
    assert segmented == set(found["features.customer_features"]["customer_id"].to_pylist())
    assert [shape for shape in shapes if not any(map(shape.fullmatch, segmented))] == []
    for name in ("analyze.association_rules", "personalize.recommendations", "process.orders"):
        assert found[name].num_rows, name
