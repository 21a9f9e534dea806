"""Satisfaction in worlds with known truth: the correction for who answers, and whom to ask."""
