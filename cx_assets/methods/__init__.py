"""The mathematics: pure functions on arrays and frames. No Dagster, no SQL engine."""
