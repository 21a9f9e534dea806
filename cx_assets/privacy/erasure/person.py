"""Who is to be erased, and by which keys the rows of tables and landing files are theirs.

A key is written as a tag, `order_id/O17`. The tags live in a temporary table, so thousands of
people cost one join. Some tags lead from one landing file to another, and would be lost with the
first of them: they are remembered in the warehouse until all is done (`remember`, `forget`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from cx_assets.columns import Column
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import literal, table_sql

HANDLE = "social_handle"
IDENTIFIERS = ("full_name", "email", "phone", HANDLE, "street")

_KINDS = {
    "survey_responses": "response_id/",
    "support_tickets": "ticket_id/",
    "social_mentions": "mention_id/",
}
_TEXT_KIND = " ".join(f"when {literal(name)} then {literal(kind)}" for name, kind in _KINDS.items())
# What is learned from a row of theirs: it has no meaning for anybody else.
LEARNED = (
    "ticket_id",
    "mention_id",
    "response_id",
    "action_id",
    "plan_id",
    "event_id",
    "session_id",
    "case_id",
)
# What others may share: it is theirs where only they are seen with it.
OWNED = ("order_id", "visitor_id")
# The tag of each column that leads to a person, in SQL.
TAGS: dict[str, str] = {
    "customer_id": "'customer_id/' || trim(customer_id::varchar)",
    "handle": "'handle/' || lower(ltrim(trim(handle::varchar), '@'))",
    **{name: f"'{name}/' || {name}" for name in (*LEARNED, *OWNED)},
    "moment_id": "'response_id/' || moment_id",
    "text_id": f"case source {_TEXT_KIND} end || text_id",
}

_TAG = (Column("tag", "VARCHAR", "A key as kind/value."),)
_OWNER = (*_TAG, Column("is_theirs", "BOOLEAN", "Whether all who are seen with it go."))
_REMEMBERED = "registry.erasing"


@dataclass(frozen=True)
class Person:
    """One person; what is in `shared` is also that of somebody who stays.

    Args:
        identifiers: the plain values by kind: full_name, email, phone, social_handle, street.
        tokens: the keyed pseudonyms that stand for them in the warehouse.
        shared: those identifiers and tokens by which nothing may be removed.
    """

    customer_ids: tuple[str, ...]
    identifiers: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    tokens: frozenset[str] = field(default=frozenset(), repr=False)
    shared: frozenset[str] = field(default=frozenset(), repr=False)

    def __post_init__(self) -> None:
        unknown = self.identifiers.keys() - set(IDENTIFIERS)
        if unknown:
            raise ValueError(f"no kinds of identifiers: {sorted(unknown)}; use {IDENTIFIERS}")

    @property
    def tags(self) -> set[str]:
        """The tags that are known of the person from the start."""
        handles = {one for one in self.identifiers.get(HANDLE, ()) if one not in self.shared}
        spellings = {handle.strip().lstrip("@").lower() for handle in handles}
        return {f"customer_id/{one.strip()}" for one in self.customer_ids} | {
            f"handle/{one}" for one in spellings | (self.tokens - self.shared)
        }


@dataclass(frozen=True)
class Keys:
    """The temporary tables: `tags` that are theirs, and who is seen with the tags of OWNED."""

    tags: str
    owners: str

    def is_theirs(self, columns: Collection[str]) -> str | None:
        """An SQL condition on a table of these columns; None where none of them leads to a person.

        A row with the customer of somebody else is somebody else's, whatever other keys it has.
        """
        found = {name: f"{tag} in (from {self.tags})" for name, tag in TAGS.items()}
        found = {name: test for name, test in found.items() if name in columns}
        if "text_id" in found and "source" not in columns:
            del found["text_id"]
        own = found.pop("customer_id", None)
        others = " or ".join(found.values())
        if own and others:
            return f"({own} or (customer_id is null and ({others})))"
        return own or (f"({others})" if others else None)

    def add_owners(self, session: Session, table: str, columns: Collection[str]) -> None:
        """Note who is seen with the orders and visitors of a table."""
        for name in OWNED:
            if name in columns and "customer_id" in columns:
                session.append(
                    self.owners,
                    f"select {TAGS[name]} as tag, "
                    f"bool_and({TAGS['customer_id']} in (from {self.tags})) as is_theirs "
                    f"from {table} where {name} is not null and customer_id is not null "
                    "group by tag",
                )

    def settle_owners(self, session: Session) -> None:
        """The orders and visitors that are theirs alone."""
        self._add(session, f"select tag from {self.owners} group by tag having bool_and(is_theirs)")

    def learn(self, session: Session, tables: Mapping[str, Collection[str]]) -> None:
        """Add the keys of the rows that are theirs, until there are no more."""
        queries = [
            f"select {TAGS[name]} from {table} where {self.is_theirs(columns)}"
            for table, columns in tables.items()
            for name in LEARNED
            if name in columns
        ]
        before = -1
        while before != (before := self._size(session)):
            for query in queries:
                self._add(session, query)

    def remember(self, session: Session) -> None:
        """Keep what cannot be found again once the first landing file is rewritten."""
        kept = " or ".join(f"starts_with(tag, '{name}/')" for name in (*LEARNED, *OWNED))
        with session.transaction():
            session.execute("create schema if not exists registry")
            session.execute(
                f"create or replace table {_REMEMBERED} as from {self.tags} where {kept}"
            )

    def _add(self, session: Session, query: str) -> None:
        session.append(
            self.tags,
            f"select distinct tag from ({query}) as t(tag) anti join {self.tags} using (tag)"
            " where tag is not null",
        )

    def _size(self, session: Session) -> int:
        return int(session.rows(f"select count(*) from {self.tags}")[0][0])


def forget(session: Session) -> None:
    """Nothing is left to do; the caller holds the transaction."""
    session.execute(f"drop table if exists {_REMEMBERED}")


def known_keys(session: Session, people: Sequence[Person]) -> Keys:
    """The keys that are known without looking: the people's own, and what was remembered."""
    keys = Keys(
        session.stage("erasing.tags", _TAG),
        session.stage("erasing.owners", _OWNER),
    )
    tags: set[str] = set().union(*(person.tags for person in people))
    session.append(keys.tags, pa.table({"tag": pa.array(sorted(tags), pa.string())}))
    if session.columns(_REMEMBERED):
        session.append(keys.tags, f"from {_REMEMBERED}")
    return keys


