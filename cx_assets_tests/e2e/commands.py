"""The project's commands in processes of their own, on an environment of the test's own."""

import os
import subprocess
import sys
from pathlib import Path

from cx_assets.settings import PROJECT_ROOT

BIN = Path(sys.executable).parent


def environment(home: Path, **settings: str) -> dict[str, str]:
    """Nothing of the caller's CX settings, and a CX_HOME and DAGSTER_HOME of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CX_")}
    return {
        **inherited,
        "CX_HOME": str(home),
        "DAGSTER_HOME": str(home / "dagster"),
        **settings,
    }


def command(env: dict[str, str], *words: str, umask: int = -1) -> str:
    """Run `.venv/bin/<words>` at the project's root; its output, or the reason why it failed."""
    done = subprocess.run(
        [str(BIN / words[0]), *words[1:]],
        cwd=PROJECT_ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
        umask=umask,
    )
    assert done.returncode == 0, f"{' '.join(words)}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    return done.stdout
