from collections.abc import Iterator
from pathlib import Path

import pytest

from cx_assets.defs.sql_models import loaded_models
from cx_assets.sql_models import SqlModel
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.sql.warehouse import Warehouse


@pytest.fixture(scope="session")
def models() -> dict[str, SqlModel]:
    return {model.table: model for model in loaded_models()}


@pytest.fixture
def warehouse(tmp_path: Path, models: dict[str, SqlModel]) -> Iterator[Warehouse]:
    with DuckDBWarehouse.at(tmp_path / "w.duckdb").connect() as session:
        yield Warehouse(session, models)
