"""Texts with a label in place of whatever says who wrote them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from cx_assets.privacy.scrub.accounts import find_cards, find_ibans
from cx_assets.privacy.scrub.addresses import find_emails, find_handles, find_pages
from cx_assets.privacy.scrub.folding import LABEL, LABELS, Folded, Span, blanked
from cx_assets.privacy.scrub.identities import find_identities
from cx_assets.privacy.scrub.names import KnownNames, find_names
from cx_assets.privacy.scrub.phones import REGIONS, find_international, find_phones
from cx_assets.privacy.scrub.screen import may_hold_identifiers

Finder = Callable[[str], Iterator[Span]]

# What comes first takes the characters: an account number has many a shorter number in it.
STRUCTURED: tuple[tuple[str, Finder], ...] = (
    ("url", find_pages),
    ("email", find_emails),
    ("handle", find_handles),
    ("phone", find_international),
    ("iban", find_ibans),
    ("card", find_cards),
    ("id", find_identities),
)


def scrub(
    texts: Iterable[str | None],
    known: KnownNames | None = None,
    regions: Sequence[str] = REGIONS,
) -> list[str | None]:
    """The texts with [email], [handle], [url], [phone], [iban], [card], [id] and [name] in them.

    A text depends on itself alone. What is scrubbed already stays as it is; None stays None. The
    time is linear in the length of a text.

    Args:
        known: names to look for; None: none.
        regions: countries (ISO 3166, two letters) whose phone numbers may stand without their code.
    """
    structured = (*STRUCTURED, ("phone", lambda text: find_phones(text, regions)))
    named = (("name", lambda text: find_names(text, known)),) if known else ()
    scrubbed: list[str | None] = []
    for text in texts:
        if text is not None:
            finders = structured if may_hold_identifiers(text) else ()
            text = _settled(text, (*finders, *named))
        scrubbed.append(text)
    return scrubbed


def count_labels(texts: Iterable[str | None]) -> dict[str, int]:
    """How often each label stands in the texts."""
    found = Counter(match[1] for text in texts if text for match in LABEL.finditer(text))
    return {label: found[label] for label in LABELS}


def _settled(text: str, finders: Sequence[tuple[str, Finder]]) -> str:
    """Scrub until nothing is found: a label is shorter than what it stands for, so that words may
    come within reach of a number. Each turn leaves fewer characters outside the labels."""
    while finders:
        found = _found(folded := Folded.of(text), finders)
        if not found:
            break
        text = folded.replaced(found)
    return text


def _found(folded: Folded, finders: Sequence[tuple[str, Finder]]) -> list[tuple[Span, str]]:
    text = blanked(folded.text, (match.span() for match in LABEL.finditer(folded.text)))
    found = []
    for label, find in finders:
        spans = list(find(text))
        found += [(span, label) for span in spans]
        text = blanked(text, spans) if spans else text
    return found
