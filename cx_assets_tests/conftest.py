"""The periods of the tests, and one small world that many tests look at."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

# The periods are fixed when cx_assets is imported, so the environment comes first.
LAST_PERIOD = "2024-06-01"
HOME = tempfile.mkdtemp(prefix="cx-tests-")
atexit.register(shutil.rmtree, HOME, ignore_errors=True)
os.environ.update(
    CX_HOME=HOME,
    CX_FIRST_PERIOD="2024-01-01",
    CX_LAST_PERIOD=LAST_PERIOD,
)
for name in ("CX_PERIOD", "CX_LANDING", "CX_WAREHOUSE", "CX_OUTBOX", "CX_SEGMENTS"):
    os.environ.pop(name, None)

import hypothesis  # noqa: E402
import pytest  # noqa: E402

from cx_assets.settings import PROJECT_ROOT, Settings  # noqa: E402
from cx_assets.world import World, WorldSettings  # noqa: E402

CUSTOMERS = 150

# A timing is never asserted in a test.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The tests' periods, on paths of their own."""
    return Settings.from_env({**os.environ, "CX_HOME": str(tmp_path / "home")})


@pytest.fixture(scope="session")
def small_landing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six months of landing files of a small world. Read only: copy it before you change it."""
    home = tmp_path_factory.mktemp("small-world")
    world = World(
        WorldSettings(customers=CUSTOMERS, seed=11),
        landing=home / "landing",
        truth=home / "truth",
    )
    for _ in range(6):
        world.step(outbox=None)
    return home / "landing"


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real data sets; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("CX_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not there (set CX_REAL_DATA)")
    return folder
