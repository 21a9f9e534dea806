"""The stories that the purchase models tell, acted out order by order, without their formulas."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Story:
    """Customers (n,) as seen at T, and what they did after it."""

    x: Floats
    t_x: Floats
    T: Floats
    alive: NDArray[np.bool_]
    later_orders: Floats
    later_discounted: Floats


def act(
    model: str,
    parameters: dict[str, float],
    T: Floats,
    horizon: float,
    discount_rate: float,
    rng: np.random.Generator,
) -> Story:
    """One customer per entry of T, followed until T + horizon."""
    n = len(T)
    rate = rng.gamma(parameters["r"], 1 / parameters["alpha"], n)
    gone = np.full(n, np.inf)
    if model == "pareto_nbd":
        hazard = rng.gamma(parameters["s"], 1 / parameters["beta"], n)
        gone = rng.exponential(1, n) / hazard
        p = np.zeros(n)
    else:
        p = rng.beta(parameters["a"], parameters["b"], n)
    if model == "mbg_nbd":
        gone[rng.random(n) < p] = 0.0
    x, t_x, later, discounted, clock = (np.zeros(n) for _ in range(5))
    there = np.flatnonzero(gone > 0)
    while there.size:
        clock[there] += rng.exponential(1, there.size) / rate[there]
        there = there[(clock[there] < gone[there]) & (clock[there] <= (T + horizon)[there])]
        seen = there[clock[there] <= T[there]]
        x[seen] += 1
        t_x[seen] = clock[seen]
        after = there[clock[there] > T[there]]
        later[after] += 1
        discounted[after] += np.exp(-discount_rate * (clock - T)[after])
        leaving = rng.random(there.size) < p[there]
        gone[there[leaving]] = clock[there[leaving]]
        there = there[~leaving]
    return Story(x, t_x, T, gone > T, later, discounted)
