"""What Dagster sees: thin assets, sensors, schedules and jobs; a folder per stage of the loop.

The stages that are wholly SQL (process, features, insight) have no folder here: their models stand
in dbt_like_sql/ and become assets in sql_models.py.
"""
