"""CSV for people: no cell is a formula, and nothing of a text is lost."""

import io
import re
from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cx_assets.exported_csv import write_csv

# Typed in here by hand, not taken from the code.
SIGNS = "=+-@\t\r\n＝＋－＠"
INVISIBLE = " \t\u00a0\u200b\u3000\ufeff"


def exported(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    write_csv(table, sink)
    return sink.getvalue()


def cells(table: pa.Table) -> list[str | None]:
    """The first column as any CSV reader gets it."""
    options = pyarrow.csv.ConvertOptions(
        column_types={"a": pa.string()}, strings_can_be_null=True, quoted_strings_can_be_null=False
    )
    parse = pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False)
    read = pyarrow.csv.read_csv(
        io.BytesIO(exported(table)), convert_options=options, parse_options=parse
    )
    return list(read["a"].to_pylist())


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30 901820", "'+49 30 901820"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\rx", "'\rx"),
        ("＝1", "'＝1"),
        (" =1", "' =1"),
        ("\u200b=1", "'\u200b=1"),
        ("'=1", "''=1"),
        ("a=1", "a=1"),
        ("O'Neill", "O'Neill"),
        ("'; drop table x --", "'; drop table x --"),
        ('"', '"'),
        ("", ""),
        (None, None),
    ],
)
def test_a_formula_becomes_a_text(text: str | None, cell: str | None) -> None:
    assert cells(pa.table({"a": pa.array([text], pa.string())})) == [cell]


TEXTS = st.text(
    st.one_of(st.sampled_from(SIGNS + INVISIBLE + "'\",;a1"), st.characters(codec="utf-8"))
)


@given(st.lists(st.none() | TEXTS, min_size=1, max_size=5))
@example(["'\t", "'''=", "\u200b'\u3000=1"])
def test_no_cell_begins_as_a_formula_and_every_text_comes_back(texts: list[str | None]) -> None:
    found = cells(pa.table({"a": pa.array(texts, pa.string())}))
    for cell in filter(None, found):
        assert cell.lstrip(INVISIBLE)[:1] not in set(SIGNS)
        assert cell[0] not in SIGNS
    # What begins as a formula behind its apostrophes has had one more put in front.
    formula = re.compile(rf"^'(?:['{INVISIBLE}\s]*[{re.escape(SIGNS)}])")
    for text, cell in zip(texts, found, strict=True):
        assert text == cell or (cell is not None and formula.match(cell) and text == cell[1:])


def test_numbers_and_times_stay_what_they_are() -> None:
    table = pa.table(
        {
            "n": [-5, 7],
            "x": [-0.5, None],
            "money": [Decimal("-1.50"), Decimal("2.00")],
            "at": [datetime(2024, 1, 5, 10, 30)] * 2,
            "=name": pa.array(["-a", "b"]).dictionary_encode(),
        }
    )
    assert exported(table).decode() == (
        '"n","x","money","at","\'=name"\n'
        '-5,-0.5,-1.50,2024-01-05 10:30:00.000000,"\'-a"\n'
        '7,,2.00,2024-01-05 10:30:00.000000,"b"\n'
    )


def test_nested_values_are_refused() -> None:
    with pytest.raises(pa.ArrowInvalid):
        exported(pa.table({"a": [[1]]}))
