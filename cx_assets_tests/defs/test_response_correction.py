"""analyze.csat corrects for who answers: a small version of benchmarks/satisfaction."""

from dataclasses import replace

import pytest

from benchmarks.satisfaction.correction import measure
from cx_assets.world import WorldSettings

MONTHS = 4
# Stronger than in the sample data, so that one world shows it beyond the chance of its answers.
WORLD = WorldSettings(customers=8_000, seed=1)
RECORDED = replace(WORLD, response="recorded", recorded_on_response=1.2, late_effect=-1.2)
FEELING = replace(WORLD, response="feeling", feeling_on_response=-0.6)


@pytest.mark.slow
@pytest.mark.parametrize(("world", "most"), [(RECORDED, 0.5), (FEELING, 0.75)])
def test_the_correction_takes_away_much_of_the_error(world: WorldSettings, most: float) -> None:
    found = measure(world, MONTHS)
    raw, adjusted = (abs(found[name] - found["truth"]) for name in ("raw", "adjusted"))
    assert raw > 0.15
    assert adjusted < most * raw
    assert found["low"] < found["adjusted"] < found["high"]
    assert found["bound_low"] < found["truth"] < found["bound_high"]
    # The silent at the lowest and at the highest score, and nothing beyond.
    silent = 1 - found["answered"] / found["asked"]
    assert found["bound_high"] - found["bound_low"] == pytest.approx(4 * silent)
