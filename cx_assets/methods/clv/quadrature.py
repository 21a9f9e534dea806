"""Gauss-Legendre nodes on (0, 1)."""

from functools import cache

import numpy as np

from cx_assets.methods.clv.fitting import FloatArray


@cache
def gauss_legendre(nodes: int) -> tuple[FloatArray, FloatArray]:
    """Nodes in (0, 1) and weights that add up to 1, both of shape (nodes,)."""
    points, weights = np.polynomial.legendre.leggauss(nodes)
    return (points + 1) / 2, weights / 2
