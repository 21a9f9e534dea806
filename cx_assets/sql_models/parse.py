"""One model file by itself: where it stands, its statement and what its comments say."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from cx_assets.columns import Consent, References
from cx_assets.sql_models.described import Described, read_descriptions
from cx_assets.sql_models.dialect import is_plain_name
from cx_assets.sql_models.model import STAGES, Problem, problems_in
from cx_assets.sql_models.statement import Statement, parse_statement


@dataclass(frozen=True)
class ParsedModel:
    """`reads` gives the tables that the query or a test reads, and the line where each stands."""

    path: Path
    stage: str
    name: str
    statement: Statement
    described: Described
    reads: dict[str, int]

    @property
    def table(self) -> str:
        return f"{self.stage}.{self.name}"


def parse_model(path: Path, folder: Path, parameters: Collection[str]) -> ParsedModel:
    """Read `folder`/<stage>/<table>.sql, which may bind `parameters`; ModelError when wrong."""
    with problems_in(path):
        stage, name = _place(path.relative_to(folder))
        statement = parse_statement(_text(path))
        _check_parameters(statement, parameters)
        described = read_descriptions(statement)
        reads = _references(described) | statement.reads
        if f"{stage}.{name}" in reads:
            raise Problem(reads[f"{stage}.{name}"], f"{stage}.{name} reads itself")
    return ParsedModel(path, stage, name, statement, described, reads)


def _place(path: Path) -> tuple[str, str]:
    if len(path.parts) != 2:
        raise Problem(1, "a model stands at <stage>/<table>.sql")
    stage, name = path.parts[0], path.stem
    if stage not in STAGES:
        raise Problem(1, f"{stage} is no stage: the stages are {', '.join(STAGES)}")
    if not is_plain_name(name):
        raise Problem(1, f"table {name}: names are lower_snake_case")
    return stage, name


def _text(path: Path) -> str:
    try:
        if not path.is_file():
            raise Problem(1, "is no file")
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise Problem(line, f"not UTF-8: {error.reason}") from error
    except OSError as error:
        raise Problem(1, f"cannot be read: {error.strerror}") from error
    if "\0" in text:  # where DuckDB stops reading and sqlglot goes on
        raise Problem(text.partition("\0")[0].count("\n") + 1, "holds a NUL byte")
    return text


def _check_parameters(statement: Statement, allowed: Collection[str]) -> None:
    for name, line in statement.parameters.items():
        if name not in allowed:
            known = ", ".join(f"${parameter}" for parameter in sorted(allowed))
            raise Problem(line, f"unknown parameter ${name}: a model may bind {known}")


def _references(described: Described) -> dict[str, int]:
    return {
        test.table: column.line
        for column in described.columns
        for test in column.tests
        if isinstance(test, (References, Consent))
    }
