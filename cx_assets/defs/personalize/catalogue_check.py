"""Loading stops where the catalogue of actions does not fit insight.customer_360."""

import dagster as dg

from cx_assets.catalogue import catalogue_of
from cx_assets.catalogue_sql import CUSTOMERS, check_sql
from cx_assets.defs.sql_models import loaded_models
from cx_assets.periods import SETTINGS


@dg.definitions
def catalogue_check() -> dg.Definitions:
    (columns,) = (model.columns for model in loaded_models() if model.table == CUSTOMERS)
    check_sql(catalogue_of(SETTINGS), columns)
    return dg.Definitions()
