"""A person's browser, without its window."""

import shutil
import subprocess
import tempfile

import pytest


def page(url: str) -> str:
    """What a person's browser makes of the page, as HTML."""
    browser = shutil.which("chromium")
    if not browser:
        pytest.skip("no chromium here; .ci/run installs it")
    with tempfile.TemporaryDirectory() as profile:
        shown = subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                f"--user-data-dir={profile}",
                "--virtual-time-budget=20000",
                "--dump-dom",
                url,
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    return shown.stdout
