"""Measured effects of actions, in worlds whose true effects are known."""
