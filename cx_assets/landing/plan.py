"""Which files a run has to open: the new, the changed, and those with rows in its window."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from cx_assets.landing.file_read import cannot_open
from cx_assets.landing.files import LandedFile, fingerprint
from cx_assets.landing.registry import KnownFile


@dataclass
class Plan:
    """`new_content` has the SHA-256 of the files to read whose content is not the known one."""

    to_read: list[LandedFile] = field(default_factory=list)
    new_content: dict[str, str] = field(default_factory=dict)
    touched: list[LandedFile] = field(default_factory=list)
    closed: dict[str, str] = field(default_factory=dict)


def plan(
    landing: Path,
    listed: Sequence[LandedFile],
    known: Mapping[str, KnownFile],
    in_window: Set[str],
    rules: str,
) -> Plan:
    """Decide on each file; a known one that looks as it did is not opened for that."""
    made = Plan()
    for file in listed:
        before = known.get(file.path)
        if file.problem:
            made.closed[file.path] = file.problem
            continue
        if not (before and before.looks_like(file, rules)):
            try:
                sha256 = fingerprint(landing / file.path)
            except OSError as error:
                made.closed[file.path] = cannot_open(error)
                continue
            if before and (before.sha256, before.rules) == (sha256, rules):
                made.touched.append(file)
            else:
                made.new_content[file.path] = sha256
        if file.path in in_window or file.path in made.new_content:
            made.to_read.append(file)
    return made
