from collections.abc import Iterator

import pytest

from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("rules")
    with DuckDBWarehouse.at(folder / "warehouse.duckdb").connect() as session:
        yield session
