"""A policy that learns: Thompson sampling with propensities that are known exactly."""
