"""What `cx doctor` looks at in the Python environment: releases that must fit one another."""

from importlib.metadata import PackageNotFoundError, distribution, version
from pathlib import Path
from platform import python_version

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from cx_assets.findings import Finding, error, ok, or_ok, some, warn
from cx_assets.settings import PROJECT_ROOT

OURS = "cx-assets"
REINSTALL = "Install again: rm -r .venv, then make demo"
FAMILY = "dagster"
# Dagster's libraries are released together with it, as 0.(minor + 16).patch.
LIBRARIES_BEHIND = 16


def packages() -> list[Finding]:
    """Python and all that the project needs are in the ranges that it was written for."""
    about, metadata = "packages", distribution(OURS).metadata
    wanted = SpecifierSet(metadata["Requires-Python"])
    problems = (
        []
        if python_version() in wanted
        else [error(about, f"Python is {python_version()}, and must be {wanted}", REINSTALL)]
    )
    for needed in _needed(OURS):
        found = _installed(needed.name)
        if found is None or not needed.specifier.contains(found, prereleases=True):
            what = f"{needed.name} is {found or 'missing'}, and must be {needed.specifier}"
            problems.append(error(about, what, REINSTALL))
    problems += dagster_family({name: version(name) for name in _family(OURS)})
    what = f"Python {python_version()}, Dagster {version('dagster')}, DuckDB {version('duckdb')}"
    return or_ok(problems, about, what)


def dagster_family(releases: dict[str, str]) -> list[Finding]:
    """All of Dagster is of one release; anything else fails at import, or later and worse."""
    core = Version(releases["dagster"])
    library = f"0.{core.minor + LIBRARIES_BEHIND}.{core.micro}"
    differing = sorted(
        f"{name} {release}"
        for name, release in releases.items()
        if release not in (str(core), library)
    )
    what = f"they are not of the same release as dagster {core}: {some(differing)}"
    return [error("packages", what, REINSTALL)] if differing else []


def lock_file(path: Path = PROJECT_ROOT / "requirements.lock") -> list[Finding]:
    """What is installed is what was locked and tested."""
    about = "lock file"
    if not path.exists():
        return [ok(about, "there is none: the project is installed as a package")]
    differing = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            locked = Requirement(line.rstrip("\\ "))
            found = _installed(locked.name)
            wanted = locked.marker is None or locked.marker.evaluate()
            if wanted and (found is None or not locked.specifier.contains(found, True)):
                differing.append(f"{locked.name} {found or 'missing'} ({locked.specifier})")
    what = f"{len(differing)} packages are not as in {path.name}: {some(differing)}"
    return or_ok(
        [warn(about, what, REINSTALL)] if differing else [], about, "all packages are as locked"
    )


def _needed(name: str) -> list[Requirement]:
    """What a package needs here, without its extras."""
    needed = map(Requirement, distribution(name).requires or [])
    return [one for one in needed if one.marker is None or one.marker.evaluate({"extra": ""})]


def _family(name: str) -> set[str]:
    """The packages of Dagster that a package needs, and those that they need."""
    found = {
        one.name
        for one in _needed(name)
        if one.name.startswith(FAMILY) and _installed(one.name) is not None
    }
    return found.union(*map(_family, found))


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
