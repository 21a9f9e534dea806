"""A range equals its single runs, a second run changes nothing, and nobody sees the future."""

import os
import tempfile
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from cx_assets.settings import Settings
from cx_assets_tests.e2e.graph import KEYS, build, differing, land, same, tables
from cx_assets_tests.e2e.homes import copy

pytestmark = pytest.mark.slow


def test_every_table_of_the_contract_has_rows(built_tables: dict[str, pa.Table]) -> None:
    """In so small a world nobody need ask to be forgotten, no plan is published yet, and there are
    too few answers to tell what moves them."""
    empty = {name for name, table in built_tables.items() if not table.num_rows}
    sources = ("erasure_requests", "survey_plans")
    may_be = {f"{stage}.{name}" for stage in ("collect", "process") for name in sources}
    assert empty <= may_be | {"analyze.csat_drivers"}


def test_a_second_run_changes_nothing(
    built: Settings, built_tables: dict[str, pa.Table], tmp_path: Path
) -> None:
    """Except that it finds the record of what the first run published, for the period to come."""
    home = copy(built, tmp_path / "home")
    build(home)
    again = tables(home)
    ledger = {"registry.files", "registry.file_periods", "collect.landing_files"}
    assert set(differing(built_tables, again)) <= ledger
    for name in ledger:
        published = pc.match_substring_regex(
            again[name]["path"], f"(action_assignments|survey_plans)/{KEYS[-1]}.parquet"
        )
        assert same(again[name].filter(pc.invert(published)), built_tables[name])


@given(cut=st.integers(2, len(KEYS) - 1))
# A failing cut is as good as a smaller one, and finding a smaller one takes minutes.
@hypothesis_settings(max_examples=1, deadline=None, phases=[Phase.generate])
def test_a_range_run_equals_runs_of_its_parts(
    cut: int, small_landing: Path, built_tables: dict[str, pa.Table]
) -> None:
    """The first period alone, the others in two ranges of any length."""
    bounds = [0, 1, cut, len(KEYS)]
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.from_env({**os.environ, "CX_HOME": home})
        land(small_landing, settings)
        for first, end in pairwise(bounds):
            build(settings, KEYS[first], KEYS[end - 1])
        assert differing(built_tables, tables(settings)) == []


FUTURE = {
    "orders": "order_id,customer_id,ordered_at,status\nfuture,{customer},2024-06-15,delivered",
    "order_items": "order_id,line_number,ordered_at,product_id,quantity,unit_price\n"
    "future,1,2024-06-15,P1,1,99999",
    "customers": "customer_id,updated_at,signed_up_at,birth_date,consent_marketing,social_handle\n"
    "{customer},2024-06-15,2024-06-15,1930-01-01,false,@nobody",
    "survey_responses": "response_id,customer_id,sent_at,responded_at,survey,score\n"
    "future,{customer},2024-06-15,2024-06-16,csat,1",
    "support_tickets": "ticket_id,customer_id,opened_at,resolved_at\n"
    "future,{customer},2024-06-15,2024-06-16",
    "web_events": "event_id,occurred_at,visitor_id,customer_id\nfuture,2024-06-15,v,{customer}",
    "action_assignments": "action_id,customer_id,assigned_at,action,arm,propensity,"
    "policy_version,segment_id,expected_effect\n"
    "future,{customer},2024-06-15,voucher,treated,0.5,x,1,0",
    "survey_plans": "plan_id,customer_id,planned_at,survey,rank,reason,propensity\n"
    "future,{customer},2024-06-15,csat,1,value,1",
    "action_deliveries": "action_id,customer_id,delivered_at\nfuture,{customer},2024-06-15",
    "products": "product_id,updated_at,category,unit_cost\nP1,2024-06-15,future,1",
    "social_mentions": "mention_id,posted_at,platform,handle,text\nfuture,2024-06-15,x,@nobody,bad",
}


def test_a_planted_future_row_changes_no_snapshot(
    settings: Settings, small_landing: Path, built_tables: dict[str, pa.Table]
) -> None:
    """Rows of June are planted in every source; nothing before June may differ."""
    customer = built_tables["process.customers"]["customer_id"][0].as_py()
    land(small_landing, settings)
    for source, text in FUTURE.items():
        file = settings.landing / source / "future.csv"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text.format(customer=customer) + "\n")
    build(settings)
    planted = tables(settings)
    dated = [name for name, table in planted.items() if "period" in table.column_names]
    june = pc.strptime(KEYS[-1], "%Y-%m-%d", "s").cast(pa.date32())
    before = {name: planted[name].filter(pc.less(planted[name]["period"], june)) for name in dated}
    expected = {
        name: built_tables[name].filter(pc.less(built_tables[name]["period"], june))
        for name in dated
    }
    # The registry says which file holds rows of which period, and duplicates of June are new.
    assert differing(expected, before) == []
    assert "features.customer_features" in differing(
        {name: built_tables[name] for name in dated}, {name: planted[name] for name in dated}
    ), "the planted rows were read at all"
