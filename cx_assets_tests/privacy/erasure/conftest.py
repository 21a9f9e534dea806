from pathlib import Path

import pytest

from cx_assets_tests.landing.zone import Zone


@pytest.fixture
def zone(tmp_path: Path) -> Zone:
    return Zone(tmp_path)
