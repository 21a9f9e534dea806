"""Lifetime value of many customers: fit and score, against lifetimes and pymc-marketing."""
