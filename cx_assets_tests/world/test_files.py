from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from cx_assets.landing.sources import SOURCES
from cx_assets.world import World, WorldSettings
from cx_assets_tests.world.reading import Run, contents, live, read

SMALL = WorldSettings(customers=400, erasures=0.02)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return live(SMALL, tmp_path_factory.mktemp("world"), months=3)


def test_the_same_seed_gives_the_same_bytes(run: Run, tmp_path: Path) -> None:
    again = live(SMALL, tmp_path, months=3)

    assert contents(again.landing) == contents(run.landing)
    assert contents(again.truth) == contents(run.truth)


def test_another_seed_gives_another_world(run: Run, tmp_path: Path) -> None:
    other = live(replace(SMALL, seed=SMALL.seed + 1), tmp_path, months=3)

    ours, theirs = contents(run.landing), contents(other.landing)
    both = ours.keys() & theirs.keys()
    assert len(both) > 20
    assert not [path for path in both if ours[path] == theirs[path]]


def test_every_source_lands_with_the_columns_it_owes_and_no_others(run: Run) -> None:
    """But for the record of the survey plans: that is the product's own."""
    named = {folder.name for folder in run.landing.iterdir()}
    assert named == set(SOURCES) - {"survey_plans"}
    for name in named:
        source = SOURCES[name]
        declared = {field.name for field in source.fields}
        for path in (run.landing / name).iterdir():
            columns = set(read(path).columns)
            assert set(source.owed) <= columns <= declared, path.name


def test_every_file_format_is_used(run: Run) -> None:
    suffixes = {path.name.split(".", 1)[1] for path in run.landing.rglob("*.*")}

    assert suffixes == {"csv", "csv.gz", "parquet", "jsonl", "jsonl.gz"}


def test_modification_times_ascend_in_the_order_of_landing(tmp_path: Path) -> None:
    world = World(SMALL, landing=tmp_path / "landing", truth=tmp_path / "truth")

    landed = [path for _ in range(2) for path in world.step().files]

    times = [path.stat().st_mtime for path in landed]
    assert len(landed) > 15
    assert times == sorted(set(times))


def test_the_summary_counts_the_rows_of_the_files(tmp_path: Path) -> None:
    world = World(SMALL, landing=tmp_path / "landing", truth=tmp_path / "truth")

    summary = world.step()

    assert summary.period == "2024-01-01"
    assert {path.parent.name for path in summary.files} == set(summary.rows)
    for source in ("products", "web_events", "social_mentions"):
        path = next(path for path in summary.files if path.parent.name == source)
        assert len(read(path)) == summary.rows[source]


def test_the_truth_may_not_lie_in_the_landing_zone(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside the landing zone"):
        World(SMALL, landing=tmp_path, truth=tmp_path / "truth")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"customers": 0}, "customers"),
        ({"first_period": date(2024, 1, 2)}, "first of a month"),
        ({"kinds": SMALL.kinds[:2]}, "add up to 1"),
        ({"seasonality": (1.0,)}, "12 months"),
        ({"response": "never"}, "response"),
    ],
)
def test_impossible_settings_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        replace(SMALL, **changes)  # type: ignore[arg-type]
