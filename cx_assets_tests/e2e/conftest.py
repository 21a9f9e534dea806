"""The small world built once, for the tests that compare with it."""

import os
from pathlib import Path

import pyarrow as pa
import pytest

from cx_assets.settings import Settings
from cx_assets_tests.e2e.graph import build, land, tables


@pytest.fixture(scope="package")
def built(small_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """All periods of the small world in one range run. Read only."""
    home = tmp_path_factory.mktemp("built")
    settings = Settings.from_env({**os.environ, "CX_HOME": str(home)})
    land(small_landing, settings)
    build(settings)
    return settings


@pytest.fixture(scope="package")
def built_tables(built: Settings) -> dict[str, pa.Table]:
    return tables(built)
