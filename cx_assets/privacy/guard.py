"""The door: what comes from the landing zone has no identifiers left when it gets past here.

Direct identifiers become keyed pseudonyms, texts are scrubbed, rejected rows show nothing that
names a person, and who was erased stays out. The identifiers themselves go to the vault, once the
rows are about to be promoted.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Self

from cx_assets.landing.contract import Source
from cx_assets.landing.temporary import create, pages
from cx_assets.privacy import keys, tombstones
from cx_assets.privacy.pseudonyms import pads, pseudonym, pseudonym_sql
from cx_assets.privacy.texts import known_names, name_keys, scrubbed
from cx_assets.privacy.vault import Identity, Vault
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.names import literal, quoted

# An e-mail address, or a user's name before the host, plain or escaped.
IN_ADDRESS = r"[^/?&=#;:\s]+(@|%40)[^/?&=#;:\s]+"
IS_TEST = "(^|[^a-z])test(s|er|ing)?([^a-z]|$)|测试"


@dataclass(frozen=True)
class Guarded:
    """Temporary tables of rows without identifiers, and of what `Guard.keep` puts into the vault.

    `typed` is as in `Reading`, with `erased` (whether a tombstone keeps the row out) and, of
    people, is_test_account and name_keys; `rejects` has the columns of rejected_rows. `people`
    (None where the source knows none) has raw identifiers.
    """

    typed: str
    rejects: str
    consents: str
    people: str | None


@dataclass(frozen=True)
class Guard:
    """The door of one installation."""

    vault: Vault

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """
        Raises:
            keys.KeyProblem: a key is missing, malformed or readable by others.
        """
        return cls(Vault(settings.vault, keys.load(settings.keys, settings.vault)))

    @property
    def key(self) -> bytes:
        return self.vault.keys.pseudonym

    def subject(self, customer_id: str) -> str:
        """The pseudonym of a customer, under which the vault keeps what identifies the person."""
        return pseudonym(self.key, "customer", customer_id)

    def protect(self, session: Session, source: Source, typed: str, rejects: str) -> Guarded:
        """The rows of a reading without identifiers; the reading's own two tables are dropped.

        Texts are scrubbed of the names of those customers whom collect.customers knew in the row's
        period or earlier, so a range run and single runs scrub the same.
        """
        stones = session.stage(f"{source.name}.tombstones", tombstones.COLUMNS)
        standing = tombstones.standing(self.vault)
        session.append(stones, standing)
        found = tombstones.hits(source, typed, stones, any_stones=standing.num_rows > 0)
        hits = self._create(session, source, "hits", found)
        consents = create(session, source, "consents", tombstones.consents(source, typed, hits))
        judged = create(session, source, "judged", tombstones.judged(source, typed, hits, consents))

        is_read = bool(source.texts) or bool(session.rows(f"from {rejects} limit 1"))
        names = known_names(session, source, is_read)
        guarded = self._without_identifiers(session, source, judged, names)
        shown = self._without_texts(session, source, rejects, names)
        people = self._people(session, source, judged) if source.knows_people else None
        for table in (typed, rejects, stones, hits, judged, names):
            session.execute(f"drop table {table}")
        return Guarded(guarded, shown, consents, people)

    def keep(
        self, session: Session, source: Source, guarded: Guarded, window: Mapping[str, date]
    ) -> None:
        """Seal the identifiers of the rows in the window [start, end), and let in who agreed again.

        To be called before these rows are promoted: whoever is in the warehouse is in the vault.
        """
        if guarded.people:
            self.vault.put(_identities(session, source, guarded.people, window))
            session.execute(f"drop table {guarded.people}")
        lifted = dict(session.rows(f"select person, consent_at from {guarded.consents}"))
        tombstones.lift(self.vault, lifted)

    def _without_identifiers(
        self, session: Session, source: Source, judged: str, names: str
    ) -> str:
        """The judged rows with pseudonyms, scrubbed texts, and what is known of people's names."""
        values = [
            f"{pseudonym_sql(field.identifies, f't.{quoted(field.name)}')} as {quoted(field.name)}"
            for field in source.identifiers
            if field.identifies
        ]
        values += [
            f"regexp_replace(t.{quoted(field.name)}, {literal(IN_ADDRESS)}, '[email]', 'gi') "
            f"as {quoted(field.name)}"
            for field in source.fields
            if field.is_address
        ]
        joins, traces = [], []
        for field in source.texts:
            name, new = quoted(field.name), quoted(f"new {field.name}")
            texts = scrubbed(session, source, judged, field.name, names, self.key)
            joins.append(f"left join {texts} as {new} using (source_file, source_line)")
            values.append(f"coalesce({new}.text, t.{name}) as {name}")
        if source.knows_people:
            found = name_keys(session, source, judged, self.key)
            joins.append(f"left join {found} as found using (source_file, source_line)")
            said = "concat_ws(' ', lower(t.email), lower(t.full_name))"
            traces = [
                f"regexp_matches({said}, {literal(IS_TEST)}) as is_test_account",
                "found.name_keys",
            ]
        rows = f"t.* replace ({', '.join(values)})" if values else "t.*"
        query = f"select {', '.join([rows, *traces])} from {judged} as t {' '.join(joins)}"
        return self._create(session, source, "guarded", query)

    def _without_texts(self, session: Session, source: Source, rejects: str, names: str) -> str:
        """The rejected rows with their payload scrubbed."""
        rows = create(
            session, source, "unscrubbed", f"select *, null::date as period from {rejects}"
        )
        texts = scrubbed(session, source, rows, "payload", names, self.key)
        return create(
            session,
            source,
            "shown rejects",
            f"""
            select r.* replace (coalesce(new.text, payload) as payload)
            from {rejects} as r left join {texts} as new using (source_file, source_line)
            """,
        )

    def _people(self, session: Session, source: Source, judged: str) -> str:
        """Table (period, subject, known_at, identifiers as JSON) of the rows that identify."""
        fields = [field for field in source.fields if field.identifies]
        pairs = ", ".join(f"{literal(f.name)}: {quoted(f.name)}" for f in fields)
        query = f"""
            select period, {pseudonym_sql("customer", "customer_id")} as subject,
                max({quoted(source.event_time)}) as known_at, to_json({{{pairs}}}) as identifiers
            from {judged} where refusal is null and not erased
            group by period, customer_id, identifiers
        """
        return self._create(session, source, "people", query)

    def _create(self, session: Session, source: Source, name: str, query: str) -> str:
        """A temporary table of a query that may have pseudonyms in it, or none."""
        parameters = pads(self.key) if "$inner_pad" in query else None
        return create(session, source, name, query, parameters)


def _identities(
    session: Session, source: Source, people: str, window: Mapping[str, date]
) -> Iterator[Identity]:
    query = f"""
        select subject, max(known_at)::varchar as known_at, identifiers from {people}
        where period >= $start and period < $end group by subject, identifiers
    """
    for page in pages(session, source, query, "subject, identifiers", window):
        for subject, known_at, text in zip(*(c.to_pylist() for c in page.columns), strict=True):
            identifiers = {k: v for k, v in json.loads(text).items() if v is not None}
            yield Identity(subject, known_at, identifiers)
