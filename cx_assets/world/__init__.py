"""A simulated population with hidden truth that plays the outside: it writes landing files and
answers the actions it finds in the outbox. No asset imports it and none reads its truth."""

from cx_assets.world.settings import Action, DirtRates, Kind, WorldSettings
from cx_assets.world.world import StepSummary, World

__all__ = ["Action", "DirtRates", "Kind", "StepSummary", "World", "WorldSettings"]
