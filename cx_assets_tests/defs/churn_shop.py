"""A warehouse filled by hand as far as churn needs it; the features by the project's own SQL."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cx_assets.defs.sql_models import FOLDER
from cx_assets.periods import Period
from cx_assets.warehouse import Session

FEATURES_SQL = (FOLDER / "features" / "customer_features.sql").read_text()
EMPTY = """
create schema process;
create schema features;
create table features.web_visitors (
    period date, customer_id varchar, visitor_kind varchar, sessions bigint
);
create table process.support_tickets (
    customer_id varchar, opened_at timestamp, resolved_at timestamp, resolution_hours double
);
create table process.survey_responses (
    response_id varchar, customer_id varchar, survey varchar, score_of_five double,
    sent_at timestamp, responded_at timestamp
);
create table process.customers (
    period date, customer_id varchar, known_since timestamp, age integer, closed_at timestamp
);
create table process.orders (
    order_id varchar, customer_id varchar, ordered_at timestamp, status varchar,
    is_purchase boolean, revenue decimal(28, 4), profit decimal(28, 4),
    promised_at timestamp, delivered_at timestamp
);
create table crm (customer_id varchar, known_since timestamp, closed_at timestamp);
"""


def fill(
    session: Session, customers: pd.DataFrame, orders: pd.DataFrame, periods: Sequence[Period]
) -> None:
    """Create what churn reads, for these periods.

    Args:
        customers: customer_id, known_since, closed_at.
        orders: customer_id, ordered_at, revenue; and is_purchase, else all are.
    """
    session.execute(EMPTY)
    session.append("crm", customers)
    placed = orders.assign(
        order_id=np.arange(len(orders)).astype(str),
        is_purchase=orders.get("is_purchase", True),
        profit=orders["revenue"] * 0.3,
        status="delivered",
    )
    session.append("process.orders", placed)
    session.execute(
        f"create table features.customer_features as select * from ({FEATURES_SQL}\n) limit 0",
        window(periods[0]),
    )
    for period in periods:
        add_period(session, period)


def add_period(session: Session, period: Period) -> None:
    """The snapshots of a period, of what `crm` and the orders hold by now."""
    session.append(
        "process.customers",
        "select cast($period_start as date) as period, customer_id, known_since, "
        "case when closed_at < $period_end then closed_at end as closed_at "
        "from crm where known_since < $period_end",
        window(period),
    )
    session.append("features.customer_features", FEATURES_SQL, window(period))


def window(period: Period) -> dict[str, object]:
    return {"period_start": period.start, "period_end": period.end}
