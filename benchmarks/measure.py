"""What a measured process says about itself: seconds per stage, peak memory, versions.

It runs in every side's environment, so it needs the standard library alone.
"""

import json
import platform
import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path


class Measurement:
    """Wall time of named stages, in seconds, and the memory that the process needed at most."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.peak_mb = peak_memory_mb()

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - started
        self.peak_mb = peak_memory_mb()

    def write(
        self, path: Path, packages: Sequence[str], parameters: Mapping[str, Mapping[str, float]]
    ) -> None:
        """Write the report as JSON; what comes after the last stage is in no figure."""
        report = {
            "seconds": self.seconds,
            "peak_mb": self.peak_mb,
            "python": platform.python_version(),
            "versions": {name: version(name) for name in packages},
            "parameters": {
                model: {name: float(value) for name, value in values.items()}
                for model, values in parameters.items()
            },
        }
        path.write_text(json.dumps(report, indent=2))


def peak_memory_mb() -> float:
    """The most resident memory so far, in MB of 10^6 bytes."""
    # On Linux ru_maxrss starts with the peak of the process that started this one; VmHWM does not.
    status = Path("/proc/self/status")
    if status.exists():
        lines = status.read_text().splitlines()
        (peak,) = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
        return int(peak) * 1024 / 1e6
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6
