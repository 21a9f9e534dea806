"""DAGSTER_HOME: where Dagster keeps its runs. Without it, the pool does nothing."""

import os
import shutil
from pathlib import Path

from cx_assets.settings import PROJECT_ROOT, Settings


def prepare_home(settings: Settings) -> Path:
    """Create DAGSTER_HOME with the project's dagster.yaml, and point Dagster to it."""
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.landing.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.dagster_home.mkdir(exist_ok=True, mode=0o700)
    shutil.copyfile(PROJECT_ROOT / "dagster.yaml", settings.dagster_home / "dagster.yaml")
    os.environ["DAGSTER_HOME"] = str(settings.dagster_home)
    return settings.dagster_home
