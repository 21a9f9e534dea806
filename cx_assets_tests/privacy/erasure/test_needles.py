import pytest
from hypothesis import example, given
from hypothesis import settings as options
from hypothesis import strategies as st

from cx_assets.privacy.erasure.needles import (
    MANY,
    Needle,
    hits,
    may_hold,
    may_hold_sql,
    needles,
    replaced,
)
from cx_assets.privacy.erasure.person import Person
from cx_assets.warehouse.duckdb import DuckDBWarehouse


@pytest.mark.parametrize(
    ("kind", "needle", "text", "left"),
    [
        ("customer_id", "C100", "C100, C1001 and XC100; c100", "[erased], C1001 and XC100; c100"),
        ("customer_id", "C100", r'{"text":"no\nC100"}', r'{"text":"no\n[erased]"}'),
        ("email", "anna@x.com", "Anna@X.com. joe.anna@x.com ...anna@x.com", None),
        ("social_handle", "anna_b", "@Anna_B! anna_b @anna_bc", "[erased]! anna_b @anna_bc"),
        ("phone", "+49 30 12345678", "call +49 30 12345678.", "call [erased]."),
        ("full_name", "Zoë Müller", r'"Zo\u00eb M\u00fcller"', '"[erased]"'),
        ("street", 'Am "Markt" 7', 'x,"Am ""Markt"" 7"', 'x,"[erased]"'),
    ],
)
def test_a_needle_is_a_word_of_its_own_in_every_spelling(
    kind: str, needle: str, text: str, left: str | None
) -> None:
    left = left or "[erased]. joe.anna@x.com ...[erased]"
    wanted = Needle(kind, needle)
    assert replaced(text, [wanted]) == left
    assert wanted.found_in(text)
    assert not wanted.found_in(left)
    in_bytes = {at for at, _ in hits(text.encode(), [wanted])}
    assert len(in_bytes) == left.count("[erased]")


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("customer_id", "17850", False),
        ("customer_id", "A17", False),
        ("customer_id", "A178", True),
        ("phone", "12 34 56", False),
        ("phone", "+49 30 12345678", True),
        ("full_name", "Madonna", False),
        ("full_name", "Anna Berg", True),
        ("full_name", "欧阳娜娜", True),
        ("email", "a@b", False),
        ("token", "ab" * 32, True),
    ],
)
def test_what_is_too_common_is_no_needle_in_bytes(kind: str, text: str, expected: bool) -> None:
    assert Needle(kind, text).is_distinctive is expected


def test_many_needles_find_the_same_as_one_by_one() -> None:
    wanted = [Needle("email", f"n{number}@example.com") for number in range(3 * MANY)]
    block = "n7@example.com 中n149@example.com\\nN8@EXAMPLE.com xn9@example.com".encode()
    together = {(at, one.text) for at, one in hits(block, wanted)}
    alone = {(at, one.text) for needle in wanted for at, one in hits(block, [needle])}
    assert together == alone
    assert {text for _, text in alone} == {f"n{n}@example.com" for n in (7, 8, 149)}


def test_binary_files_have_no_boundaries() -> None:
    wanted = [Needle("customer_id", "C100")]
    assert list(hits(b"\x00xC1001", wanted)) == []
    assert [at for at, _ in hits(b"\x00xC1001", wanted, bounded=False)] == [2]


def test_the_needles_of_people_know_what_is_shared() -> None:
    token = "f" * 64
    people = [
        Person(
            ("C1", "C2"),
            {"full_name": ("Anna Berg",), "phone": (" ",)},
            frozenset({token}),
            frozenset({"Anna Berg", "C1"}),
        ),
        Person(("C1",)),
    ]
    assert [(one.kind, one.text, one.shared) for one in needles(people)] == [
        ("customer_id", "C1", False),
        ("customer_id", "C2", False),
        ("full_name", "Anna Berg", True),
        ("token", token, False),
    ]
    with pytest.raises(ValueError, match="nickname"):
        Person(("C1",), {"nickname": ("x",)})


@pytest.mark.slow
@options(max_examples=30)
@example(needle="İpek Yılmaz", around=("x ", "."))
@given(
    needle=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=4),
    around=st.tuples(st.sampled_from(["", "x ", "a.", "1"]), st.sampled_from(["", " x", ".", "1"])),
)
def test_sql_sees_what_python_sees(needle: str, around: tuple[str, str]) -> None:
    wanted = [Needle("street", needle), *(Needle("email", f"n{n}@x.org") for n in range(300))]
    with DuckDBWarehouse(database=":memory:").connect() as session:
        for text in (needle.join(around), "n299@x.org", "n299@x.or"):
            test, parameters = may_hold_sql("$text", wanted)
            ((seen,),) = session.rows(f"select {test}", {**parameters, "text": text})
            assert seen or not any(one.found_in(text) for one in wanted)
            assert seen or text == "n299@x.or" or not may_hold(text, wanted)
