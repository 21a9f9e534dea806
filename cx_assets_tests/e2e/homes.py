"""Homes that take long to build: one of pytest's workers makes each, and all of them look at it."""

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cx_assets.settings import Settings


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Settings], None]) -> Settings:
    """The home of that name, which `make` fills for the first who asks. Read only."""
    shared = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    settings = Settings.from_env({**os.environ, "CX_HOME": str(shared / name)})
    made = shared / f"{name}.made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(settings.home, ignore_errors=True)
            make(settings)
            made.touch()
    return settings


def copy(home: Settings, to: Path) -> Settings:
    """The same home at a path that does not exist yet, to be changed."""
    shutil.copytree(home.home, to)
    return Settings.from_env({**os.environ, "CX_HOME": str(to)})
