"""Each kind of step on a disk that becomes full under it: a clear error, and nothing is lost.

The disk is a tmpfs of its own, so this needs the right to mount.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.kills.kinds import Kind
from benchmarks.kills.rounds import Folder, differences, problems

SIZE = 1_000_000_000  # bytes
# How the errors that tell a person what to do begin: `disk.problem`, and NoRoom of a copy.
CLEAR = ("is full (", "make room there")


@dataclass(frozen=True)
class Filled:
    """A step with so many bytes left: whether it "failed" or "ended", and what was wrong."""

    kind: str
    left: int
    end: str
    wrong: tuple[str, ...]

    @property
    def moment(self) -> str:
        return f"{self.end} with {self.left:,} bytes left"


def fill(kind: Kind, base: Path, folder: Path, amounts: Sequence[int]) -> Iterator[Filled]:
    """Let a step run with each amount of bytes left, and again once there is room.

    Raises:
        forked.Failed: what a full disk left cannot be opened, or the step fails with room too.
        subprocess.CalledProcessError: a disk may not be mounted here.
    """
    homes = Folder(kind, base, folder)
    old = homes.take(homes.prepare())
    twin = homes.fresh("twin")
    homes.finish(twin)
    new = homes.take(twin)
    for left in amounts:
        with mounted(folder / "disk") as disk:
            home = disk / "home"
            shutil.copytree(folder / "prepared", home)
            with ballast(disk, left):
                step = homes.start(home)
                step.join()
                words = homes.words()
                now = homes.take(home)
            wrong = list(problems(kind, now, old, new))
            if step.exitcode and not any(clear in words for clear in CLEAR):
                wrong.append(f"the error does not say what to do: ...{words[-1500:]}")
            homes.finish(home)
            wrong += differences(homes.take(home), new)
        yield Filled(kind.name, left, "failed" if step.exitcode else "ended", tuple(wrong))
    shutil.rmtree(folder)


@contextmanager
def mounted(disk: Path) -> Iterator[Path]:
    """A file system in memory."""
    disk.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "cx-kills", disk], check=True)
    try:
        yield disk
    finally:
        subprocess.run(["umount", disk], check=True)


@contextmanager
def ballast(disk: Path, left: int) -> Iterator[None]:
    """A file that leaves so many bytes free."""
    path = disk / "ballast"
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - left)
    try:
        yield
    finally:
        path.unlink()
