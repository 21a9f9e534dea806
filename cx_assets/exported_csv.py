"""CSV for people: what a spreadsheet opens without running what a customer wrote.

A spreadsheet takes a cell that begins with = + - @ for a formula, and a formula may fetch a page or
start a program. So such a text gets an apostrophe in front, as OWASP advises ("CSV Injection").
Numbers and times stay what they are; a machine is better served with Parquet.
"""

from typing import BinaryIO

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

# What may stand before the sign, since one spreadsheet or another drops it; apostrophes too, so
# that the one in front can be taken away again.
_BEFORE = (
    r"['\s\x0b\x{a0}\x{1680}\x{2000}-\x{200f}\x{2028}-\x{202f}\x{205f}-\x{2064}\x{3000}\x{feff}]*"
)
_SIGNS = r"[=+\-@\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}\x{2212}\x{fe62}\x{fe63}\x{fe66}\x{fe6b}]"
FORMULA = rf"^(?:{_BEFORE}{_SIGNS}|'*[\t\r\n])"


def write_csv(table: pa.Table, sink: BinaryIO) -> None:
    """Write a table as CSV in UTF-8, texts in quotes; null is empty, and an empty text is "".

    Raises:
        pa.ArrowInvalid: a column holds lists or other nested values.
    """
    columns = {_harmless_name(name): _harmless(table[name]) for name in table.column_names}
    pyarrow.csv.write_csv(pa.table(columns), sink)


def _harmless(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        return column
    return pc.replace_substring_regex(column, f"({FORMULA})", r"'\1")


def _harmless_name(name: str) -> str:
    (harmless,) = _harmless(pa.chunked_array([[name]])).to_pylist()
    return str(harmless)
