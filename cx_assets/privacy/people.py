"""Whom an erasure request is about: all that identifies the person, and what others share."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from cx_assets.columns import Column
from cx_assets.landing.sources import CUSTOMERS
from cx_assets.privacy.erasure import Person
from cx_assets.privacy.guard import Guard
from cx_assets.privacy.pseudonyms import pads, pseudonym_sql
from cx_assets.privacy.tombstones import TELLING
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import literal, quoted

VALUES = (
    Column("number", "BIGINT", "Number of the request."),
    Column("field", "VARCHAR", "The field of the CRM's row."),
    Column("value", "VARCHAR", "What it holds."),
)


class Asking(Protocol):
    """What a request says, and the name under which the vault keeps whom it is about."""

    @property
    def customer_id(self) -> str: ...
    @property
    def requested_at(self) -> datetime: ...
    @property
    def subject(self) -> str: ...


@dataclass(frozen=True)
class Erased:
    """A person who is to be forgotten; `subject` is the pseudonym of the customer.

    `telling` are the pseudonyms by which a later landing of the person is recognised, `subject`
    first.
    """

    person: Person
    requested_at: datetime
    subject: str
    telling: list[str] = field(repr=False)


def people_of(session: Session, guard: Guard, requests: Sequence[Asking]) -> list[Erased]:
    """The person of each request, in order; what the vault has under the request's subject."""
    values = session.stage("erasing.values", VALUES)
    rows = [
        (number, name, value)
        for number, request in enumerate(requests)
        for identity in guard.vault.reveal(request.subject)
        for name, value in identity.items()
        if name != "customer_id"
    ]
    columns = zip(*rows, strict=True) if rows else ((), (), ())
    types = (pa.int64(), pa.string(), pa.string())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    session.append(values, pa.table(arrays, [column.name for column in VALUES]))
    ids = [request.customer_id for request in requests]
    pseudonyms = session.rows(_pseudonyms(values), pads(guard.key)) if rows else []
    shared = _shared(session, {token for *_, token in pseudonyms}, ids)

    found: dict[int, list[tuple[str, str, str]]] = defaultdict(list)
    for number, name, value, token in pseudonyms:
        found[number].append((name, value, token))
    return [
        _erased(request, guard.subject(request.customer_id), found[number], shared)
        for number, request in enumerate(requests)
    ]


def _erased(
    request: Asking, subject: str, found: list[tuple[str, str, str]], shared: set[str]
) -> Erased:
    kinds = {field.name: field.identifies for field in CUSTOMERS.identifiers}
    identifiers: dict[str, set[str]] = defaultdict(set)
    for name, value, _ in found:
        identifiers[name].add(value)
    person = Person(
        (request.customer_id,),
        {name: tuple(sorted(values)) for name, values in identifiers.items()},
        frozenset({subject, *(token for *_, token in found)}),
        frozenset(one for _, *both in found if both[1] in shared for one in both),
    )
    telling = {token for name, _, token in found if kinds[name] in TELLING and token not in shared}
    return Erased(person, request.requested_at, subject, [subject, *sorted(telling)])


def _pseudonyms(values: str) -> str:
    """Query: (number, field, value, pseudonym)."""
    return " union all ".join(
        f"select number, field, value, {pseudonym_sql(one.identifies, 'value')} from "
        f"(select distinct * from {values}) where field = {literal(one.name)}"
        for one in CUSTOMERS.identifiers
        if one.identifies
    )


def _shared(session: Session, tokens: set[str], ids: Sequence[str]) -> set[str]:
    """Those pseudonyms that somebody who stays has as well."""
    standing = session.columns("collect.customers")
    fields = [quoted(one.name) for one in CUSTOMERS.identifiers if one.name in standing]
    if not tokens or not fields:
        return set()
    query = " union ".join(
        f"select {name} from collect.customers where {name} in (select unnest($tokens)) "
        "and customer_id not in (select unnest($ids))"
        for name in fields
    )
    return {token for (token,) in session.rows(query, {"tokens": sorted(tokens), "ids": list(ids)})}