def theirs(session: Session, keys: Keys) -> None:
    """Add the keys by which the warehouse knows them: orders, answers, sole visitors ...

    The owners that the landing files show must have been added: a file that was not collected yet
    may show that a visitor is not theirs alone.
    """
    tables = {table_sql(name): columns for name, columns in tables_with(session, TAGS).items()}
    for table, columns in tables.items():
        # Other tables repeat an order's customer, or name an order that is somebody else's.
        owns = set(columns) - (set() if table.endswith('"orders"') else {"order_id"})
        keys.add_owners(session, table, owns)
    keys.settle_owners(session)
    keys.learn(session, tables)


def tables_with(session: Session, wanted: Collection[str] = ()) -> dict[str, list[str]]:
    """The tables that have one of these columns, or any, with all their columns."""
    listed = ", ".join(map(literal, wanted))
    having = f"having bool_or(column_name in ({listed}))" if wanted else ""
    rows = session.rows(f"""
        select schema_name || '.' || table_name, list(column_name order by column_index)
        from duckdb_columns()
        semi join (
            select database_name, schema_name, table_name
            from duckdb_tables() where not internal and not temporary
        ) as base using (database_name, schema_name, table_name)
        where database_name = current_database()
        group by all {having} order by all
    """)
    return {table: columns for table, columns in rows if not table.startswith("registry.")}
