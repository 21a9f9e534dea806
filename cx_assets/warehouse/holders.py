"""Which processes have a DuckDB file open, without opening it."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cx_assets.warehouse.contents import reading

LOCKS = Path("/proc/locks")


@dataclass(frozen=True)
class Holder:
    """A process that holds a lock; `command` is empty where nobody can tell."""

    pid: int
    command: str
    writes: bool

    def __str__(self) -> str:
        return f"process {self.pid}" + (f" ({self.command})" if self.command else "")


def holders(database: Path) -> list[Holder]:
    """The processes of which each keeps others from writing.

    Linux lists all locks. Elsewhere DuckDB is asked, which names a process that writes and knows
    none that read.
    """
    if not database.exists():
        return []
    return _listed(database) if LOCKS.exists() else _named_by_duckdb(database)


def _listed(database: Path) -> list[Holder]:
    status = database.stat()
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    found = set()
    for line in LOCKS.read_text().splitlines():
        # 1: POSIX  ADVISORY  WRITE 5114 fe:00:5432001 0 EOF; "->" in place of POSIX waits for it.
        words = line.split()
        if words[1] == "POSIX" and words[5] == device and int(words[4]) != os.getpid():
            found.add(Holder(int(words[4]), _command(int(words[4])), words[3] == "WRITE"))
    return sorted(found, key=lambda holder: holder.pid)


def _command(pid: int) -> str:
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return b" ".join(words).decode(errors="replace").strip()


def _named_by_duckdb(database: Path) -> list[Holder]:
    try:
        with reading(database).connect():
            return []
    except (duckdb.Error, RuntimeError) as error:
        named = re.search(r"held in (?P<command>.*) \(PID (?P<pid>\d+)\)", str(error))
        return [Holder(int(named["pid"]), named["command"], True)] if named else []
