"""How the landing files are written: their formats, atomically and always with the same bytes."""

import csv
import gzip
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

FORMATS: dict[str, str] = {
    "customers": "csv",
    "products": "parquet",
    "orders": "csv",
    "order_items": "parquet",
    "web_events": "parquet",
    "support_tickets": "jsonl",
    "social_mentions": "jsonl.gz",
    "survey_responses": "csv.gz",
    "action_assignments": "parquet",
    "action_deliveries": "parquet",
    "erasure_requests": "csv",
}

Ragged = Sequence[tuple[int, list[object]]]


def is_csv(source: str) -> bool:
    return FORMATS[source].startswith("csv")


def as_written(source: str, table: pa.Table) -> pa.Table:
    """The table with its times as ISO 8601 text, unless the format has times of its own."""
    if FORMATS[source] == "parquet":
        return table
    for position, column in enumerate(table.schema):
        if pa.types.is_timestamp(column.type):
            text = pc.replace_substring(table[column.name].cast(pa.string()), " ", "T")
            table = table.set_column(position, column.name, text)
    return table


def write(path: Path, table: pa.Table, ragged: Ragged = ()) -> None:
    """Writes one file in the format of its suffix; it appears whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    with _opened(unfinished, compressed=path.suffix == ".gz") as sink:
        if ".csv" in path.suffixes:
            _write_csv(sink, table, ragged)
        elif ".jsonl" in path.suffixes:
            table.to_pandas().to_json(sink, orient="records", lines=True, force_ascii=False)
        else:
            pq.write_table(table, sink, compression="zstd")
    unfinished.replace(path)


def landed_at(path: Path, seconds: int) -> None:
    """Sets the modification time (seconds since 1970)."""
    os.utime(path, (seconds, seconds))


@contextmanager
def _opened(path: Path, compressed: bool) -> Iterator[IO[bytes]]:
    with path.open("wb") as raw:
        if not compressed:
            yield raw
            return
        # A gzip header holds a name and a time, which would differ from run to run.
        with gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=3, mtime=0) as sink:
            yield sink  # type: ignore[misc]


def _write_csv(sink: IO[bytes], table: pa.Table, ragged: Ragged) -> None:
    with pa.csv.CSVWriter(sink, table.schema) as writer:
        done = 0
        for position, row in ragged:
            writer.write_table(table.slice(done, position - done))
            sink.write(_line(row))
            done = position
        writer.write_table(table.slice(done))


def _line(row: list[object]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue().encode()
