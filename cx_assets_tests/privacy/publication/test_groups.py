"""Groups: whom published figures are about, and what can be worked out of any number of them."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycanon import anonymity

from cx_assets.privacy.publication.groups import ALL, OTHER, Group, Refinement, grouped
from cx_assets_tests.privacy.publication.attack import bounds, isolated

K = 3
SEGMENT = Refinement("segment", domain={"": ("x", "y")})
COUNTRY = Refinement("country")
CITY = Refinement("city", within="country")


def cells_of(people: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The cells of people, each of whom is `new` or not."""
    return people.groupby(list(columns), as_index=False).agg(new=("new", "sum"))


def members_of(people: pd.DataFrame, cells: pd.DataFrame, group: Group) -> np.ndarray:
    """Whether each person is in the group."""
    columns = [name for name in cells.columns if name != "new"]
    inside = set(map(tuple, cells.iloc[group.cells][columns].to_numpy()))
    return np.array([tuple(row) in inside for row in people[columns].to_numpy()])


def of_labels(groups: Sequence[Group], cells: pd.DataFrame) -> dict[tuple[str, ...], int]:
    return {
        tuple(group.labels.values()): int(cells["new"].to_numpy()[group.cells].sum())
        for group in groups
    }


def table(**new: int) -> pd.DataFrame:
    """Cells by segment and country, `x_DE=12` and so on."""
    rows = [(*name.split("_"), count) for name, count in new.items()]
    return pd.DataFrame(rows, columns=["segment", "country", "new"])


def test_small_values_go_to_the_rest_with_one_that_could_stand_alone() -> None:
    cells = table(x_AT=1, x_DE=12, x_FR=10, x_NO=2, x_SE=20, y_DE=3, y_SE=4)
    assert of_labels(grouped(cells, [SEGMENT, COUNTRY], K), cells) == {
        ("x", "DE"): 12,
        ("x", "FR"): 10,
        ("x", OTHER): 23,
        ("y", ALL): 7,
    }


def test_cities_are_told_apart_only_within_a_country_that_is() -> None:
    cells = pd.DataFrame(
        [("DE", "Bonn", 9), ("DE", "Köln", 9), ("NO", "Oslo", 9), ("SE", "Lund", 9)],
        columns=["country", "city", "new"],
    )
    assert of_labels(grouped(cells, [COUNTRY, CITY], K), cells) == {
        ("DE", "Bonn"): 9,
        ("DE", OTHER): 9,
        ("NO", ALL): 9,
        (OTHER, ALL): 9,
    }


def test_too_few_newcomers_are_no_group() -> None:
    assert grouped(table(x_DE=1, y_DE=1), [SEGMENT], K) == []
    with pytest.raises(ValueError, match="segment has values"):
        grouped(table(z_DE=9), [SEGMENT], K)


@settings(max_examples=20)
@given(st.lists(st.integers(0, 30), min_size=8, max_size=8), st.integers(2, 10))
def test_everybody_is_in_one_group_and_each_has_k_newcomers(new: list[int], k: int) -> None:
    cells = table(**{f"{s}_{c}": new.pop() for s, c in product("xy", ("AT", "DE", "NO", "SE"))})
    groups = grouped(cells, [SEGMENT, COUNTRY], k)
    assert (cells["new"].sum() >= k) == bool(groups)
    if groups:
        assert sorted(np.concatenate([each.cells for each in groups])) == list(range(len(cells)))
        assert min(of_labels(groups, cells).values()) >= k
        assert len(of_labels(groups, cells)) == len(groups), "no two groups have the same labels"


@pytest.mark.slow
def test_who_knows_the_rule_still_cannot_bound_a_cell_of_a_few() -> None:
    """All tables of 9 people at most: whatever is published, a cell of 1 or 2 may have 0 to 2."""
    two_by_two = [SEGMENT, Refinement("country", domain={"": ("p", "q")})]
    names = [f"{segment}_{country}" for segment, country in product("xy", "pq")]
    same: dict[object, list[tuple[int, ...]]] = defaultdict(list)
    for new in product(range(10), repeat=4):
        if sum(new) <= 9:
            cells = table(**dict(zip(names, new, strict=True)))
            published = of_labels(grouped(cells, two_by_two, K), cells)
            same[frozenset(published.items())].append(new)
    small = 0
    for published, possible in same.items():
        counts = np.array(possible)
        for cell in range(4):
            if published and ((counts[:, cell] > 0) & (counts[:, cell] < K)).any():
                small += 1
                assert counts[:, cell].min() == 0
                assert counts[:, cell].max() >= K - 1
    assert small > 20


def test_suppressed_cells_follow_from_margins_and_groups_give_nothing_away() -> None:
    cells = table(x_AT=2, x_DE=40, x_FR=30, y_AT=25, y_DE=20, y_FR=35)
    true = cells["new"].to_numpy()
    few = np.eye(6)[0]

    # Small cells suppressed, margins published, as tables are usually made.
    shown = [np.eye(6)[cell] for cell in range(6) if true[cell] >= 10]
    margins = [
        (cells[column] == value).to_numpy(float)
        for column in ("segment", "country")
        for value in cells[column].unique()
    ]
    naive = np.array([*shown, *margins])
    low, high = bounds(naive, naive @ true, few, 0, None)
    assert low == pytest.approx(2)
    assert high == pytest.approx(2)

    groups = grouped(cells, [SEGMENT, COUNTRY], k=10)
    ours = np.array([np.isin(np.arange(6), group.cells) for group in groups], float)
    total = np.ones((1, 6))
    low, high = bounds(np.vstack([ours, total]), np.append(ours @ true, true.sum()), few, 0, None)
    assert low == 0
    assert high >= 10
    assert len(groups) > 2


