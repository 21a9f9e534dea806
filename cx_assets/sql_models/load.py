"""Loads a folder of models, every one after the tables that it reads."""

import os
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from cx_assets.columns import Column
from cx_assets.sql_models.bind import Binder
from cx_assets.sql_models.catalogue import Catalogue
from cx_assets.sql_models.model import ModelError, Problem, SqlModel, problems_in
from cx_assets.sql_models.parse import ParsedModel, parse_model


def load_models(
    folder: Path, known: Mapping[str, Sequence[Column]], parameters: Mapping[str, object]
) -> list[SqlModel]:
    """Load every `folder`/<stage>/<table>.sql, in an order in which they can run.

    `known` are the other tables that a model may read (schema.table), which are no SQL models.
    `parameters` are what a model may bind as `$name`, each with a sample value of its type.
    Raises ModelError, whose message starts with `path:line: `, at the first thing that is wrong.
    """
    if not folder.is_dir():
        raise NotADirectoryError(folder)
    parsed = [parse_model(path, folder, parameters) for path in sorted(_files(folder))]
    models = {model.table: model for model in parsed}
    for model in parsed:
        _check_tables(model, {*models, *known}, known)
    with Catalogue() as catalogue:
        binder = Binder(catalogue, known, parameters)
        return [binder.bind(models[table]) for table in _order(models)]


def _files(folder: Path) -> Iterator[Path]:
    """Every file that ends in .sql; a folder that cannot be looked into would hide some."""

    def refuse(error: OSError) -> None:
        raise ModelError(f"{error.filename}:1: cannot be listed: {error.strerror}") from error

    for place, subfolders, names in os.walk(folder, onerror=refuse):
        here = Path(place)
        for name in subfolders:
            if (here / name).is_symlink():
                raise ModelError(f"{here / name}:1: a link to a folder: put the files here")
        for name in (*subfolders, *names):
            if name.lower().endswith(".sql"):
                yield here / name


def _check_tables(
    model: ParsedModel, readable: set[str], known: Mapping[str, Sequence[Column]]
) -> None:
    with problems_in(model.path):
        if model.table in known:
            raise Problem(1, f"{model.table} is defined elsewhere too")
        for table, line in model.reads.items():
            if table not in readable:
                raise Problem(line, f"unknown table {table}")


def _order(models: Mapping[str, ParsedModel]) -> list[str]:
    graph = {
        table: [read for read in sorted(model.reads) if read in models]
        for table, model in models.items()
    }
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        cycle = error.args[1][::-1]  # graphlib names the read table before its reader
        first = models[cycle[0]]
        with problems_in(first.path):
            raise Problem(first.reads[cycle[1]], f"a cycle: {' reads '.join(cycle)}") from error
