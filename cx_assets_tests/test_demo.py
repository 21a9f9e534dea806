"""The demo's sample data: made once, made whole, and never on top of somebody's own files."""

import json
from datetime import date
from pathlib import Path

import click
import pytest

from cx_assets import demo
from cx_assets.settings import Settings
from cx_assets.world import World, WorldSettings

WORLD = WorldSettings(customers=30, seed=5, first_period=date(2024, 1, 1))


def files(landing: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(landing)): path.read_bytes()
        for path in sorted(landing.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(autouse=True)
def folders(settings: Settings) -> None:
    settings.landing.mkdir(parents=True)


def test_data_that_was_made_half_is_made_again(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_at = 3
    step = World.step

    def stopped(world: World, outbox: Path | None = None) -> object:
        if len(list((settings.landing / "orders").glob("*"))) == stopped_at:
            raise KeyboardInterrupt
        return step(world, outbox)

    monkeypatch.setattr(World, "step", stopped)
    with pytest.raises(KeyboardInterrupt):
        demo._make_data(settings, WORLD)
    monkeypatch.undo()
    demo._make_data(settings, WORLD)

    untroubled = World(WORLD, landing=tmp_path / "landing", truth=tmp_path / "truth")
    for _ in range(6):
        untroubled.step(outbox=None)
    assert files(settings.landing) == files(tmp_path / "landing")
    assert json.loads((settings.home / "world.json").read_text())["whole"] is True


def test_files_of_somebody_else_are_left_alone(settings: Settings) -> None:
    (settings.landing / "mine.csv").write_text("a\n1\n")
    with pytest.raises(click.ClickException, match="did not make"):
        demo._make_data(settings, WORLD)
    assert files(settings.landing) == {"mine.csv": b"a\n1\n"}


def test_another_world_is_refused(settings: Settings) -> None:
    demo._make_data(settings, WORLD)
    with pytest.raises(click.ClickException, match="other settings"):
        demo._make_data(settings, WorldSettings(customers=31, seed=5))
