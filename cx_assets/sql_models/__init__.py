"""Reads `dbt_like_sql/<stage>/<table>.sql` and knows everything about it before the first run.

A model is one plain SELECT that runs in any client. Its comments describe it, and its tests stand
beside the column they test (the grammar is in `grammar.py`). Nothing here knows Dagster, and
nothing here reads data.
"""

from cx_assets.sql_models.audit import Check, audit_sql, checks
from cx_assets.sql_models.load import load_models
from cx_assets.sql_models.model import STAGES, Grain, ModelError, SqlModel

__all__ = [
    "STAGES",
    "Check",
    "Grain",
    "ModelError",
    "SqlModel",
    "audit_sql",
    "checks",
    "load_models",
]
