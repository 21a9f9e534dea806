"""What the comments of a model say: the table, its columns and their tests.

The comment lines above the query describe the table. The comment on the line that names a column
of the result describes the column; lines below go on with it when their `--` stands under it.
Tests are written at the end of a comment (see `grammar.py`), those of the table above or below the
query. A test anywhere else would test nothing, so it is an error.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from cx_assets.columns import Test, UniqueTogether
from cx_assets.sql_models.audit import check_name
from cx_assets.sql_models.comments import Comment, beside, read_comments
from cx_assets.sql_models.grammar import holds_test, parse_test, split_tests
from cx_assets.sql_models.model import Problem
from cx_assets.sql_models.statement import Statement


@dataclass(frozen=True)
class DescribedColumn:
    """A column of the result; `line` is where its name is written."""

    name: str
    line: int
    description: str
    tests: tuple[Test, ...]


@dataclass(frozen=True)
class Described:
    text: str
    columns: tuple[DescribedColumn, ...]
    table_tests: tuple[UniqueTogether, ...]


def read_descriptions(statement: Statement) -> Described:
    """Read the comments of a model; Problem when one is missing, wrong or misplaced."""
    comments = read_comments(statement.sql, statement.tokens)
    blocks = {name: beside(line, comments) for name, line in statement.columns.items()}
    others = [
        comment for comment in comments if not any(comment in block for block in blocks.values())
    ]
    header = [comment for comment in others if comment.line < statement.tokens[0].line]
    footer = [comment for comment in others if comment.line >= statement.tokens[-1].line]
    for comment in others:
        if comment not in header and comment not in footer and holds_test(comment.text):
            raise Problem(
                comment.line,
                "this test stands beside no column: put it on the line that names one",
            )
    text = "\n".join(split_tests(comment.text)[0] for comment in header).strip()
    if not text:
        raise Problem(1, "the table has no description: write it in -- lines above the query")
    return Described(
        text=text,
        columns=tuple(
            _column(name, line, blocks[name]) for name, line in statement.columns.items()
        ),
        table_tests=_table_tests([*header, *footer], statement),
    )


def _column(name: str, line: int, block: Sequence[Comment]) -> DescribedColumn:
    text, brackets = split_tests(" ".join(comment.text for comment in block))
    if not text:
        raise Problem(line, f"column {name} has no description: write it in a -- comment beside it")
    if holds_test(text):
        raise Problem(line, f"column {name}: tests stand at the end of its comment")
    tests: dict[str, Test] = {}
    for bracket in brackets:
        test = _parse(bracket, line)
        if isinstance(test, UniqueTogether):
            raise Problem(line, f"[{bracket}] tests the table: write it above or below the query")
        if check_name(test, name) in tests:
            raise Problem(line, f"column {name} has a second test of the kind [{bracket}]")
        tests[check_name(test, name)] = test
    return DescribedColumn(name, line, text, tuple(tests.values()))


def _table_tests(comments: Sequence[Comment], statement: Statement) -> tuple[UniqueTogether, ...]:
    found: dict[str, UniqueTogether] = {}
    for comment in comments:
        for bracket in split_tests(comment.text)[1]:
            test = _parse(bracket, comment.line)
            if not isinstance(test, UniqueTogether):
                raise Problem(comment.line, f"[{bracket}] tests a column: write it beside one")
            unknown = [name for name in test.columns if name not in statement.columns]
            if unknown:
                raise Problem(comment.line, f"[{bracket}]: no column {', '.join(unknown)}")
            name = check_name(test, *test.columns)
            if name in found:
                raise Problem(comment.line, f"[{bracket}] stands twice")
            found[name] = test
    return tuple(found.values())


def _parse(bracket: str, line: int) -> Test | UniqueTogether:
    try:
        return parse_test(bracket)
    except ValueError as error:
        raise Problem(line, str(error)) from error
