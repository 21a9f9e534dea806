"""Churn on real customers: Online Retail and CDNOW, monthly cut-offs, 90 days."""

from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from cx_assets.defs.analyze.churn_model import churn_model_row
from cx_assets.periods import period_at
from cx_assets.settings import Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.defs.churn_shop import fill

RETAIL = """
select
    cast(cast(min(CustomerID) as bigint) as varchar) as customer_id,
    cast(min(InvoiceDate) as timestamp) as ordered_at,
    not InvoiceNo like 'C%' as is_purchase,
    cast(sum(Quantity * UnitPrice) as double) as revenue
from read_parquet('{folder}/online_retail/*.parquet')
where CustomerID is not null
group by InvoiceNo
"""
CDNOW = """
select part[1] as customer_id, strptime(part[2], '%Y%m%d') as ordered_at, true as is_purchase,
    cast(part[4] as double) as revenue
from (
    select regexp_split_to_array(trim(line), '\\s+') as part
    from read_csv('{folder}/cdnow/CDNOW_master.txt', columns = {{'line': 'varchar'}},
        delim = '\\x01', header = true)
)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("orders_sql", "first", "last", "least_auc", "least_gain", "most_error"),
    [
        (RETAIL, datetime(2010, 12, 1), datetime(2011, 11, 1), 0.73, 0.04, 0.06),
        (CDNOW, datetime(1997, 1, 1), datetime(1998, 6, 1), 0.83, 0.005, 0.03),
    ],
    ids=["online retail", "cdnow"],
)
def test_it_beats_days_since_the_last_purchase_on_real_customers(
    real_data: Path,
    settings: Settings,
    orders_sql: str,
    first: datetime,
    last: datetime,
    least_auc: float,
    least_gain: float,
    most_error: float,
) -> None:
    orders = duckdb.sql(orders_sql.format(folder=real_data)).df()
    crm = orders.groupby("customer_id", as_index=False).agg(known_since=("ordered_at", "min"))
    months = pd.date_range(first, last, freq="MS")
    periods = [period_at(month.date(), "monthly") for month in months]
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        fill(session, crm.assign(closed_at=pd.NaT), orders, periods)
        quarter = settings.model_copy(update={"churn_days": 90})
        row = churn_model_row(session, periods[-1], quarter)
    assert row["auc"] > least_auc
    assert row["auc_gain"] > least_gain
    assert row["calibration_error"] < most_error
    assert row["brier"] < 0.9 * row["baseline_brier"]
    assert row["note"] is None
