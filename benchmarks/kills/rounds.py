"""Kill a step again and again, look at what is left each time, and let it end at last."""

import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.context import ForkProcess
from pathlib import Path
from random import Random

from benchmarks.kills import forked
from benchmarks.kills.kinds import Kind, settings_of
from benchmarks.kills.state import State, take
from cx_assets import disk
from cx_assets.settings import Settings

# After so many kills of the same home its step is let to its end.
IN_A_ROW = 4
LOOK_EVERY = 0.0005  # seconds
PATIENCE = 600.0  # seconds
# One kill of so many is at any moment of the step, the others once it has begun to write.
ANY_MOMENT_ONE_IN = 4
JOURNAL = "-journal"
QUICKER = 0.7

Stamps = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Pace:
    """When a step that is let alone writes first and last and has ended, in seconds."""

    first: float
    last: float
    end: float

    def quicker(self) -> "Pace":
        """For a machine that has less to do now than when the pace was measured."""
        return Pace(*(QUICKER * seconds for seconds in (self.first, self.last, self.end)))


@dataclass(frozen=True)
class Kill:
    """One kill: when it hit, "before", "during" or "after" the writing, and what was wrong."""

    kind: str
    moment: str
    wrong: tuple[str, ...]


class Folder:
    """The homes of one kind of step below one folder."""

    def __init__(self, kind: Kind, base: Path, folder: Path) -> None:
        self.kind = kind
        self.base = base
        self.folder = folder
        self.log = folder / "words.txt"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def prepare(self) -> Path:
        home = self.folder / "prepared"
        if not self.kind.from_version_1:
            shutil.copytree(self.base, home)
        forked.ask(self.log, _call, self.kind.prepare, home)
        return home

    def fresh(self, name: str) -> Path:
        home = self.folder / name
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(self.folder / "prepared", home)
        return home

    def start(self, home: Path) -> ForkProcess:
        return forked.start(self.log, _call, self.kind.work, home)

    def words(self) -> str:
        """What the last child has said."""
        return self.log.read_text()

    def finish(self, home: Path) -> None:
        forked.finish(self.start(home), self.log)

    def take(self, home: Path) -> State:
        return forked.ask(self.log, _take, home, self.folder / "aside")


def _call(work: Callable[[Settings], object], home: Path) -> None:
    """As the command line does it, which tells what is wrong with a disk."""
    with disk.said(home):
        work(settings_of(home))


def _take(home: Path, aside: Path) -> State:
    return take(settings_of(home), aside)


def kills(kind: Kind, base: Path, folder: Path, number: int, random: Random) -> Iterator[Kill]:
    """Kill a step `number` times.

    Raises:
        forked.Failed: a step that nobody killed failed, or what a kill left cannot be opened.
    """
    homes = Folder(kind, base, folder)
    old = homes.take(homes.prepare())
    twin = homes.fresh("twin")
    pace = watched(homes, twin)
    new = homes.take(twin)
    yield from (Kill(kind.name, "twin", state.wrong) for state in (old, new) if state.wrong)
    done = 0
    while done < number:
        home = homes.fresh("killed")
        for _ in range(min(IN_A_ROW, number - done)):
            before = stamps(home)
            process = homes.start(home)
            kill(process, home, before, pace, random)
            if process.exitcode == 0:
                pace = pace.quicker()
                break  # It had ended, so this was no kill.
            if process.exitcode != -signal.SIGKILL:
                forked.finish(process, homes.log)
            done += 1
            now = homes.take(home)
            wrong = tuple(problems(kind, now, old, new))
            yield Kill(kind.name, moment(home, before, now, new), wrong)
        homes.finish(home)
        end = homes.take(home)
        different = tuple(differences(end, new))
        if different:
            yield Kill(kind.name, "end", different)
    shutil.rmtree(folder)


