"""Over random files and random windows no row is lost, and the way there makes no difference."""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_assets.landing.sources import SOURCES
from cx_assets_tests.landing.zone import Zone, months

MONTHS = 4


@dataclass(frozen=True)
class Row:
    key: str
    time: str
    word: str

    @property
    def is_good(self) -> bool:
        return bool(self.key) and self.time.startswith("2024") and "-30" not in self.time


@dataclass(frozen=True)
class Layout:
    """The columns of a source that stand for a row's key, time and word."""

    source: str
    key: str
    time: str
    word: str
    also: tuple[str, ...] = ()

    @property
    def columns(self) -> list[str]:
        return [self.key, self.time, self.word, *self.also]


LAYOUTS = (
    Layout("orders", "order_id", "ordered_at", "channel", also=("customer_id",)),
    Layout("customers", "customer_id", "updated_at", "city"),
)
TIMES = [f"2024-{month:02d}-{day:02d}" for month in range(1, MONTHS + 1) for day in (1, 17)]
ROWS = st.builds(
    Row,
    key=st.sampled_from(["k1", "k2", "k3", 'k"4', ""]),
    time=st.sampled_from([*TIMES, *TIMES, "2024-02-30", "soon"]),
    word=st.sampled_from(["plain", 'two\nlines, and a "quote"']),
)
FILES = st.lists(
    st.tuples(
        st.sampled_from(["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"]),
        st.lists(ROWS, min_size=1, max_size=6),
    ),
    max_size=4,
)
CUTS = st.sets(st.integers(2, MONTHS)).map(sorted)


def content(layout: Layout, suffix: str, rows: Sequence[Row]) -> bytes:
    values = [(row.key, row.time, row.word, *("" for _ in layout.also)) for row in rows]
    if suffix == "parquet":
        columns = {name: [row[at] for row in values] for at, name in enumerate(layout.columns)}
        buffer = io.BytesIO()
        pq.write_table(pa.table(columns), buffer)
        return buffer.getvalue()
    if suffix.startswith("jsonl"):
        objects = (dict(zip(layout.columns, row, strict=True)) for row in values)
        return "".join(json.dumps(one) + "\n\n" for one in objects).encode()
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([layout.columns, *values])
    return text.getvalue().encode()


def survivors(layout: Layout, files: list[tuple[str, list[Row]]]) -> dict[tuple[date, str], Row]:
    """The row of each period and key that should be collected, worked out row by row."""
    kept: dict[tuple[date, str], Row] = {}
    for _, rows in files:
        for row in rows:
            if row.is_good:
                place = (date.fromisoformat(row.time).replace(day=1), row.key)
                is_newer = not SOURCES[layout.source].versioned or (
                    place not in kept or row.time >= kept[place].time
                )
                kept[place] = row if is_newer else kept[place]
    return kept


