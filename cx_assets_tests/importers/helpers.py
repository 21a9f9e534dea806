"""What every import is held to."""

import hashlib
from pathlib import Path
from typing import Any

import duckdb

from cx_assets.landing.sources import SOURCES


def rows(landing: Path, source: str, sql: str = "select *") -> list[tuple[Any, ...]]:
    """Rows of all landing files of one source, the way a reader of the landing zone finds them."""
    return duckdb.sql(f"{sql} from '{landing}/{source}/**/*.parquet'").fetchall()


def scalar(landing: Path, source: str, expression: str) -> Any:
    return rows(landing, source, f"select {expression}")[0][0]


def digests(landing: Path) -> dict[str, str]:
    """Every file under the landing zone, hidden ones too, with the hash of its bytes."""
    return {
        str(path.relative_to(landing)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in landing.rglob("*")
        if path.is_file()
    }


def assert_keeps_the_contract(landing: Path, source: str) -> None:
    declared = SOURCES[source]
    described = rows(landing, source, "describe select *")
    types = {name: column_type for name, column_type, *_ in described}
    assert set(declared.owed) <= set(types)
    assert types == {name: declared.field(name).sql_type for name in types}

    broken = []
    for name in types:
        field = declared.field(name)
        if field.need == "value":
            broken.append(f"{name} is null")
        if field.one_of:
            broken.append(f"{name} not in ({', '.join(map(repr, field.one_of))})")
        if field.minimum is not None:
            broken.append(f"{name} < {field.minimum}")
        if field.sql_type == "VARCHAR":
            broken.append(f"length({name}) not between 1 and {field.max_length}")
    assert scalar(landing, source, f"count(*) filter ({' or '.join(broken)})") == 0

    # Two states of one thing have two times; an event happens once.
    key = [*declared.key, declared.event_time] if declared.versioned else list(declared.key)
    assert scalar(landing, source, f"count(*) - count(distinct ({', '.join(key)}))") == 0

    order = (declared.event_time, *declared.key)
    written = rows(landing, source, f"select {', '.join(order)}")
    assert written == sorted(written)
