from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_assets.world import WorldSettings
from cx_assets.world.arrays import Period
from cx_assets.world.feelings import NO_CAUSE, Feelings, shocks_of
from cx_assets.world.phrases import Topic
from cx_assets.world.settings import KINDS
from cx_assets_tests.world.reading import CLEAN, effects, live

JANUARY = Period.of(WorldSettings().first_period, 0)


def times(*days: str) -> np.ndarray:
    return np.array([f"2024-01-{day}" for day in days], dtype="datetime64[s]")


@pytest.fixture
def feelings() -> Feelings:
    feelings = Feelings(np.array([1.0, 0.0, -1.0]), memory=0.5, noise=0.0)
    feelings.begin(JANUARY, np.random.default_rng(0))
    late = shocks_of(np.array([0, 2]), times("10", "05"), -0.5, Topic.LATE_DELIVERY)
    hidden = shocks_of(np.array([0]), times("20"), -1.0, Topic.DEFECT, recorded=False)
    kind = shocks_of(np.array([0]), times("25"), 0.25, None)
    kind["recorded"] = False
    feelings.absorb(pd.concat([hidden, late, kind]))
    return feelings


def test_a_shock_is_felt_from_its_moment_on(feelings: Feelings) -> None:
    owner = np.array([0, 0, 0, 0, 1, 2])
    felt = feelings.at(owner, times("09", "11", "21", "26", "31", "04"))

    assert felt == pytest.approx([1.0, 0.5, -0.5, -0.25, 0.0, -1.0])


def test_only_what_is_on_record_counts_as_recorded(feelings: Feelings) -> None:
    assert feelings.recorded(np.array([0, 0, 1]), times("09", "26", "26")).tolist() == [0, 1, 0]


def test_the_cause_is_the_latest_bad_experience(feelings: Feelings) -> None:
    cause = feelings.cause(np.array([0, 0, 0, 1]), times("09", "11", "26", "26"))

    assert cause.tolist() == [NO_CAUSE, Topic.LATE_DELIVERY, Topic.DEFECT, NO_CAUSE]


def test_feelings_return_to_their_own_level(feelings: Feelings) -> None:
    feelings.close()
    assert feelings.satisfaction == pytest.approx([-0.25, 0.0, -1.5])

    feelings.begin(Period.of(WorldSettings().first_period, 1), np.random.default_rng(0))

    assert feelings.satisfaction == pytest.approx([0.375, 0.0, -1.25])
    assert feelings.recent.tolist() == [1, 0, 1]


def test_satisfaction_moves_by_exactly_what_happened(tmp_path: Path) -> None:
    """Without noise, a month's satisfaction can be computed from the files that landed."""
    settings = WorldSettings(
        customers=1_500,
        kinds=(replace(KINDS[0], share=1.0, satisfaction=0.5),),
        satisfaction_spread=0.0,
        satisfaction_noise=0.0,
        defect_share=0.0,
        bad_product_defect_share=0.0,
        ticket_rate=0.5,
        erasures=0.0,
        dirt=CLEAN,
    )
    run = live(settings, tmp_path, months=1)

    orders = run.file("orders", "2024-01")
    late = orders[orders["delivered_at"] > orders["promised_at"]].groupby("customer_id").size()
    tickets = run.file("support_tickets", "2024-01").dropna(subset=["resolved_at"])
    waited = pd.to_datetime(tickets["resolved_at"]) - pd.to_datetime(tickets["opened_at"])
    slow = tickets[waited > pd.Timedelta(hours=48)].groupby("customer_id").size()
    truth = run.true("states").set_index("customer_id")["satisfaction"]
    expected = (
        0.5
        + settings.late_effect * late.reindex(truth.index, fill_value=0)
        + settings.slow_effect * slow.reindex(truth.index, fill_value=0)
    )

    assert late.sum() > 50
    assert slow.sum() > 10
    assert truth.to_numpy() == pytest.approx(expected.to_numpy())


def test_defects_hurt_whether_they_come_back_or_not(tmp_path: Path) -> None:
    calm = WorldSettings(customers=1_000, defect_share=0.0, bad_product_defect_share=0.0)
    faulty = replace(calm, defect_share=0.3, bad_product_defect_share=0.3, return_share=0.0)

    better = live(calm, tmp_path / "calm", months=1).true("states")
    worse = live(faulty, tmp_path / "faulty", months=1).true("states")

    assert worse["satisfaction"].mean() < better["satisfaction"].mean() - 0.1


def test_treated_minus_control_recovers_the_effects_set(tmp_path: Path) -> None:
    settings = WorldSettings(customers=8_000, months_of_joining=1, treated_share=0.5, dirt=CLEAN)
    run = live(settings, tmp_path, months=4)

    assigned = run.source("action_assignments")
    assigned["period"] = assigned["assigned_at"].dt.strftime("%Y-%m-01")
    felt = assigned.merge(run.true("states"), on=["customer_id", "period"])
    true = effects(run)
    assert true["feature_tips"]["satisfaction"]["all"] == 0
    for action, rows in felt.groupby("action"):
        treated = rows[rows["arm"] == "treated"]["satisfaction"]
        control = rows[rows["arm"] == "control"]["satisfaction"]
        error = np.sqrt(treated.var() / len(treated) + control.var() / len(control))
        expected = settings.delivered_share * true[str(action)]["satisfaction"]["all"]
        assert error < 0.04
        assert abs(treated.mean() - control.mean() - expected) < 4 * error, action


def test_vouchers_sell(tmp_path: Path) -> None:
    voucher = replace(WorldSettings().actions[0], purchases=1.0, factors=())
    settings = WorldSettings(
        customers=3_000, actions=(voucher,), campaign_share=1.0, treated_share=0.5, dirt=CLEAN
    )
    run = live(settings, tmp_path, months=2)

    assigned = run.source("action_assignments")
    orders = run.newest("orders", "order_id")
    counts = orders[orders["ordered_at"] >= "2024-02"].groupby("customer_id").size()
    bought = counts.reindex(assigned["customer_id"], fill_value=0).to_numpy()
    treated = (assigned["arm"] == "treated").to_numpy()

    assert bought[treated].mean() > 1.5 * bought[~treated].mean()
