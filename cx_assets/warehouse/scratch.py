"""Work that is too large for one statement: tables for a while, and customers in parts."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from cx_assets.columns import Column
from cx_assets.warehouse.interface import Session


@contextmanager
def scratch(
    session: Session, owner: str, tables: Mapping[str, Sequence[Column]]
) -> Iterator[dict[str, str]]:
    """Empty temporary tables by their names in `tables`, dropped at the end.

    Args:
        owner: the table that they are for, written schema.table.
    """
    staged = {name: session.stage(f"{owner}.{name}", columns) for name, columns in tables.items()}
    try:
        yield staged
    finally:
        for table in staged.values():
            session.execute(f"drop table {table}")


def hash_parts(size: int, most: int) -> Iterator[dict[str, str]]:
    """Half-open ranges of hexadecimal hashes, part_start to part_end, that are all of them.

    Args:
        size: rows in all.
        most: about so many in a part.
    """
    number = max(1, -(-size // most))
    bounds = [f"{part * 16**8 // number:08x}" for part in range(number)]
    for start, end in zip(bounds, [*bounds[1:], "g"], strict=True):
        yield {"part_start": start, "part_end": end}
