"""The picture of lifetime value: how it is spread over the customers."""

from collections.abc import Sequence

import numpy as np

from cx_assets.periods import Period
from cx_assets.plots import value_distribution
from cx_assets.warehouse import Session

BINS_PER_POWER_OF_TEN = 8

# Bins of equal width on a log scale on either side of zero, counted where the data is.
BINS = f"""
with valued as (
    select unnest(['models', 'formula']) as method, unnest([clv, clv_formula]) as value
    from "analyze".clv
    where period = cast($period_start as date) and clv is not null
)
select
    method,
    cast(floor({BINS_PER_POWER_OF_TEN} * sign(value) * log10(1 + abs(value))) as bigint) as bin,
    count(*) as customers
from valued
group by method, bin
order by method, bin
"""


def clv_picture(session: Session, periods: Sequence[Period]) -> str:
    bins = session.frame(BINS, {"period_start": periods[-1].start})
    if bins.empty:
        return "No customer has a modelled lifetime value yet."
    numbers = np.arange(bins["bin"].min(), bins["bin"].max() + 2)
    ends = numbers / BINS_PER_POWER_OF_TEN
    counts = bins.pivot_table(
        index="bin", columns="method", values="customers", fill_value=0
    ).reindex(numbers[:-1], fill_value=0)
    return value_distribution(
        np.sign(ends) * (10 ** np.abs(ends) - 1),
        counts["models"],
        counts["formula"],
        title=f"Customers by lifetime value, {periods[-1].key}",
    )
