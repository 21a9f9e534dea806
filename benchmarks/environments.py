"""A virtual environment per peer, with the versions that requirements/<peer>.txt pins."""

import json
import subprocess
import sys
from pathlib import Path

REQUIREMENTS = Path(__file__).parent / "requirements"

INSTALLED = """
import json
from importlib.metadata import distributions
print(json.dumps({each.metadata["Name"].lower(): each.version for each in distributions()}))
"""


def python_of(peer: str | None, folder: Path) -> Path:
    """The interpreter of `folder`/<peer>, which is made or completed unless all pins are there.

    This process's own where the side is no peer.

    subprocess.CalledProcessError where a package cannot be installed.
    """
    if peer is None:
        return Path(sys.executable)
    environment = folder / peer
    python = environment / "bin" / "python"
    requirements = REQUIREMENTS / f"{peer}.txt"
    if not (python.exists() and pins(requirements) <= _installed(python)):
        print(f"Installing {peer} into {environment}", flush=True)
        subprocess.run([sys.executable, "-m", "venv", environment], check=True)
        install = ("-m", "pip", "install", "-q", "--no-deps", "-r")
        subprocess.run([python, *install, requirements], check=True)
    return python


def pins(requirements: Path) -> set[tuple[str, str]]:
    """Names, in lower case, and versions."""
    lines = requirements.read_text().split()
    return {
        (name.lower(), version) for name, _, version in (line.partition("==") for line in lines)
    }


def _installed(python: Path) -> set[tuple[str, str]]:
    listed = subprocess.run(
        [python, "-I", "-c", INSTALLED], check=True, capture_output=True, text=True
    )
    return set(json.loads(listed.stdout).items())
