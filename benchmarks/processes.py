"""A measured process: started, watched, stopped when it takes more time or memory than it may."""

import os
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# What benchmarks write.
HOME = Path(os.environ.get("CX_HOME", ROOT / ".cx")).absolute() / "benchmarks"
LOOK_EVERY = 0.2  # seconds


@dataclass(frozen=True)
class Limits:
    """What a process may take: seconds, and GB of 10^9 bytes (watched on Linux only)."""

    seconds: float
    memory_gb: float


def run(command: Sequence[str], limits: Limits, environment: Mapping[str, str]) -> str | None:
    """Run `command` at the project's root; None if it went well, else in words why not."""
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        try:
            stopped = _watch(process, limits)
        finally:
            process.kill()
            process.wait()
        if stopped or process.returncode == 0:
            return stopped
        errors.seek(0)
        lines = errors.read().strip().splitlines() or [f"exit code {process.returncode}"]
        return f"failed: {lines[-1]}"


def _watch(process: subprocess.Popen[bytes], limits: Limits) -> str | None:
    ends = time.monotonic() + limits.seconds
    while True:
        try:
            process.wait(LOOK_EVERY)
            return None
        except subprocess.TimeoutExpired:
            if time.monotonic() > ends:
                return f"stopped after {limits.seconds:g} s"
            if _resident_bytes(process.pid) > limits.memory_gb * 1e9:
                return f"stopped at {limits.memory_gb:.3g} GB"


def _resident_bytes(pid: int) -> int:
    """0 where the system does not tell, or the process has just ended."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text().split()[1]
    except (OSError, IndexError):
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
