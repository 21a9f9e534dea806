"""What a user types, from an empty folder to a scorecard."""

import hashlib
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from cx_assets_tests.e2e.commands import command, environment

pytestmark = pytest.mark.slow


def test_the_demo_closes_the_loop_and_a_second_one_changes_nothing(tmp_path: Path) -> None:
    """History to March; what is sent then, the world answers in April, the last period.

    Whatever the umask of who starts it, all that it leaves is its owner's alone.
    """
    env = environment(tmp_path, CX_LAST_PERIOD="2024-04-01")
    first = command(env, "cx", "demo", "--customers", "120", umask=0)
    for kind in ("warehouse.duckdb", "landing/*/*.parquet", "outbox/*/*", "dagster/**/*.db"):
        assert list(tmp_path.glob(kind)), kind
    assert open_to_others(tmp_path) == []
    assert "Scorecard of 2024-04-01" in first
    assert "csat_mean" in first
    warehouse = tmp_path / "warehouse.duckdb"
    before = hashlib.sha256(warehouse.read_bytes()).hexdigest()
    second = command(env, "cx", "demo", "--customers", "120")
    assert "Nothing has changed" in second
    assert "Scorecard of 2024-04-01" in second
    assert hashlib.sha256(warehouse.read_bytes()).hexdigest() == before
    sent = {path.stem for path in (tmp_path / "outbox" / "actions").iterdir()}
    assert sent == {"2024-03-01", "2024-04-01"}
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        (unanswered,) = connection.execute(
            f"""
            select count(*) from read_parquet('{tmp_path}/outbox/surveys/2024-03-01.parquet')
            anti join (
                select customer_id from process.survey_responses
                where period = '2024-04-01' and touchpoint = 'relationship'
            ) using (customer_id)
            """
        ).fetchall()
        (delivered,) = connection.execute(
            f"""
            select count(*) > 10 from process.action_deliveries
            inner join read_parquet('{tmp_path}/outbox/actions/2024-03-01.parquet')
                using (action_id)
            """
        ).fetchall()
    assert (unanswered, delivered) == ((0,), (True,))


def open_to_others(home: Path) -> list[str]:
    """The paths below the home that anybody but the owner may read, write or enter."""
    return [
        f"{path.lstat().st_mode & 0o777:03o} {path.relative_to(home)}"
        for path in sorted(home.rglob("*"))
        if path.lstat().st_mode & 0o077
    ]


@pytest.mark.parametrize(("grain", "last"), [("weekly", "2024-01-15"), ("daily", "2024-01-03")])
def test_the_whole_graph_in_another_grain(tmp_path: Path, grain: str, last: str) -> None:
    env = environment(tmp_path, CX_PERIOD=grain, CX_LAST_PERIOD=last)
    assert f"Scorecard of {last}" in command(env, "cx", "demo", "--customers", "60")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        stray = connection.execute(
            "select count(*) from process.orders where period > ordered_at or "
            f"ordered_at >= period + interval '{7 if grain == 'weekly' else 1} days'"
        ).fetchone()
        periods = connection.execute(
            "select count(distinct period) from features.customer_features"
        ).fetchone()
    assert stray == (0,)
    assert periods == (3,)


def test_the_definitions_are_valid(tmp_path: Path) -> None:
    env = environment(tmp_path, CX_LAST_PERIOD="2024-03-01")
    command(env, "cx", "home")
    command(env, "dg", "check", "defs")


def test_online_retail_from_file_to_segments(real_data: Path, tmp_path: Path) -> None:
    """All 541,909 lines are accounted for, to the thousandth of a pound."""
    env = environment(tmp_path, CX_FIRST_PERIOD="2010-12-01", CX_LAST_PERIOD="2011-12-01")
    command(env, "cx", "home")
    source = real_data / "online_retail" / "online_retail_2010_2011.parquet"
    report = command(env, "cx", "import", "online-retail", str(source))
    months = "2010-12-01...2011-12-01"
    command(env, "dg", "launch", "--job", "landing_to_features", "--partition-range", months)
    command(env, "dg", "launch", "--job", "customer_value", "--partition", "2011-12-01")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:

        def ask(sql: str) -> tuple[object, ...]:
            row = connection.execute(sql).fetchone()
            assert row
            return row

        lines, money = ask("select count(*), sum(revenue) from process.order_items")
        assert lines == 531_599
        assert money == Decimal("9771318.1600")
        set_aside = {
            "duplicates": (5_268, "21740.980"),
            "stock adjustments": (2_098, "0.000"),
            "postage": (2_110, "279462.120"),
            "gift vouchers": (34, "685.810"),
            "discounts": (77, "-5696.220"),
            "manual entries": (567, "-69031.640"),
            "fees": (87, "-236629.569"),
            "bad debt": (3, "-11062.060"),
            "other charges": (66, "-3039.647"),
        }
        for name, (count, amount) in set_aside.items():
            assert any(
                line.split()[: len(name.split())] == name.split()
                and f"{count:,}" in line
                and f"{Decimal(amount):,}" in line
                for line in report.splitlines()
            ), f"{name} is not in the report:\n{report}"
        assert lines + sum(count for count, _ in set_aside.values()) == 541_909
        everything = money + sum(Decimal(amount) for _, amount in set_aside.values())
        assert everything == Decimal("9747747.934")

        assert ask("select count(*) from collect.rejected_rows") == (0,)
        assert ask("select sum(rows - duplicates), sum(pending) from collect.landing_files") == (
            ask(
                "select sum(n) from (select count(*) as n from collect.customers union all "
                "select count(*) from collect.products union all "
                "select count(*) from collect.orders union all "
                "select count(*) from collect.order_items)"
            )[0],
            0,
        )
        profiles = connection.execute(
            'select segment_name, customers from "analyze".segment_profiles '
            "where period = '2011-12-01'"
        ).fetchall()
        assert len({name for name, _ in profiles}) == 5
        assert sum(count for _, count in profiles) == 4_372


def test_cdnow_from_file_to_the_papers_figures(real_data: Path, tmp_path: Path) -> None:
    first, last = "1997-01-01", "1997-09-01"
    months = f"{first}...{last}"
    env = environment(tmp_path, CX_FIRST_PERIOD=first, CX_LAST_PERIOD=last)
    command(env, "cx", "home")
    command(env, "cx", "import", "cdnow", str(real_data / "cdnow" / "CDNOW_sample.txt"))
    command(env, "dg", "launch", "--job", "landing_to_features", "--partition-range", months)
    command(env, "dg", "launch", "--job", "whole_loop", "--partition", last)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        likelihoods = dict(
            connection.execute(
                'select model, log_likelihood from "analyze".clv_model '
                "where period = $1 and log_likelihood is not null",
                [last],
            ).fetchall()
        )
        customers, valued = connection.execute(
            'select count(*), count(clv) from "analyze".clv where period = $1', [last]
        ).fetchall()[0]
    assert likelihoods["bg_nbd"] == pytest.approx(-9582.43, abs=0.01)
    assert likelihoods["pareto_nbd"] == pytest.approx(-9594.98, abs=0.01)
    assert likelihoods["gamma_gamma"] == pytest.approx(-4055.92, abs=0.01)
    assert (customers, valued) == (2357, 2357)
