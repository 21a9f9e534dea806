from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cx_assets.world import World, WorldSettings
from cx_assets_tests.world.reading import CLEAN, Run, contents, live, read

SETTINGS = WorldSettings(
    customers=1_000, months_of_joining=1, campaign_share=0.0, delivered_share=1.0, dirt=CLEAN
)
CALLED = [f"C{number:09}" for number in range(400)]


@pytest.fixture
def outbox(tmp_path: Path) -> Path:
    """What a product decided at the end of February: for half of those called, nothing."""
    path = tmp_path / "outbox" / "actions" / "2024-02-01.parquet"
    path.parent.mkdir(parents=True)
    ids = [*CALLED, "somebody the world does not know", "C000000500"]
    table = {
        "customer_id": ids,
        "action_id": [f"mine-{number}" for number in range(len(ids))],
        "action": ["service_call"] * len(CALLED) + ["service_call", "an action nobody heard of"],
        "arm": ["treated", "control"] * (len(CALLED) // 2) + ["treated", "treated"],
    }
    pq.write_table(pa.table(table), path)
    return tmp_path / "outbox"


def test_an_outbox_changes_only_what_comes_after(outbox: Path, tmp_path: Path) -> None:
    alone = live(SETTINGS, tmp_path / "alone", months=4)
    answered = live(SETTINGS, tmp_path / "answered", months=4, outbox=outbox)

    ours, theirs = contents(answered.landing), contents(alone.landing)
    before = [path for path in ours if "2024-01" in path or "2024-02" in path]
    assert len(before) > 10
    assert all(ours[path] == theirs[path] for path in before)
    for later in ("orders/orders_2024-03.csv", "orders/orders_2024-04.csv"):
        assert ours[later] != theirs[later]


def test_the_treated_of_the_outbox_are_delivered_in_the_next_month(
    outbox: Path, tmp_path: Path
) -> None:
    run = live(SETTINGS, tmp_path, months=3, outbox=outbox)

    [path] = (run.landing / "action_deliveries").iterdir()
    landed = read(path)
    assert path.name == "action_deliveries_2024-03.parquet"
    assert set(landed["customer_id"]) == {*CALLED[::2], "C000000500"}
    expected = {f"mine-{number}" for number in range(0, len(CALLED), 2)}
    assert set(landed["action_id"]) == {*expected, f"mine-{len(CALLED) + 1}"}
    assert (landed["delivered_at"] >= "2024-03-01").all()
    assert not (run.landing / "action_assignments").exists()


def test_the_treated_feel_the_effect_and_nobody_else_does(outbox: Path, tmp_path: Path) -> None:
    def change(run: Run, other: Run) -> dict[str, float]:
        ours, theirs = (
            world.true("states").query("period == '2024-03-01'").set_index("customer_id")
            for world in (run, other)
        )
        difference: dict[str, float] = (ours["satisfaction"] - theirs["satisfaction"]).to_dict()
        return difference

    # Without bad experiences only the action can make a difference.
    calm = {"late_share": 0.0, "defect_share": 0.0, "bad_product_defect_share": 0.0}
    settings = WorldSettings(**{**vars(SETTINGS), **calm, "ticket_rate": 0.0})
    alone = live(settings, tmp_path / "alone", months=3)
    answered = live(settings, tmp_path / "answered", months=3, outbox=outbox)

    difference = change(answered, alone)
    kinds = answered.true("customers").set_index("customer_id")["kind"]
    call = next(action for action in settings.actions if action.name == "service_call")
    treated = set(CALLED[::2])
    assert treated <= set(difference)
    for customer, change_ in difference.items():
        effect = call.satisfaction * call.factor(kinds[customer]) if customer in treated else 0.0
        assert change_ == pytest.approx(effect), customer


def test_where_a_product_decides_the_company_has_no_campaign(outbox: Path, tmp_path: Path) -> None:
    world = World(
        WorldSettings(customers=500), landing=tmp_path / "landing", truth=tmp_path / "truth"
    )

    assigned = ["action_assignments" in world.step(outbox).rows for _ in range(4)]

    assert assigned == [False, True, False, True]