def land(zone: Zone, layout: Layout, files: list[tuple[str, list[Row]]]) -> None:
    for number, (suffix, rows) in enumerate(files):
        zone.put(f"{layout.source}/{number}.{suffix}", content(layout, suffix, rows))


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(layout=st.sampled_from(LAYOUTS), files=FILES, cuts=CUTS, backwards=st.booleans())
def test_every_row_is_somewhere_and_windows_make_no_difference(
    tmp_path_factory: pytest.TempPathFactory,
    layout: Layout,
    files: list[tuple[str, list[Row]]],
    cuts: list[int],
    backwards: bool,
) -> None:
    starts, ends = [1, *cuts], [*(cut - 1 for cut in cuts), MONTHS]
    windows = [months(*pair) for pair in zip(starts, ends, strict=True)]
    in_one, in_parts = (Zone(tmp_path_factory.mktemp("zone")) for _ in range(2))
    land(in_one, layout, files)
    land(in_parts, layout, files)

    accounts = in_one.run(months(1, MONTHS), layout.source)
    for window in reversed(windows) if backwards else windows:
        in_parts.run(window, layout.source)
    state = in_one.state(layout.source)
    assert in_parts.state(layout.source) == state
    in_one.run(windows[0], layout.source)
    assert in_one.state(layout.source) == state

    found = in_one.query(
        f"select period, {layout.key}, {layout.time}::date::varchar, {layout.word} "
        f"from collect.{layout.source}"
    )
    assert {(period, key): Row(key, time, word) for period, key, time, word in found} == (
        survivors(layout, files)
    )
    assert len(found) == len(survivors(layout, files))
    for number, (suffix, rows) in enumerate(files):
        account = accounts[f"{layout.source}/{number}.{suffix}"]
        assert account.rows == len(rows)
        assert account.rejected == sum(not row.is_good for row in rows)
        assert account.pending == 0


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(
    layout=st.sampled_from(LAYOUTS),
    turns=st.lists(st.tuples(FILES, st.integers(1, MONTHS), st.integers(1, MONTHS)), max_size=4),
)
def test_whatever_landed_before_a_full_run_gives_the_files_as_they_are(
    tmp_path_factory: pytest.TempPathFactory,
    layout: Layout,
    turns: list[tuple[list[tuple[str, list[Row]]], int, int]],
) -> None:
    """Files are rewritten between runs over any window; each run's accounts must balance."""
    zone = Zone(tmp_path_factory.mktemp("zone"))
    standing: dict[str, tuple[str, list[Row]]] = {}
    for files, one, other in turns:
        land(zone, layout, files)
        for number, file in enumerate(files):
            path = f"{layout.source}/{number}.{file[0]}"
            standing.pop(path, None)
            standing[path] = file
        zone.run(months(min(one, other), max(one, other)), layout.source)
    zone.run(months(1, MONTHS), layout.source)
    found = zone.query(f"select period, {layout.key}, {layout.word} from collect.{layout.source}")
    expected = survivors(layout, list(standing.values()))
    assert sorted(found) == sorted((*place, row.word) for place, row in expected.items())
    assert zone.query(
        "select path, rows, rejected, pending from collect.landing_files order by path"
    ) == [
        (path, len(rows), sum(not row.is_good for row in rows), 0)
        for path, (_, rows) in sorted(standing.items())
    ]
    assert zone.query("select count(*) from registry.file_periods where duplicates is null") == [
        (0,)
    ]


DEEDS = st.one_of(
    st.tuples(st.just("rewrite"), st.integers(0, 2), st.lists(ROWS, max_size=4)),
    st.tuples(st.sampled_from(["touch", "remove", "break", "link"]), st.integers(0, 2)),
)


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(
    layout=st.sampled_from(LAYOUTS),
    turns=st.lists(
        st.tuples(st.lists(DEEDS, max_size=3), st.integers(1, MONTHS), st.integers(1, MONTHS)),
        max_size=5,
    ),
)
def test_the_accounts_balance_whatever_happens_to_the_files(
    tmp_path_factory: pytest.TempPathFactory,
    layout: Layout,
    turns: list[tuple[list[tuple[Any, ...]], int, int]],
) -> None:
    zone = Zone(tmp_path_factory.mktemp("zone"))
    for deeds, one, other in turns:
        for deed, number, *rows in deeds:
            path = zone.landing / layout.source / f"{number}.csv"
            if deed == "touch" and path.is_file():
                zone.touch(path)
                continue
            path.unlink(missing_ok=True)
            if deed == "rewrite":
                zone.put(f"{layout.source}/{number}.csv", content(layout, "csv", *rows))
            elif deed == "break":
                zone.put(f"{layout.source}/{number}.csv", "no,such,columns\n")
            elif deed == "link":
                path.parent.mkdir(parents=True, exist_ok=True)
                path.symlink_to(zone.root)
        zone.run(months(min(one, other), max(one, other)), layout.source)
    zone.run(months(1, MONTHS), layout.source)
    state = zone.state(layout.source)
    zone.run(months(1, MONTHS), layout.source)
    assert zone.state(layout.source) == state
    assert (
        zone.query(
            "select path from collect.landing_files as f "
            f"left join (select source_file as path, count(*) as n from collect.{layout.source} "
            "group by all) using (path) "
            "where f.rows <> coalesce(n, 0) + duplicates + rejected + pending"
        )
        == []
    )
