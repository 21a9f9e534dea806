"""The code version: what leaves it alone and what changes it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx_assets.sql_models.dialect import ModelSql, code_version
from cx_assets.sql_models.statement import parse_statement

from .conftest import Load
from .shop import HABITS, ORDERS, snapshot


def version(sql: str) -> str:
    return code_version(sql, parse_statement(sql).tokens)


def test_words_about_the_sql_change_nothing(load: Load) -> None:
    other = ORDERS.replace("One row per order.", "Other words.").replace("[>= 0]", "[>= 1]")
    models = load({"process/orders": ORDERS, "process/others": other})
    first, second = models["process.orders"], models["process.others"]
    assert first.code_version == second.code_version
    assert first.columns != second.columns


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("discount, 0)", "discount, 1)"),
        ("ordered_at < $period_end", "ordered_at <= $period_end"),
        ("as discount", "as reduction"),
        ("coalesce(discount, 0)", "discount"),
        ("'month'", "'MONTH'"),
        ("$period_end", "$period_start"),
    ],
)
def test_any_change_of_the_sql_changes_it(old: str, new: str) -> None:
    assert old in ORDERS
    assert version(ORDERS.replace(old, new)) != version(ORDERS)


def test_a_string_is_not_a_name_and_keeps_its_spaces() -> None:
    texts = ["select 'a b'", "select 'a  b'", 'select "a b"', "select a b", "select 'A b'"]
    assert len({_bare_version(text) for text in texts}) == len(texts)


@pytest.mark.parametrize("sql", [ORDERS, HABITS, snapshot("'-- no comment; '", "")])
@given(data=st.data())
def test_layout_comments_and_case_change_nothing(sql: str, data: st.DataObject) -> None:
    gaps = st.sampled_from(
        [" ", "\n", "\t ", " -- ' ; words\n", "\n--\n", " /* ' -- ; */ ", "\r\n"]
    )
    tokens = ModelSql().tokenize(sql)
    written = data.draw(gaps)
    for token, following in zip(tokens, [*tokens, None][1:], strict=True):
        text = sql[token.start : token.end + 1]
        if "'" not in text and data.draw(st.booleans()):
            text = text.upper()
        written += text
        is_parameter = following is not None and text == "$"
        is_operator = following is not None and (text + following.text) in {"<=", ">=", "::"}
        written += "" if is_parameter or is_operator else data.draw(gaps)
    written += data.draw(st.sampled_from(["", ";", " ; -- the end"]))
    assert _bare_version(written) == _bare_version(sql)


def _bare_version(sql: str) -> str:
    tokens = ModelSql().tokenize(sql)
    return code_version(sql, [token for token in tokens if token.text != ";"])
