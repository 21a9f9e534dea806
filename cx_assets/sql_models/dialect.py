"""The SQL that a model is written in, and its tokens."""

import hashlib
import re
from collections.abc import Sequence
from typing import ClassVar

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.tokens import Token, TokenType


class ModelSql(DuckDB):
    """DuckDB's SQL without strings in dollars.

    sqlglot would read `$a,$b` as the start of such a string, and after `$a` it loses the line.
    """

    class Tokenizer(DuckDB.Tokenizer):
        HEREDOC_STRINGS: ClassVar[list[str | tuple[str, str]]] = []


def is_plain_name(name: str) -> bool:
    """Whether a name is lower_snake_case, so that it means the same to every engine, unquoted."""
    return re.fullmatch(r"[a-z_][a-z0-9_]*", name) is not None


def line_of(node: exp.Expr) -> int:
    """The first line that the parser noted in `node`, else in what is around it, else 1."""
    around: exp.Expr | None = node
    while around is not None:
        lines = [part.meta["line"] for part in around.walk() if "line" in part.meta]
        if lines:
            return min(lines)
        around = around.parent
    return 1


def parameter_lines(tokens: Sequence[Token]) -> dict[str, int]:
    """The parameters, and the line where each stands first; `?` is called "?"."""
    found: dict[str, int] = {}
    for token, following in zip(tokens, [*tokens, None][1:], strict=True):
        if token.token_type == TokenType.PARAMETER and following is not None:
            found.setdefault(following.text, token.line)
        elif token.token_type == TokenType.PLACEHOLDER:
            found.setdefault(token.text, token.line)
    return found


def code_version(sql: str, tokens: Sequence[Token]) -> str:
    """A hash of the tokens as written, but for layout, comments and the case of unquoted words.

    Tokens, not the tree written out again, so that no new release of sqlglot makes all stale.
    """
    written = " ".join(_canonical(sql[token.start : token.end + 1]) for token in tokens)
    return hashlib.sha256(written.encode()).hexdigest()[:16]


def _canonical(token: str) -> str:
    quoted = "'" in token or '"' in token
    return token if quoted else " ".join(token.lower().split())
