"""Customer lifetime value: how often a customer will order, for how long, and for how much."""

from cx_assets.methods.clv.beta_geometric import BgNbd, MbgNbd
from cx_assets.methods.clv.gamma_gamma import GammaGamma
from cx_assets.methods.clv.pareto_nbd import ParetoNbd
from cx_assets.methods.clv.purchases import PurchaseModel

__all__ = ["BgNbd", "GammaGamma", "MbgNbd", "ParetoNbd", "PurchaseModel"]
