"""What may stand between square brackets."""

import pytest

from cx_assets.columns import NotNull, OneOf, Range, References, Test, Unique, UniqueTogether
from cx_assets.sql_models.grammar import holds_test, parse_test, split_tests


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("not null", NotNull()),
        ("not  null , warn", NotNull("warn")),
        ("unique", Unique()),
        ("unique, warn", Unique("warn")),
        ("one of: a", OneOf(("a",))),
        ("one of: add to cart, view, warn", OneOf(("add to cart", "view"), "warn")),
        ("one of: warn, view", OneOf(("warn", "view"))),
        ("one of: warn", OneOf(("warn",))),
        (">= 0", Range(minimum=0)),
        (">=-1.5", Range(minimum=-1.5)),
        ("<= 1e6, warn", Range(maximum=1e6, severity="warn")),
        ("0 .. 1", Range(0, 1)),
        ("-1..+1", Range(-1, 1)),
        ("1 .. 1", Range(1, 1)),
        ("in process.customers.customer_id", References("process.customers", "customer_id")),
        ("in a.b.c, warn", References("a.b", "c", "warn")),
        ("unique: a, b", UniqueTogether(("a", "b"))),
        ("unique: a, warn", UniqueTogether(("a",), "warn")),
    ],
)
def test_every_test_is_read(text: str, test: Test | UniqueTogether) -> None:
    assert parse_test(text) == test


@pytest.mark.parametrize(
    "text",
    [
        "",
        "warn",
        "null",
        "NOT NULL",
        "one of:",
        "one of",
        "> 0",
        ">= x",
        "1 .. 0",
        "in a.b",
        "0, 1",
    ],
)
def test_anything_else_is_no_test(text: str) -> None:
    with pytest.raises(ValueError, match=r"unknown test|is empty|an empty item"):
        parse_test(text)


def test_tests_are_cut_from_the_end_of_a_comment() -> None:
    assert split_tests(" A share [see 1], in 0..1. [not null]  [0 .. 1, warn] ") == (
        "A share [see 1], in 0..1.",
        ["not null", "0 .. 1, warn"],
    )
    assert split_tests("A half-open [start, end) of time.") == (
        "A half-open [start, end) of time.",
        [],
    )


def test_brackets_with_words_are_not_taken_for_a_test() -> None:
    assert holds_test("see [not null] here")
    assert not holds_test("see [this note] here")
