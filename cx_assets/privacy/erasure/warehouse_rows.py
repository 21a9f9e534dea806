"""The rows of people in every table of the warehouse, by whatever key column the table has.

Tables of aggregates have no such column and stay as they are. In what others wrote, identifiers are
masked. Rejected rows that name a person go
as a whole, with their place in the account of their file: rows = collected + duplicates + rejected
+ pending holds of what is left.
"""

from collections.abc import Sequence

import pyarrow as pa

from cx_assets.columns import Column
from cx_assets.privacy.erasure.needles import SHORTEST, Needle, may_hold_sql, replaced
from cx_assets.privacy.erasure.person import TAGS, Keys, tables_with
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import quoted, table_sql

_REJECTED = "registry.rejected_rows"
_PLACES = (
    Column("source_file", "VARCHAR", "The file."),
    Column("source_line", "BIGINT", "The line."),
)


def delete_rows(session: Session, keys: Keys, needles: Sequence[Needle]) -> dict[str, int]:
    """Delete their rows from every table; the caller holds the transaction.

    Returns:
        The rows deleted, by table.
    """
    deleted = {}
    for table, columns in tables_with(session, TAGS).items():
        condition = keys.is_theirs(columns)
        if condition is None:
            continue
        if "source_file" in columns and "period" in columns:
            _take_off_accounts(session, table, condition)
        where = f"from {table_sql(table)} where {condition}"
        ((rows,),) = session.rows(f"select count(*) {where}")
        if rows:
            session.execute(f"delete {where}")
            deleted[table] = rows
    if rejected := _delete_rejected(session, needles):
        deleted[_REJECTED] = rejected
    return deleted


def mask_texts(session: Session, needles: Sequence[Needle]) -> dict[str, int]:
    """Mask the identifiers in the texts of other people's rows; the caller holds the transaction.

    Returns:
        The different texts changed, by table.
    """
    wanted = [one for one in needles if one.is_distinctive and not one.shared]
    ids = {one.text for one in wanted if one.kind == "customer_id"}
    changed: dict[str, int] = {}
    for table, columns in tables_with(session).items():
        kinds = session.columns(table)
        for name in columns:
            if kinds[name] != "VARCHAR" or name.endswith("_id") or name == "source_file":
                continue
            test, parameters = may_hold_sql(quoted(name), wanted)
            texts = session.rows(
                f"select distinct {quoted(name)} from {table_sql(table)} where {test}", parameters
            )
            # A value that is an id as a whole is a thing's with the same name.
            pairs = [
                (old, new)
                for (old,) in texts
                if old not in ids and (new := replaced(old, wanted)) != old
            ]
            for old, new in pairs:
                session.execute(
                    f"update {table_sql(table)} set {quoted(name)} = $new "
                    f"where {quoted(name)} = $old",
                    {"old": old, "new": new},
                )
            if pairs:
                changed[table] = changed.get(table, 0) + len(pairs)
    return changed


def _take_off_accounts(session: Session, table: str, condition: str) -> None:
    """Rows that are deleted from a source's table have not landed either.

    It matters for files that are gone; those that are there are read again.
    """
    lost = (
        f"(select source_file as path, period, count(*) as n from {table_sql(table)} "
        f"where {condition} group by all)"
    )
    session.execute(f"""
        update registry.file_periods set rows = rows - n from {lost} as lost
        where file_periods.path = lost.path and file_periods.period = lost.period
    """)
    session.execute(f"""
        update registry.files set rows = rows - n
        from (select path, sum(n)::bigint as n from {lost} group by path) as lost
        where files.path = lost.path
    """)


def _delete_rejected(session: Session, needles: Sequence[Needle]) -> int:
    wanted = [one for one in needles if not one.shared and len(one.text) >= SHORTEST]
    shown = "concat_ws(chr(10), reason, payload)"
    test, parameters = may_hold_sql(shown, wanted)
    rows = [
        (file, line)
        for file, line, text in session.rows(
            f"select source_file, source_line, {shown} from {_REJECTED} where {test}", parameters
        )
        if any(one.found_in(text) for one in wanted)
    ]
    places = session.stage("erasing.rejected", _PLACES)
    files, lines = [file for file, _ in rows], [line for _, line in rows]
    session.append(
        places,
        pa.table(
            {
                "source_file": pa.array(files, pa.string()),
                "source_line": pa.array(lines, pa.int64()),
            }
        ),
    )
    session.execute(f"""
        update registry.files set rows = rows - n, rejected = rejected - n
        from (select source_file, count(*) as n from {places} group by all) as lost
        where path = source_file
    """)
    session.execute(
        f"delete from {_REJECTED} "
        f"where (source_file, source_line) in (select (source_file, source_line) from {places})"
    )
    return len(rows)
