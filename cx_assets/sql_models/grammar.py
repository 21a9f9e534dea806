"""The tests in a comment: one pair of square brackets each, at the end of the comment.

    -- What the column means. [not null] [unique] [>= 0, warn]

    [not null]                      every row has a value
    [unique]                        no two rows of a period share the value
    [one of: a, b, c]               the value is one of these
    [>= 0]  [<= 1]  [0 .. 1]        the number lies within these bounds, the bounds included
    [in schema.table.column]        the value stands in that column, in the same period
    [consent: marketing, analytics] the customer has agreed to these by the period's end
    [unique: a, b]                  (of a table) no two rows of a period share both values

A last `, warn` makes a failure a warning instead of an error, so a list of allowed values may not
end in `warn`.
"""

import re
from typing import Literal

from cx_assets.columns import (
    Consent,
    NotNull,
    OneOf,
    Range,
    References,
    Severity,
    Test,
    Unique,
    UniqueTogether,
)

_NUMBER = r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_BRACKET = r"\[([^\[\]]*)\]"
_TRAILING_BRACKETS = re.compile(rf"(?:\s*{_BRACKET})+\s*$")


def split_tests(comment: str) -> tuple[str, list[str]]:
    """Cut a comment into its text and the contents of the brackets at its end."""
    trailing = _TRAILING_BRACKETS.search(comment)
    if trailing is None:
        return comment.strip(), []
    brackets = [" ".join(bracket.split()) for bracket in re.findall(_BRACKET, trailing.group())]
    return comment[: trailing.start()].strip(), brackets


def holds_test(text: str) -> bool:
    """Whether any pair of brackets in `text` holds a test."""
    return any(_is_test(bracket) for bracket in re.findall(_BRACKET, text))


def parse_test(text: str) -> Test | UniqueTogether:
    """Read what stands between a pair of brackets; ValueError when it is no test."""
    text = " ".join(text.split())
    warned = re.fullmatch(r"(.+?)\s*,\s*warn", text)
    severity: Severity = "warn" if warned else "error"
    body = warned.group(1) if warned else text
    if body == "not null":
        return NotNull(severity)
    if body == "unique":
        return Unique(severity)
    if listed := re.fullmatch(r"one of:(.*)", body):
        return OneOf(_items(listed.group(1)), severity)
    if listed := re.fullmatch(r"unique:(.*)", body):
        return UniqueTogether(_items(listed.group(1)), severity)
    if listed := re.fullmatch(r"consent:(.*)", body):
        return Consent(_consents(listed.group(1)), severity)
    if column := re.fullmatch(r"in (\w+\.\w+)\.(\w+)", body):
        return References(column.group(1), column.group(2), severity)
    if bound := re.fullmatch(rf">= ?({_NUMBER})", body):
        return Range(minimum=float(bound.group(1)), severity=severity)
    if bound := re.fullmatch(rf"<= ?({_NUMBER})", body):
        return Range(maximum=float(bound.group(1)), severity=severity)
    if bounds := re.fullmatch(rf"({_NUMBER}) ?\.\. ?({_NUMBER})", body):
        return _between(float(bounds.group(1)), float(bounds.group(2)), severity)
    raise ValueError(f"unknown test [{text}]")


def _between(minimum: float, maximum: float, severity: Severity) -> Range:
    if minimum > maximum:
        raise ValueError(f"the range {minimum:g} .. {maximum:g} is empty")
    return Range(minimum, maximum, severity)


def _consents(text: str) -> tuple[Literal["marketing", "analytics"], ...]:
    known: dict[str, Literal["marketing", "analytics"]] = {
        "marketing": "marketing",
        "analytics": "analytics",
    }
    items = _items(text)
    if unknown := [item for item in items if item not in known]:
        raise ValueError(f"nobody is asked for a consent to {unknown[0]}")
    return tuple(known[item] for item in items)


def _items(text: str) -> tuple[str, ...]:
    items = tuple(item.strip() for item in text.split(","))
    if not all(items):
        raise ValueError(f"an empty item in the list '{text.strip()}'")
    if len(set(items)) < len(items):
        raise ValueError(f"an item stands twice in the list '{text.strip()}'")
    return items


def _is_test(text: str) -> bool:
    try:
        parse_test(text)
    except ValueError:
        return False
    return True
