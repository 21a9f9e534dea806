"""The machine that was measured on, in a line."""

import os
import platform
from pathlib import Path


def machine() -> str:
    return f"{os.cpu_count()} cores of {_processor()}, {memory_gb('MemTotal'):.0f} GB"


def memory_gb(name: str) -> float:
    """A figure of /proc/meminfo in GB of 10^9 bytes; inf where there is no such file."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
    except OSError:
        return float("inf")
    (value,) = [line.split()[1] for line in lines if line.startswith(f"{name}:")]
    return int(value) * 1024 / 1e9


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