def releases(history: Sequence[pd.DataFrame], *, newcomers_only: bool) -> np.ndarray:
    """Who (rows) is in which published group (columns) of all releases.

    Args:
        history: for each release who was there (index) and in which segment and country.
        newcomers_only: else whoever is there counts as new, so that all a group needs is k people.
    """
    everybody = sorted(set().union(*(people.index for people in history)))
    counted: set[int] = set()
    columns = []
    for snapshot in history:
        people = snapshot.assign(
            new=[not newcomers_only or who not in counted for who in snapshot.index]
        )
        cells = cells_of(people, ["segment", "country"])
        for group in grouped(cells, [SEGMENT, COUNTRY], K):
            inside = people.index[members_of(people, cells, group)]
            columns.append([float(who in inside) for who in everybody])
            counted |= set(people.index)
    return np.array(columns).T if columns else np.zeros((len(everybody), 1))


def snapshot(**people: str) -> pd.DataFrame:
    rows = {int(who[1:]): place.split("_") for who, place in people.items()}
    return pd.DataFrame.from_dict(rows, orient="index", columns=["segment", "country"])


def test_one_who_joined_or_left_shows_in_the_difference_unless_newcomers_are_waited_for() -> None:
    first = {f"c{who}": "x_DE" if who < 6 else "y_DE" for who in range(12)}
    joined = {**first, "c12": "x_DE"}
    erased = {who: place for who, place in joined.items() if who != "c7"}
    history = [snapshot(**people) for people in (first, joined, erased)]

    naive = releases(history, newcomers_only=False)
    assert isolated(naive, K) == (7,)
    scores = np.array([4.0] * 12 + [1.0])
    target = np.eye(13)[12]
    low, high = bounds(naive.T, naive.T @ scores, target, 1, 5)
    assert low == pytest.approx(1)
    assert high == pytest.approx(1)

    ours = releases(history, newcomers_only=True)
    assert ours.any()
    assert isolated(ours, K) is None
    low, high = bounds(ours.T, ours.T @ scores, target, 1, 5)
    assert (low, high) == (1, 5)


# Who is where in each of four releases: in one place, and from some release on in another; "" is
# nowhere. Most people stay, as that is where differences are small.
PLACES = ("", "x_DE", "x_FR", "y_DE", "y_FR")
LIVES = st.tuples(st.sampled_from(PLACES), st.sampled_from(PLACES), st.integers(1, 8)).map(
    lambda life: [life[0] if at < life[2] else life[1] for at in range(4)]
)
HISTORIES = st.lists(LIVES, min_size=8, max_size=18)


def as_history(lives: Sequence[Sequence[str]]) -> list[pd.DataFrame]:
    return [
        snapshot(**{f"c{who}": life[at] for who, life in enumerate(lives) if life[at]})
        for at in range(len(lives[0]))
        if any(life[at] for life in lives)
    ]


@pytest.mark.slow
@settings(max_examples=60)
@given(HISTORIES)
def test_no_combination_of_all_releases_is_about_fewer_than_k(lives: list[list[str]]) -> None:
    history = as_history(lives)
    if history:
        assert isolated(releases(history, newcomers_only=True), K) is None


@pytest.mark.slow
def test_without_the_rule_nearly_every_history_gives_somebody_away() -> None:
    draw = np.random.default_rng(3)
    found = protected = detailed = 0
    for _ in range(20):
        lives = [
            [PLACES[before] if at < since else PLACES[after] for at in range(4)]
            for before, after, since in draw.integers(0, [5, 5, 9], size=(18, 3))
        ]
        history = as_history(lives)
        found += isolated(releases(history, newcomers_only=False), K) is not None
        ours = releases(history, newcomers_only=True)
        protected += isolated(ours, K) is None
        detailed += ours.shape[1] > 1
    assert found >= 15
    assert protected == 20
    assert detailed == 20, "and it is not protected by publishing nothing"


def test_rows_of_people_under_their_labels_are_k_anonymous() -> None:
    draw = np.random.default_rng(5)
    people = pd.DataFrame(
        {
            "segment": draw.choice(["x", "y"], 600),
            "country": draw.choice(["AT", "DE", "FR", "NO"], 600, p=[0.01, 0.5, 0.35, 0.14]),
            "new": True,
        }
    )
    cells = cells_of(people, ["segment", "country"])
    groups = grouped(cells, [SEGMENT, COUNTRY], k=10)
    labels = pd.DataFrame(index=people.index, columns=["segment", "country"], dtype=str)
    for group in groups:
        labels.loc[members_of(people, cells, group)] = list(group.labels.values())
    assert people.groupby(["segment", "country"]).size().min() < 10
    assert labels.groupby(["segment", "country"]).size().min() >= 10
    assert len(groups) >= 4
    assert anonymity.k_anonymity(people.drop(columns="new"), ["segment", "country"]) < 10
    assert anonymity.k_anonymity(labels, ["segment", "country"]) >= 10
