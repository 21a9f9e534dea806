"""The groups about which figures are published: at least k people, none of them counted before.

The rule, for every figure of every release: the group has k people who were in no figure of an
earlier release (first-timers), and the groups of one release have nobody in common.

It keeps out differencing between any number of releases and tables, by whoever knows exactly who
was in which group. Let X have a row per person and a column per published figure; what can be
worked out from the sums y = X'v is the sums w'y. Claim: leaving out any fewer than k people leaves
the span of the rows of X as it is, so no w'y is about fewer than k people. By induction: of k
first-timers of a new group one is left, whose row is the unit vector of that column. So the unit
vectors of all new columns are in the span, and without these columns it is the claim for the
releases before. Rows that stay 0 (who has left, who was erased) change nothing, so the ledger needs
to know who was ever counted, and nothing else.

That a value is not listed gives nothing away either: see `_parts`. It is the reason for rests of
2k - 1 (Wong, Fu, Wang, Pei 2007, "Minimality attack in privacy preserving data publishing").
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

ALL, OTHER = "(all)", "(other)"


@dataclass(frozen=True)
class Refinement:
    """A column by which groups are split, if they are large enough.

    Args:
        within: the coarser column that this one refines; split only where that one has a value.
        domain: all values by the label of `within` ("" without it), where everybody knows them;
            None: nobody can list them.
    """

    column: str
    within: str | None = None
    domain: Mapping[str, Sequence[str]] | None = None


@dataclass(frozen=True)
class Group:
    """People with the same label in every column of the refinements; `cells` are rows' numbers.

    A label is a value, `ALL` where the column does not matter, or `OTHER`: every value that no
    group with the same labels before it has.
    """

    labels: dict[str, str]
    cells: np.ndarray


def grouped(cells: pd.DataFrame, refinements: Sequence[Refinement], k: int) -> list[Group]:
    """The finest groups that may be published; none where there are fewer than k first-timers.

    Args:
        cells: a row per combination of values, and `new`, the first-timers in it.
        refinements: the coarser column first.
    """
    if cells["new"].sum() < k:
        return []
    groups = [Group({}, np.arange(len(cells)))]
    for refinement in refinements:
        groups = [part for group in groups for part in _split(cells, group, refinement, k)]
    return groups


def _split(cells: pd.DataFrame, group: Group, refinement: Refinement, k: int) -> list[Group]:
    whole = [Group({**group.labels, refinement.column: ALL}, group.cells)]
    within = group.labels[refinement.within] if refinement.within else ""
    if within in (ALL, OTHER):
        return whole
    values = cells[refinement.column].to_numpy()[group.cells]
    new = pd.Series(cells["new"].to_numpy()[group.cells]).groupby(values).sum()
    if refinement.domain is not None:
        domain = refinement.domain[within]
        if not set(new.index) <= set(domain):
            raise ValueError(f"{refinement.column} has values that are not in its domain")
        new = new.reindex(list(domain), fill_value=0)
    alone = _parts(new, k, open_domain=refinement.domain is None)
    if alone is None:
        return whole
    found = []
    for value in (*alone, OTHER):
        inside = ~np.isin(values, alone) if value == OTHER else values == value
        if inside.any():
            labels = {**group.labels, refinement.column: value}
            found.append(Group(labels, group.cells[inside]))
    return found


def _parts(new: pd.Series, k: int, open_domain: bool) -> list[str] | None:
    """The values that get a group each, all others being the rest; None: do not split.

    Values of fewer than k, those of nobody included, go to the rest, and with them the last value
    that could stand alone. Where the values cannot be listed there is always a rest. A rest has
    2k - 1 first-timers, else there is no split. So, as far as anybody can tell who knows the rule
    and all other groups, a value that is not listed has anything from 0 to k - 1 of them.
    """
    alone = sorted(new.index[new >= k])
    if len(alone) == len(new) and not open_domain:
        return alone
    if len(alone) < 2 or new.drop(alone[:-1]).sum() < 2 * k - 1:
        return None
    return alone[:-1]