def watched(homes: Folder, home: Path) -> Pace:
    """Let a step alone and see when it writes.

    Raises:
        forked.Failed: it failed.
    """
    before = seen = stamps(home)
    started = time.monotonic()
    times: list[float] = []
    process = homes.start(home)
    while process.is_alive():
        now = stamps(home)
        if now != seen:
            times.append(time.monotonic() - started)
            seen = now
        time.sleep(LOOK_EVERY)
    end = time.monotonic() - started
    forked.finish(process, homes.log)
    if seen == before:
        raise AssertionError("the step wrote nothing, so a kill could not hit a write")
    return Pace(times[0], times[-1], end)


def kill(process: ForkProcess, home: Path, before: Stamps, pace: Pace, random: Random) -> None:
    """SIGKILL at a random moment."""
    started = time.monotonic()
    moment = started + random.uniform(0.0, pace.end)
    if random.randrange(ANY_MOMENT_ONE_IN):
        while process.is_alive() and stamps(home) == before:
            if time.monotonic() > started + PATIENCE:
                break
            time.sleep(LOOK_EVERY)
        moment = time.monotonic() + random.uniform(0.0, pace.last - pace.first)
    forked.sleep_until(moment)
    process.kill()
    process.join()


def stamps(home: Path) -> Stamps:
    """Size and time of each file that is the project's own; Dagster's are left out.

    So are the journals of SQLite, which come and go where nothing is changed too.
    """
    found: Stamps = {}
    folders = [str(home)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name != "dagster":
                            folders.append(entry.path)
                    elif not entry.name.endswith(JOURNAL):
                        status = entry.stat(follow_symlinks=False)
                        found[entry.path] = (status.st_size, status.st_mtime_ns)
        except FileNotFoundError:
            continue  # Temporary files go while they are looked at.
    return found


def moment(home: Path, before: Stamps, now: State, new: State) -> str:
    """When a kill hit: after means that all was written and nothing was left to tidy up."""
    after = stamps(home)
    if before == after:
        return "before"
    is_open = any(name.endswith(".wal") for name in after) or any(home.glob(f"*{JOURNAL}"))
    whole = not is_open and not list(differences(now, new))
    return "after" if whole else "during"


def problems(kind: Kind, now: State, old: State, new: State) -> Iterator[str]:
    """What may not be at any moment: neither the old nor the new one as a whole."""
    yield from now.wrong
    known = {name for name in old.tables | new.tables if not name.startswith(kind.apart)}
    for name in sorted(known):
        if now.tables.get(name) not in (old.tables.get(name), new.tables.get(name)):
            yield f"{name} is neither the old nor the new one"
    for name in sorted(now.tables.keys() - old.tables.keys() - new.tables.keys()):
        if not name.startswith(kind.apart):
            yield f"{name} was never there"
    if kind.at_once and not any(
        all(now.tables.get(name) == state.tables.get(name) for name in known)
        for state in (old, new)
    ):
        yield "the tables did not change together"
    if now.replica not in (old.replica, new.replica, {}):
        yield "the replica is neither the old nor the new one"
    for name in sorted(now.files.keys() | old.files.keys()):
        if now.files.get(name) not in (old.files.get(name), new.files.get(name)):
            yield f"{name} is neither the old nor the new one"
    for subject in sorted(old.people.keys() | now.people.keys()):
        if subject.startswith("request "):
            continue
        was, is_, will = (state.people.get(subject) for state in (old, now, new))
        if is_ not in (was, will):
            yield f"the vault knows {subject} otherwise than before and after"


def differences(end: State, new: State) -> Iterator[str]:
    """How a home whose step was killed and then ended differs from one that was never killed."""
    for name in ("tables", "replica", "files", "people", "requests", "keys"):
        mine, theirs = getattr(end, name), getattr(new, name)
        if mine == theirs:
            continue
        if isinstance(mine, dict):
            names = [key for key in mine.keys() | theirs if mine.get(key) != theirs.get(key)]
            yield f"{name}: {', '.join(sorted(names)[:5])}"
        else:
            yield f"{name}: {sorted(mine ^ theirs)}"
    if end.left - new.left:
        yield f"left over: {', '.join(sorted(end.left - new.left))}"
