"""What somebody can work out of published sums who knows exactly whom each of them is about."""

from itertools import combinations

import numpy as np
from scipy.optimize import linprog


def isolated(members: np.ndarray, fewer_than: int) -> tuple[int, ...] | None:
    """People, fewer than so many, about whom alone a combination of the sums is; exhaustive.

    Args:
        members: a row per person, a column per published sum, 1 where the person is in it.

    There is one where the others' rows span less than all rows do: then there are weights of the
    sums by which all others cancel out.
    """
    rank = np.linalg.matrix_rank(members)
    people = range(len(members))
    for size in range(1, fewer_than):
        for chosen in combinations(people, size):
            if np.linalg.matrix_rank(np.delete(members, chosen, axis=0)) < rank:
                return chosen
    return None


def bounds(
    published: np.ndarray, figures: np.ndarray, wanted: np.ndarray, low: float, high: float | None
) -> tuple[float, float]:
    """Between what the sum of the wanted unknowns must lie, each being between low and high.

    Args:
        published: a row per figure, a column per unknown.
    """
    found = []
    for sign in (1, -1):
        solved = linprog(sign * wanted, A_eq=published, b_eq=figures, bounds=(low, high))
        assert solved.status in (0, 3), solved.message
        found.append(sign * solved.fun if solved.status == 0 else sign * -np.inf)
    return found[0], found[1]
