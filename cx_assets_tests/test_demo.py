"""The demo's sample data: made whole, and never on top of somebody's own files."""

import json
from dataclasses import replace
from datetime import date

import click
import pytest

from cx_assets import demo
from cx_assets.settings import Settings
from cx_assets.world import WorldSettings

WORLD = WorldSettings(customers=30, seed=5, first_period=date(2024, 1, 1))
MONTHS = [date(2024, month, 1) for month in range(1, 7)]


@pytest.fixture(autouse=True)
def folders(settings: Settings) -> None:
    settings.landing.mkdir(parents=True)


def test_data_is_whole_only_once_it_is_said_to_be(settings: Settings) -> None:
    assert demo._settle(settings, WORLD, MONTHS) is False
    # Stopped half way: some files are there, and the note says whose they are.
    (settings.landing / "half.csv").write_text("a\n")
    assert demo._settle(settings, WORLD, MONTHS) is False
    demo._note(settings, WORLD, MONTHS, whole=True)
    assert demo._settle(settings, WORLD, MONTHS) is True
    assert json.loads((settings.home / "world.json").read_text())["wanted"]["customers"] == 30


def test_files_of_somebody_else_are_left_alone(settings: Settings) -> None:
    (settings.landing / "mine.csv").write_text("a\n1\n")
    with pytest.raises(click.ClickException, match="did not make"):
        demo._settle(settings, WORLD, MONTHS)
    assert not (settings.home / "world.json").exists()


def test_another_world_is_refused(settings: Settings) -> None:
    demo._settle(settings, WORLD, MONTHS)
    for other in (replace(WORLD, customers=31), replace(WORLD, seed=6)):
        with pytest.raises(click.ClickException, match="other settings"):
            demo._settle(settings, other, MONTHS)
    with pytest.raises(click.ClickException, match="other settings"):
        demo._settle(settings, WORLD, MONTHS[:5])


def test_the_loop_closes_over_the_newest_periods_once_there_is_history(settings: Settings) -> None:
    assert [demo.closed_periods(settings, periods) for periods in (1, 3, 4, 9, 18)] == [
        *(0, 0, 1, 6, 6)
    ]
    weekly = settings.model_copy(update={"period": "weekly"})
    assert demo.closed_periods(weekly, 18) == 0
