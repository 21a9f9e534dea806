"""What the segments are made of: the query for all customers, and the sample that is fitted on."""

FEATURES = ("age", "spend", "frequency", "recency_days")
# More customers than this move no centre by a visible amount.
SAMPLE_SIZE = 200_000

CUSTOMERS = """
select
    customer_id, age, spend, frequency, coalesce(recency_days, tenure_days) as recency_days,
    tenure_days, last_score
from features.customer_features
where period = cast($period_start as date)
"""

# The same customers every time, in the same order: the seeding of K-Means depends on both.
SAMPLE = f"""
select {", ".join(FEATURES)}, tenure_days, last_score
from (select * from ({CUSTOMERS}) order by md5(customer_id), customer_id limit {SAMPLE_SIZE})
order by customer_id
"""

LINEAGE = [("features.customer_features", name) for name in (*FEATURES, "tenure_days")]
NAME_LINEAGE = [*LINEAGE, ("features.customer_features", "last_score")]
