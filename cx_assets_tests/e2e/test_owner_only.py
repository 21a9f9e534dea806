"""What is below CX_HOME is its owner's alone, whatever the umask of who starts it."""

import subprocess
from pathlib import Path

import pytest

from cx_assets_tests.e2e.commands import BIN, environment

pytestmark = pytest.mark.slow


def open_to_others(folder: Path) -> list[str]:
    """The paths that anybody but the owner may read, write or enter."""
    return [
        f"{path.lstat().st_mode & 0o777:03o} {path.relative_to(folder)}"
        for path in sorted([folder, *folder.rglob("*")])
        if path.lstat().st_mode & 0o077
    ]


def test_a_demo_leaves_nothing_open_to_others(tmp_path: Path) -> None:
    home = tmp_path / "home"
    done = subprocess.run(
        [str(BIN / "cx"), "demo", "--customers", "40"],
        env=environment(home, CX_LAST_PERIOD="2024-01-01"),
        umask=0,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for kind in (
        "warehouse.duckdb",
        "landing/*/*.parquet",
        "outbox/*/*.parquet",
        "dagster/**/*.db",
    ):
        assert list(home.glob(kind)), kind
    assert open_to_others(home) == []
