"""The project's own SQL models, changed at random: each loads or is refused with file and line."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_assets.columns import Column
from cx_assets.defs.sql_models import FOLDER, KNOWN, loaded_models, window_parameters
from cx_assets.periods import SETTINGS, period_at
from cx_assets.sql_models import ModelError, SqlModel, load_models

pytestmark = pytest.mark.slow

FILES = sorted(FOLDER.glob("*/*.sql"))
PARAMETERS = {
    **SETTINGS.sql_parameters(),
    **window_parameters([period_at(SETTINGS.first_period, SETTINGS.period)]),
}
# What a slip of the hand, a merge or an attacker may leave in a file.
FRAGMENTS = (
    b"; drop table collect.orders;",
    b"; select 1",
    b"select * from collect.nothing",
    b"<<<<<<< HEAD\n",
    b"'",
    b'"',
    b"$$",
    b"$",
    b"?",
    b"/*",
    b"--",
    b"(" * 300,
    b")",
    b"[not null",
    b"[unique: nope]",
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\x85",
    "\u2028".encode(),
    "\u00a0".encode(),
    b"{{ ref('x') }}",
    b"pivot (count(*) for a in (1))",
    b"read_csv('/etc/passwd')",
    b"from (values (1))",
    b"union by name",
    b"with recursive",
    b"case when",
    b" over (",
    b"lambda x: ",
    b"x.y.z.w",
    b"::",
    b"insert into collect.orders",
    b"-" * 3_000,
    b"not " * 400,
    b"1 + " * 400,
)


@pytest.fixture(scope="module")
def columns() -> Mapping[str, Sequence[Column]]:
    """Every table of the graph and its columns."""
    models = {model.table: model.columns for model in loaded_models()}
    return {**{table.name: table.columns for table in KNOWN}, **models}


@st.composite
def changed(draw: st.DrawFn) -> tuple[Path, bytes]:
    """A model file and what became of it."""
    path = draw(st.sampled_from(FILES))
    data = path.read_bytes()
    for _ in range(draw(st.integers(1, 3))):
        data = draw(change(data))
    return path, data


def change(data: bytes) -> st.SearchStrategy[bytes]:
    place = st.integers(0, len(data))
    lines, tokens = data.splitlines(keepends=True), re.split(rb"(\W+)", data)
    line, token = st.integers(0, max(0, len(lines) - 1)), st.integers(0, len(tokens) - 1)
    return st.one_of(
        line.map(lambda n: b"".join(lines[:n] + lines[n + 1 :])),
        line.map(lambda n: b"".join(lines[: n + 1] + lines[n:])),
        st.tuples(token, token).map(lambda pair: swapped(tokens, *pair)),
        token.map(lambda n: b"".join(tokens[:n] + tokens[n + 1 :])),
        place.map(lambda n: data[:n]),
        st.tuples(place, st.sampled_from(FRAGMENTS)).map(
            lambda found: data[: found[0]] + found[1] + data[found[0] :]
        ),
        st.tuples(place, st.binary(min_size=1, max_size=8)).map(
            lambda found: data[: found[0]] + found[1] + data[found[0] + len(found[1]) :]
        ),
    )


def swapped(tokens: list[bytes], one: int, other: int) -> bytes:
    found = tokens.copy()
    found[one], found[other] = found[other], found[one]
    return b"".join(found)


@settings(max_examples=40)
@given(changed())
def test_a_changed_model_loads_or_says_where_it_is_wrong(
    columns: Mapping[str, Sequence[Column]],
    tmp_path_factory: pytest.TempPathFactory,
    change: tuple[Path, bytes],
) -> None:
    original, data = change
    folder = tmp_path_factory.mktemp("models")
    path = folder / original.parent.name / original.name
    path.parent.mkdir()
    path.write_bytes(data)
    table = f"{path.parent.name}.{path.stem}"
    known = {name: found for name, found in columns.items() if name != table}
    message, model = loaded(folder, known)
    if model is None:
        place = re.match(rf"{re.escape(str(path))}:(\d+): \S", message)
        assert place is not None, message
        assert 1 <= int(place.group(1)) <= data.count(b"\n") + 1
    else:
        assert model.table == table
        assert model.columns


def loaded(folder: Path, known: Mapping[str, Sequence[Column]]) -> tuple[str, SqlModel | None]:
    """The one model of a folder, or what ModelError says of it; any other error is raised."""
    try:
        (model,) = load_models(folder, known, PARAMETERS)
    except ModelError as error:
        return str(error), None
    return "", model
