"""The `--` comments of a SQL text, with where they stand.

They are read from between the tokens, so a `--` within a string is no comment. Block comments
are notes for the reader of the file and reach no catalogue.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlglot.tokens import Token

_COMMENT = re.compile(r"/\*.*?\*/|--(?P<text>[^\n]*)", re.DOTALL)


@dataclass(frozen=True)
class Comment:
    """One `--` comment. `line` and `column` count from 1; `alone` means no code before it there."""

    text: str
    line: int
    column: int
    alone: bool


def read_comments(sql: str, tokens: Sequence[Token]) -> list[Comment]:
    found = []
    for start, end in _gaps(sql, tokens):
        for match in _COMMENT.finditer(sql, start, end):
            if match["text"] is not None:
                before = sql[: match.start()]
                line_so_far = before.rpartition("\n")[2]
                line, column = before.count("\n") + 1, len(line_so_far) + 1
                found.append(Comment(match["text"].strip(), line, column, not line_so_far.strip()))
    return found


def beside(line: int, comments: Iterable[Comment]) -> list[Comment]:
    """The comment on `line`, and the lines below that go on with it: their `--` stands under it."""
    block: list[Comment] = []
    for comment in comments:
        goes_on = not block or (comment.alone and comment.column == block[0].column)
        if comment.line == line + len(block) and goes_on:
            block.append(comment)
    return block


def _gaps(sql: str, tokens: Sequence[Token]) -> list[tuple[int, int]]:
    starts = [0, *(token.end + 1 for token in tokens)]
    ends = [*(token.start for token in tokens), len(sql)]
    return list(zip(starts, ends, strict=True))
