"""analyze.churn_model and analyze.churn_risk: what they learn from, find and promise."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from cx_assets.columns import names
from cx_assets.defs.analyze.churn_input import labelled_customers
from cx_assets.defs.analyze.churn_model import CHURN_MODEL, churn_model
from cx_assets.defs.analyze.churn_risk import CHURN_RISK, churn_risk, score
from cx_assets.methods.additive import AdditiveLogistic
from cx_assets.methods.calibration import brier
from cx_assets.methods.ranking import auc
from cx_assets.periods import Period, period_at
from cx_assets.settings import Settings
from cx_assets.warehouse import Session
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.defs.churn_shop import add_period, fill

DAYS = 30
PERIODS = [period_at(datetime(2024, month, 1).date(), "monthly") for month in range(1, 7)]
LAST = PERIODS[-1]
END = LAST.end
# Purchases per day of a customer: gamma distributed with this shape and rate.
SHAPE, RATE = 0.8, 30.0


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"churn_days": DAYS})


def shop(customers: int = 2_500, closing: float = 0.0, seed: int = 1) -> tuple[pd.DataFrame, ...]:
    """Customers and orders up to LAST's end: everybody buys at a steady rate of their own, and is
    closed at a rate of `closing` per day, three times that where no purchase in sight."""
    rng = np.random.default_rng(seed)
    since = rng.uniform(-120, 150, customers)
    rate = rng.gamma(SHAPE, 1 / RATE, customers)
    last = (END - PERIODS[0].start).days
    until = np.full(customers, np.inf)
    if closing:
        until = since + rng.exponential(1 / np.where(rate < SHAPE / RATE / 2, 3 * closing, closing))
    count = rng.poisson(rate * (np.minimum(until, last) - since).clip(0))
    at = np.repeat(since, count) + rng.random(count.sum()) * np.repeat(
        (np.minimum(until, last) - since).clip(0), count
    )
    ids = np.array([f"c{number:05d}" for number in range(customers)])
    crm = pd.DataFrame({"customer_id": ids, "known_since": moment(since), "closed_at": pd.NaT})
    crm["closed_at"] = moment(until).where(until < last)
    orders = pd.DataFrame({"customer_id": np.repeat(ids, count), "ordered_at": moment(at)})
    return crm[since < last], orders.assign(revenue=20.0)


def moment(days: np.ndarray) -> pd.Series:
    finite = pd.Series(np.where(np.isfinite(days), days, 1e4))
    return PERIODS[0].start + pd.to_timedelta((finite * 86_400).round(), unit="s")


def run(settings: Settings, first: Period = LAST, last: Period = LAST) -> dg.ExecuteInProcessResult:
    with dg.DagsterInstance.ephemeral() as instance:
        return dg.materialize(
            [churn_model, churn_risk],
            instance=instance,
            tags={
                "dagster/asset_partition_range_start": first.key,
                "dagster/asset_partition_range_end": last.key,
            },
            resources={"settings": settings, "warehouse": DuckDBWarehouse.at(settings.warehouse)},
        )


def filled(settings: Settings, crm: pd.DataFrame, orders: pd.DataFrame) -> None:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        fill(session, crm, orders, PERIODS)


def tables(settings: Settings, period: Period | None = None) -> list[list[tuple[object, ...]]]:
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        return [
            session.rows(
                f'select {", ".join(names(table.columns))} from "analyze".{table.key.path[1]} '
                "where period = $period or $period is null order by all",
                {"period": period.start.date() if period else None},
            )
            for table in (CHURN_MODEL, CHURN_RISK)
        ]


def model_row(settings: Settings, period: Period = LAST) -> dict[str, object]:
    return dict(zip(names(CHURN_MODEL.columns), tables(settings, period)[0][0], strict=True))


def risks(settings: Settings, period: Period = LAST) -> pd.DataFrame:
    return pd.DataFrame(tables(settings, period)[1], columns=names(CHURN_RISK.columns))


def test_probabilities_and_ranks_approach_the_best_there_can_be(settings: Settings) -> None:
    crm, orders = shop()
    filled(settings, crm, orders)
    result = run(settings)
    row, risk = model_row(settings), risks(settings)

    # Who has x purchases in T days at a rate that is gamma distributed over the customers.
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        known = session.frame(
            "select customer_id, frequency, tenure_days from features.customer_features "
            "where period = $period and frequency > 0 order by customer_id",
            {"period": LAST.start.date()},
        )
    age = RATE + known["tenure_days"]
    best = (age / (age + DAYS)) ** (SHAPE + known["frequency"])
    scored = risk.dropna(subset="churn_probability").sort_values("customer_id")
    assert scored["customer_id"].tolist() == known["customer_id"].tolist()
    assert np.abs(scored["churn_probability"].to_numpy() - best).mean() < 0.04

    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        test = labelled_customers(
            session,
            "no purchase",
            PERIODS[-2].start.date(),
            PERIODS[-2].end,
            timedelta(days=DAYS),
            LAST.start.date(),
        )
    age = RATE + test["tenure_days"]
    best = (age / (age + DAYS)) ** (SHAPE + test["frequency"])
    assert row["auc"] > auc(best, test["churned"]) - 0.01
    assert row["brier"] < brier(test["churned"], best) + 0.005
    assert row["brier"] < row["baseline_brier"]
    assert row["auc_gain"] == row["auc"] - row["baseline_auc"] > 0.02
    assert row["calibration_error"] < 0.05
    assert (row["customers"], row["churned"]) == (len(test), test["churned"].sum())
    assert row["note"] is None
    assert (row["kind"], row["test_cutoff"]) == ("no purchase", PERIODS[-2].end)
    assert (row["training_cutoffs"], row["labelled_cutoffs"]) == (4, 5)
    assert sum(bin_["customers"] for bin_ in json.loads(row["reliability"])) == len(test)
    assert all(verdict.passed for verdict in result.get_asset_check_evaluations())
    (event,) = result.asset_materializations_for_node("analyze__churn_model")
    assert event.metadata["plot"].value.count("data:image/png;base64,") == 2


def test_a_risk_tells_its_band_and_its_reasons(settings: Settings) -> None:
    filled(settings, *shop())
    run(settings)
    risk = risks(settings).set_index("customer_id")
    strangers = risk[risk["churn_probability"].isna()]
    assert set(strangers["note"]) == {"no purchase yet"}
    assert set(strangers["risk_band"]) == {"unknown"}
    assert strangers["reasons"].map(len).eq(0).all()
    scored = risk.drop(strangers.index)
    assert scored["note"].isna().all()
    bounds = scored.groupby("risk_band")["churn_probability"].agg(["min", "max"])
    assert bounds.loc["low", "max"] < bounds.loc["medium", "min"]
    assert bounds.loc["medium", "max"] < bounds.loc["high", "min"]
    assert scored.loc[scored["risk_band"] == "high", "reasons"].map(len).between(1, 3).all()
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        silent_since = dict(
            session.rows(
                "select customer_id, recency_days from features.customer_features "
                "where period = $period",
                {"period": LAST.start.date()},
            )
        )
    told = [
        (customer, text)
        for customer, texts in scored["reasons"].items()
        for text in texts
        if text.startswith("last purchase")
    ]
    assert told
    for customer, text in told:
        days = silent_since[customer]
        assert text == f"last purchase {days} day{'' if days == 1 else 's'} ago"


@pytest.mark.parametrize(
    ("after_cutoff", "churned"),
    [
        (timedelta(), 0),
        (timedelta(days=DAYS) - timedelta(microseconds=1), 0),
        (timedelta(days=DAYS), 1),
        (timedelta(microseconds=-1), 1),
    ],
)
def test_a_label_window_is_so_many_days_long(
    settings: Settings, after_cutoff: timedelta, churned: int
) -> None:
    cutoff = PERIODS[1].end
    orders = pd.DataFrame(
        {
            "customer_id": "c",
            "ordered_at": [datetime(2024, 1, 5), cutoff + after_cutoff, cutoff + timedelta(days=1)],
            "is_purchase": [True, True, False],
            "revenue": 1.0,
        }
    )
    crm = pd.DataFrame({"customer_id": ["c"], "known_since": [datetime(2024, 1, 1)]})
    filled(settings, crm.assign(closed_at=pd.NaT), orders)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        rows = labelled_at(session, "no purchase", cutoff)
    assert rows["churned"].tolist() == [churned]


@pytest.mark.parametrize(
    ("closed", "churned"),
    [
        (timedelta(microseconds=-1), []),
        (timedelta(), [1]),
        (timedelta(days=DAYS) - timedelta(microseconds=1), [1]),
        (timedelta(days=DAYS), [0]),
        (None, [0]),
    ],
)
def test_a_closing_is_a_label_within_the_window_only(
    settings: Settings, closed: timedelta | None, churned: list[int]
) -> None:
    cutoff = PERIODS[1].end
    closed_at = pd.NaT if closed is None else cutoff + closed
    crm = pd.DataFrame({"customer_id": ["c"], "known_since": [datetime(2024, 1, 1)]})
    no_orders = pd.DataFrame({"customer_id": [], "ordered_at": [], "revenue": []})
    filled(
        settings,
        crm.assign(closed_at=pd.to_datetime([closed_at])),
        no_orders.astype({"customer_id": str, "ordered_at": "datetime64[us]", "revenue": float}),
    )
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        assert labelled_at(session, "closed", cutoff)["churned"].tolist() == churned


def labelled_at(session: Session, kind: str, cutoff: datetime) -> pd.DataFrame:
    period = next(period for period in PERIODS if period.end == cutoff)
    return labelled_customers(
        session, kind, period.start.date(), cutoff, timedelta(days=DAYS), LAST.start.date()
    )


def test_a_contract_ends_with_its_closing(settings: Settings) -> None:
    crm, orders = shop(closing=0.002)
    filled(settings, crm, orders)
    run(settings)
    row, risk = model_row(settings), risks(settings).set_index("customer_id")
    assert row["kind"] == "closed"
    assert row["auc"] > 0.55
    assert row["calibration_error"] < 0.05
    closed = crm.loc[crm["closed_at"].notna(), "customer_id"]
    assert set(risk.loc[closed, "note"]) == {"account closed"}
    assert set(risk.loc[closed, "risk_band"]) == {"unknown"}
    still_open = risk.drop(closed)
    assert still_open["churn_probability"].notna().all()
    # Of 1,000 open accounts some 100 close within the window.
    cutoff = row["test_cutoff"]
    at_risk = crm[(crm["known_since"] < cutoff) & ~(crm["closed_at"] < cutoff)]
    left = at_risk["closed_at"] < cutoff + timedelta(days=DAYS)
    assert (row["customers"], row["churned"]) == (len(at_risk), left.sum())
    assert still_open["churn_probability"].mean() == pytest.approx(left.mean(), abs=0.03)


def test_a_few_closed_accounts_make_no_contract_of_a_shop(settings: Settings) -> None:
    crm, orders = shop(customers=400)
    crm.loc[crm.index[:9], "closed_at"] = datetime(2024, 6, 1)
    filled(settings, crm, orders)
    run(settings)
    assert model_row(settings)["kind"] == "no purchase"
    closed = risks(settings).set_index("customer_id").loc[crm["customer_id"].iloc[:9]]
    assert set(closed["note"]) == {"account closed"}


@pytest.mark.slow
def test_nothing_after_the_period_is_read(settings: Settings) -> None:
    crm, orders = shop(closing=0.002)
    filled(settings, crm, orders)
    may = PERIODS[-2]
    run(settings, may, may)
    before = tables(settings, may)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        after = {"end": may.end}
        session.execute("delete from process.orders where ordered_at >= $end", after)
        session.append(
            "process.orders",
            "select 'late ' || customer_id as order_id, customer_id, $end as ordered_at, "
            "'delivered' as status, true as is_purchase, 1 as revenue, 1 as profit from crm",
            after,
        )
        session.execute("update crm set closed_at = $end where closed_at is null", after)
        for table in ("process.customers", "features.customer_features"):
            session.execute(f"delete from {table} where period >= $end", after)
        add_period(session, LAST)
    run(settings, may, may)
    assert tables(settings, may) == before


@pytest.mark.slow
def test_a_range_is_what_single_runs_are(settings: Settings, tmp_path: Path) -> None:
    elsewhere = settings.model_copy(update={"warehouse": tmp_path / "singles.duckdb"})
    crm, orders = shop(customers=600)
    for one in (settings, elsewhere):
        filled(one, crm, orders)
    run(settings, PERIODS[3], LAST)
    for period in PERIODS[3:]:
        run(elsewhere, period, period)
    assert tables(settings) == tables(elsewhere)
    assert len(tables(settings)[0]) == 3


def test_a_short_history_says_so(settings: Settings) -> None:
    filled(settings, *shop(customers=600))
    run(settings, PERIODS[0], PERIODS[1])
    none = model_row(settings, PERIODS[0])
    assert (none["model"], none["auc"], none["customers"]) == (None, None, 0)
    assert none["note"] == "no model: at the period's end, no label window had ended"
    unscored = risks(settings, PERIODS[0])
    assert unscored["churn_probability"].isna().all()
    assert set(unscored["risk_band"]) == {"unknown"}
    assert set(unscored["note"]) == {none["note"], "no purchase yet"}
    # January ends 29 days before February does, so a 30 day window has not ended yet.
    assert model_row(settings, PERIODS[1])["model"] is None
    run(settings, PERIODS[2], PERIODS[2])
    untried = model_row(settings, PERIODS[2])
    assert untried["note"] == "not tried: at the test cut-off, no label window had ended"
    assert untried["auc"] is None
    assert untried["model"] is not None
    assert risks(settings, PERIODS[2])["churn_probability"].notna().any()


@pytest.mark.parametrize(
    ("customers", "note"), [(0, "no label window"), (1, "too few on one side"), (8, "too few")]
)
def test_few_customers_are_no_model(settings: Settings, customers: int, note: str) -> None:
    crm, orders = shop(customers=50)
    crm = crm.head(customers)
    filled(settings, crm, orders[orders["customer_id"].isin(crm["customer_id"])])
    run(settings)
    row = model_row(settings)
    assert row["model"] is None
    assert note in row["note"]
    assert len(risks(settings)) == customers
    assert set(risks(settings)["risk_band"]) <= {"unknown"}


def test_one_class_is_no_model(settings: Settings) -> None:
    crm, orders = shop(customers=400)
    filled(settings, crm, orders[orders["ordered_at"] < PERIODS[0].end])
    run(settings)
    assert model_row(settings)["model"] is None
    assert set(risks(settings)["risk_band"]) == {"unknown"}


def test_a_model_that_does_not_beat_recency_is_warned_about(settings: Settings) -> None:
    crm, orders = shop(customers=1_500)
    # In the first months the silent leave; then they are the only ones who come back.
    rng = np.random.default_rng(3)
    orders = orders[orders["ordered_at"] < PERIODS[-2].end]
    last = orders.groupby("customer_id")["ordered_at"].max()
    silent = last[last < PERIODS[-2].end - timedelta(days=40)].index
    back = pd.DataFrame({"customer_id": silent, "revenue": 20.0}).assign(
        ordered_at=PERIODS[-2].end + pd.to_timedelta(rng.integers(0, 29, len(silent)), unit="D")
    )
    filled(settings, crm, pd.concat([orders, back], ignore_index=True))
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        # Days since the last purchase turned round: the baseline is now right and the model wrong.
        session.execute(
            "update features.customer_features set recency_days = 200 - recency_days "
            "where period = $period and recency_days <= 200",
            {"period": PERIODS[-2].start.date()},
        )
    result = run(settings)
    row = model_row(settings)
    assert row["auc_gain"] < 0
    assert "does not rank better" in row["note"]
    warned = {each.check_name for each in result.get_asset_check_evaluations() if not each.passed}
    assert "range__auc_gain" in warned
    assert result.success


def test_a_batch_without_anyone_to_score() -> None:
    nobody = pd.DataFrame({"customer_id": ["a"], "is_closed": [True], "frequency": [3]})
    table = pd.DataFrame({"x": np.arange(40.0)})
    model = AdditiveLogistic().fit(table, np.repeat([0, 1], 20))
    row = score(nobody, model, "closed", None).iloc[0]
    assert (row["risk_band"], row["note"]) == ("unknown", "account closed")
    assert np.isnan(row["churn_probability"])
