"""What buyers think of a product, where few of them were asked."""

import numpy as np
import pandas as pd

from cx_assets.methods.intervals import Floats
from cx_assets.methods.satisfaction import shrink
from cx_assets.methods.satisfaction.shrinkage import FEWEST_GROUPS


def shrink_within(
    category: pd.Series, count: Floats, mean: Floats, variance: Floats
) -> tuple[Floats, Floats, Floats]:
    """Draw each product's mean score towards its category's, by what it lacks in answers.

    Categories of too few rated products to know how far they lie apart are taken together.

    Args:
        category: of each product.
        count: answers about it, mean and sample variance (n - 1) of their scores.

    Returns:
        The drawn means and both ends of their 95 % intervals; nan for a product without answers.
    """
    rated = pd.Series(count > 0, category.index).groupby(category).transform("sum")
    groups = category.astype(object).where(rated >= FEWEST_GROUPS, None)
    drawn = np.full((len(count), 3), np.nan)
    for rows in groups.groupby(groups, dropna=False, sort=True).indices.values():
        n = count[rows]
        if n.sum() > 0:
            centre = float(n @ np.nan_to_num(mean[rows]) / n.sum())
            drawn[rows] = np.column_stack(shrink(n, mean[rows], variance[rows], centre))
    return drawn[:, 0], drawn[:, 1], drawn[:, 2]
