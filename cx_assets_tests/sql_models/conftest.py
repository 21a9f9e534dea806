"""A small shop of known tables, and folders of models written out under tmp_path."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cx_assets.sql_models import SqlModel, load_models

from .shop import KNOWN, PARAMETERS

Load = Callable[[dict[str, str]], dict[str, SqlModel]]


@pytest.fixture
def write(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Writes {"process/orders": sql} as a folder of models and returns the folder."""

    def write_files(files: dict[str, str]) -> Path:
        for place, sql in files.items():
            path = tmp_path / f"{place}.sql"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(sql, encoding="utf-8")
        return tmp_path

    return write_files


@pytest.fixture
def load(write: Callable[[dict[str, str]], Path]) -> Load:
    """Loads {"process/orders": sql} and returns the models by table, in the order of loading."""

    def load_files(files: dict[str, str]) -> dict[str, SqlModel]:
        models = load_models(write(files), KNOWN, PARAMETERS)
        return {model.table: model for model in models}

    return load_files
