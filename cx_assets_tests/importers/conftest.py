from pathlib import Path

import pytest


@pytest.fixture
def landing(tmp_path: Path) -> Path:
    return tmp_path / "landing"
