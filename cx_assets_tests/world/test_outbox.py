from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cx_assets.outbox import SURVEYS, publish
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


ASKING = WorldSettings(customers=800, anonymous_share=0.0, erasures=0.02, dirt=CLEAN)


def publish_plan(customers: list[str], period: str, folder: Path) -> Path:
    """A survey plan as the product publishes it, these customers in this order."""
    size = len(customers)
    plan = {
        "plan_id": [f"{period}/{number}" for number in range(size)],
        "customer_id": customers,
        "planned_at": [datetime(2024, 3, 1)] * size,
        "survey": ["csat"] * size,
        "rank": range(1, size + 1),
        "reason": ["value"] * size,
        "propensity": [1.0] * size,
        "expected_information": [0.0] * size,
        "why": ["no known answer"] * size,
    }
    decided = pa.table({name: pa.array(values) for name, values in plan.items()})
    publish(SURVEYS, decided, period, folder / "record", folder / "outbox")
    return folder / "outbox"


def test_the_customers_of_a_survey_plan_are_asked_in_its_order(tmp_path: Path) -> None:
    alone = live(ASKING, tmp_path / "alone", months=3)
    people = alone.true("customers").set_index("customer_id")["joined_at"]
    known = people.index[people < "2024-03-01"]
    erasures = alone.source("erasure_requests").query("requested_at < '2024-03-01'")
    erased = set(erasures["customer_id"])
    rng = np.random.default_rng(1)
    wanted = rng.permutation(known.difference(list(erased)))[:300].tolist()
    strangers = [*erased, *people.index[people >= "2024-03-01"][:5], "nobody", "C000000801"]
    assert len(erased) > 5
    assert len(strangers) == len(erased) + 7

    plan = rng.permutation([*wanted, *strangers]).tolist()
    outbox = publish_plan(plan, "2024-02-01", tmp_path)
    run = live(ASKING, tmp_path / "asked", months=3, outbox=outbox)

    march = run.file("survey_responses", "2024-03")
    march = march[march["sent_at"] >= "2024-03-01"]
    asked = march[march["touchpoint"] == "relationship"].sort_values("sent_at", kind="stable")
    assert asked["customer_id"].tolist() == [each for each in plan if each in set(wanted)]
    assert set(asked["survey"]) == {"csat"}
    assert asked["sent_at"].iloc[0] == "2024-03-01T00:00:00"
    assert asked["sent_at"].is_unique
    assert "2024-03-16T00:00:00" < asked["sent_at"].iloc[-1] < "2024-03-16T12:00:00"
    assert asked["order_id"].isna().all()
    truth = run.true("surveys").set_index("response_id").loc[asked["response_id"]]
    propensity = truth["propensity"]
    spread = np.sqrt((propensity * (1 - propensity)).sum())
    assert abs(truth["answered"].sum() - propensity.sum()) < 4 * spread
    assert truth["answered"].sum() > 30

    def sent_at_once(other: Run) -> list[tuple[object, ...]]:
        rows = other.file("survey_responses", "2024-03")
        rows = rows[(rows["sent_at"] >= "2024-03-01") & (rows["touchpoint"] != "relationship")]
        return sorted(rows[["sent_at", "customer_id", "touchpoint"]].itertuples(index=False))

    assert sent_at_once(run) == sent_at_once(alone), "what happens to a customer is asked as ever"
    ours, theirs = contents(run.landing), contents(alone.landing)
    changed = {path for path in ours | theirs if ours.get(path) != theirs.get(path)}
    assert changed == {"survey_responses/survey_responses_2024-03.csv.gz"}


@pytest.mark.parametrize("customers", [[], ["nobody"]])
def test_a_plan_without_anybody_asks_nobody(customers: list[str], tmp_path: Path) -> None:
    outbox = publish_plan(customers, "2024-01-01", tmp_path)
    run = live(WorldSettings(customers=200), tmp_path, months=2, outbox=outbox)
    february = run.file("survey_responses", "2024-02").query("sent_at >= '2024-02-01'")
    assert len(february) > 0
    assert "relationship" not in set(february["touchpoint"])


def test_a_plan_for_another_month_changes_nothing(tmp_path: Path) -> None:
    outbox = publish_plan(["C000000001"], "2024-05-01", tmp_path)
    settings = WorldSettings(customers=200)
    planned = live(settings, tmp_path / "planned", months=3, outbox=outbox)
    alone = live(settings, tmp_path / "alone", months=3)
    assert contents(planned.landing) == contents(alone.landing)
    assert contents(planned.truth) == contents(alone.truth)
