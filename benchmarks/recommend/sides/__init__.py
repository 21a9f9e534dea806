"""The sides of the benchmark, one module each, run in a process and an environment of its own.

Of the benchmark they import `benchmarks.measure` alone, which needs the standard library only.
Each reads purchases.parquet (customer_id, product_id, bought_at, orders) and tested.parquet
(customer_id) in a folder, and writes offers.parquet there: customer_id, rank, product_id and plan,
which is the place of what it was told to do in the list of such.
"""
