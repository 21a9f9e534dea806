"""The CDNOW sample as the papers use it, straight from the purchases."""

from pathlib import Path

import duckdb
import pandas as pd

PURCHASES = """
select distinct words[1] as customer_id, cast(strptime(words[3], '%Y%m%d') as date) as day
from (
    select regexp_split_to_array(trim(line), '\\s+') as words
    from read_csv($path, columns = {'line': 'VARCHAR'}, auto_detect = false, header = false,
        delim = '\\0', quote = '', escape = '')
)
"""

HISTORIES = f"""
with days as ({PURCHASES}),
calibration as (
    select customer_id, min(day) as first_day, max(day) as last_day, count(*) - 1 as x
    from days where day <= date '1997-09-30' group by customer_id
),
holdout as (
    select customer_id, count(*) as ordered
    from days where day > date '1997-09-30' group by customer_id
)
select
    x,
    (last_day - first_day) / 7.0 as t_x,
    (date '1997-09-30' - first_day) / 7.0 as "T",
    coalesce(ordered, 0) as ordered,
    count(*) as customers
from calibration left join holdout using (customer_id)
group by all order by all
"""


def histories(real_data: Path) -> pd.DataFrame:
    """Distinct histories of the 39 weeks, in weeks, with the orders of the 39 weeks after."""
    path = real_data / "cdnow" / "CDNOW_sample.txt"
    with duckdb.connect() as connection:
        return connection.execute(HISTORIES, {"path": str(path)}).df().astype(float)
