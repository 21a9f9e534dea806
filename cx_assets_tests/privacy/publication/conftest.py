from pathlib import Path

import pytest

from cx_assets.settings import Settings
from cx_assets_tests.privacy.publication.company import found


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    settings = Settings(home=tmp_path_factory.mktemp("company"))
    found(settings)
    return settings.warehouse.read_bytes()


@pytest.fixture
def company(settings: Settings, empty_warehouse: bytes) -> Settings:
    """A warehouse with every table, without a row."""
    settings.home.mkdir(parents=True)
    Path(settings.warehouse).write_bytes(empty_warehouse)
    return settings
