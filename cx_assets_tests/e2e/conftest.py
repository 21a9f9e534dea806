"""The small world built once, for the tests that compare with it."""

from pathlib import Path

import pyarrow as pa
import pytest

from cx_assets.settings import Settings
from cx_assets_tests.e2e.graph import build, land, tables
from cx_assets_tests.e2e.homes import once


@pytest.fixture(scope="package")
def built(small_landing: Path, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """All periods of the small world in one range run. Read only."""

    def make(settings: Settings) -> None:
        land(small_landing, settings)
        build(settings)

    return once(tmp_path_factory, "built", make)


@pytest.fixture(scope="package")
def built_tables(built: Settings) -> dict[str, pa.Table]:
    return tables(built)
