"""What must hold for each purchase model, whatever the data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_assets.methods.clv import BgNbd, MbgNbd, ParetoNbd, PurchaseModel
from cx_assets_tests.methods.clv.simulation import act

MODELS = (BgNbd, MbgNbd, ParetoNbd)
LIKE_CDNOW = {
    "bg_nbd": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426},
    "mbg_nbd": {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614},
    "pareto_nbd": {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669},
}
TIMES = {"alpha", "beta"}
each_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
positive = st.floats(-2.0, 2.5).map(np.exp)


def like_cdnow(model: type[PurchaseModel]) -> PurchaseModel:
    return model.from_parameters(LIKE_CDNOW[model.name])


def some_customers(model: type[PurchaseModel], n: int = 1500) -> tuple[np.ndarray, ...]:
    rng = np.random.default_rng(7)
    age = rng.integers(10, 40, n).astype(float)
    story = act(model.name, LIKE_CDNOW[model.name], age, 0.0, 0.0, rng)
    return story.x, np.where(story.x > 0, np.ceil(story.t_x), 0.0), age


@each_model
@settings(max_examples=25, deadline=None)
@given(
    parameters=st.tuples(positive, positive, positive, positive),
    x=st.integers(0, 60),
    age=st.floats(0.0, 500.0),
    share=st.floats(0.0, 1.0),
)
def test_gradients(
    model: type[PurchaseModel],
    parameters: tuple[float, ...],
    x: int,
    age: float,
    share: float,
) -> None:
    row = np.array([x]), np.array([share * age if x else 0.0]), np.array([age])
    terms = model()._terms
    point = np.array(parameters)
    _, gradient = terms(point, *row)
    for i, step in enumerate(1e-5 * np.diag(point)):
        slope = (terms(point + step, *row)[0] - terms(point - step, *row)[0]) / (2 * step[i])
        assert gradient[i] == pytest.approx(slope, rel=1e-5, abs=1e-5 * (1 + x) / point[i])


@each_model
def test_weights_are_repeated_rows(model: type[PurchaseModel]) -> None:
    history = some_customers(model)
    rows, customers = np.unique(np.array(history), axis=1, return_counts=True)
    repeated = model().fit(*history)
    weighted = model().fit(*rows, sample_weight=customers)
    assert weighted.customers_ == repeated.customers_ == len(history[0])
    assert weighted.log_likelihood_ == pytest.approx(repeated.log_likelihood_, rel=1e-12)
    assert weighted.parameter_vector == pytest.approx(repeated.parameter_vector, rel=1e-7)
    assert weighted.log_likelihood_ == pytest.approx(repeated.log_likelihood(*history).sum())
    errors = list(repeated.standard_errors_.values())
    assert list(weighted.standard_errors_.values()) == pytest.approx(errors, rel=1e-5)


@each_model
def test_any_unit_of_time(model: type[PurchaseModel]) -> None:
    x, t_x, age = some_customers(model)
    weeks, days = model().fit(x, t_x, age), model().fit(x, 7 * t_x, 7 * age)
    for name, value in weeks.parameters_.items():
        scale = 7 if name in TIMES else 1
        assert days.parameters_[name] == pytest.approx(scale * value, rel=1e-5)
    # A density per day is a seventh of one per week, once for each repeat order.
    shift = -x.sum() * np.log(7)
    assert days.log_likelihood_ == pytest.approx(weeks.log_likelihood_ + shift, rel=1e-10)
    assert days.discounted_orders(700, 0.01, 3, 70, 140) == pytest.approx(
        weeks.discounted_orders(100, 0.07, 3, 10, 20), rel=1e-5
    )


@each_model
def test_extreme_histories_get_finite_scores(model: type[PurchaseModel]) -> None:
    x = np.array([0, 0, 1, 1, 10_000, 10_000, 10_000, 10_000, 1])
    t_x = np.array([0, 0, 0, 0, 0, 1e-9, 5_000, 1e4, 1e4])
    age = np.array([0, 1e4, 0, 1e4, 0, 1e4, 1e4, 1e4, 1e4])
    for parameters in (LIKE_CDNOW[model.name], dict.fromkeys(model.parameter_names, 0.02)):
        fitted = model.from_parameters(parameters)
        alive = fitted.p_alive(x, t_x, age)
        assert ((alive >= 0) & (alive <= 1)).all()
        assert np.isfinite(fitted.log_likelihood(x, t_x, age)).all()
        for horizon in (0.0, 1e-6, 52.0, 1e4):
            orders = fitted.expected_orders(horizon, x, t_x, age)
            assert np.isfinite(orders).all()
            assert (orders >= 0).all()
        assert np.isfinite(fitted.discounted_orders(np.inf, 0.002, x, t_x, age)).all()
    assert alive[5] == 0


@each_model
def test_a_customer_of_a_second_ago_is_a_new_customer(model: type[PurchaseModel]) -> None:
    fitted = like_cdnow(model)
    new = fitted.expected_orders(52.0, 0, 0.0, 0.0)
    assert new == fitted.expected_orders_of_new_customer(52.0)
    assert fitted.expected_orders(52.0, 0, 0.0, 1e-6) == pytest.approx(float(new), rel=1e-5)
    assert fitted.log_likelihood(0, 0, 0) == pytest.approx(0, abs=1e-12)


@each_model
@pytest.mark.parametrize("T", [1.0, 39.0])
def test_probabilities_of_the_histories_add_up(model: type[PurchaseModel], T: float) -> None:
    """P(x = 0) and P(x = 1) from the likelihood, against the acted story.

    The likelihood is a density in the times of the orders; with one order it integrates over t_x.
    """
    rng = np.random.default_rng(2)
    fitted = like_cdnow(model)
    story = act(model.name, LIKE_CDNOW[model.name], np.full(100_000, T), 0.0, 0.0, rng)
    nodes, weights = np.polynomial.legendre.leggauss(40)
    once = np.exp(fitted.log_likelihood(1, (nodes + 1) / 2 * T, T)) @ weights * T / 2
    assert np.exp(fitted.log_likelihood(0, 0, T)) == pytest.approx((story.x == 0).mean(), abs=0.005)
    assert once == pytest.approx((story.x == 1).mean(), abs=0.005)


@each_model
def test_monotone(model: type[PurchaseModel]) -> None:
    fitted = like_cdnow(model)
    last, longer = np.linspace(0.0, 39.0, 40), np.linspace(20.0, 300.0, 40)
    for x in (1, 5, 40):
        assert (np.diff(fitted.p_alive(x, last, 39.0)) > 0).all()
        assert (np.diff(fitted.p_alive(x, 20.0, longer)) < 0).all()
    horizon = np.geomspace(0.01, 3000, 40)
    assert (np.diff(fitted.expected_orders(horizon, 3, 20.0, 39.0)) > 0).all()
    discounted = [fitted.discounted_orders(52.0, d, 3, 20.0, 39.0) for d in (0, 0.001, 0.01, 0.1)]
    assert (np.diff(discounted) < 0).all()
    assert discounted[0] == fitted.expected_orders(52.0, 3, 20.0, 39.0)


@each_model
def test_numbers_and_arrays_broadcast(model: type[PurchaseModel]) -> None:
    fitted = like_cdnow(model)
    grid = fitted.expected_orders(np.array([[1.0], [10.0]]), [0, 1, 2], [0.0, 3.0, 3.0], 9.0)
    assert grid.shape == (2, 3)
    assert grid[1, 2] == pytest.approx(float(fitted.expected_orders(10.0, 2, 3.0, 9.0)))
    assert fitted.p_alive([], [], []).shape == (0,)


@each_model
@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((-1, 0, 5), "whole number"),
        ((1.5, 1, 5), "whole number"),
        ((1, 6, 5), "after the end"),
        ((1, -1, 5), "before the first"),
        ((0, 1, 5), "none is counted"),
        ((1, 1, np.inf), "infinite"),
        ((1, np.nan, 5), "t_x is nan"),
    ],
)
def test_impossible_rows_are_named(
    model: type[PurchaseModel], row: tuple[float, ...], why: str
) -> None:
    history = np.array([(2, 3, 5), row]).T
    with pytest.raises(ValueError, match=f"row 1: .*{why}"):
        model().fit(*history)


@each_model
def test_other_refusals(model: type[PurchaseModel]) -> None:
    with pytest.raises(ValueError, match="no customers"):
        model().fit([], [], [])
    with pytest.raises(ValueError, match="row 1: not a weight"):
        model().fit([1, 1], [1, 1], [2, 2], sample_weight=[1, -1])
    with pytest.raises(ValueError, match="shape"):
        model().fit([1, 1], [1, 1], [2, 2], sample_weight=[1])
    with pytest.raises(ValueError, match="needs the parameters"):
        model.from_parameters({"r": 1.0})
    with pytest.raises(ValueError, match="r must be positive"):
        model.from_parameters({**LIKE_CDNOW[model.name], "r": 0.0})
    with pytest.raises(ValueError, match="horizon"):
        like_cdnow(model).expected_orders(-1.0, 1, 1.0, 2.0)
    with pytest.raises(ValueError, match="discount_rate"):
        like_cdnow(model).discounted_orders(1.0, -0.1, 1, 1.0, 2.0)
    with pytest.raises(RuntimeError, match="call fit"):
        model().p_alive(1, 1, 2)
    with pytest.raises(RuntimeError, match="call fit"):
        like_cdnow(model).bootstrap(3)


@each_model
def test_data_that_say_nothing_are_no_success(model: type[PurchaseModel]) -> None:
    """Nobody ever came back: no rate of leaving can be learnt, and the verdict says so."""
    fitted = model().fit(np.zeros(500), np.zeros(500), np.linspace(1, 100, 500))
    assert not fitted.converged_
    assert "bound" in fitted.message_ or "flat" in fitted.message_
    assert np.isfinite(fitted.parameter_vector).all()


@each_model
def test_a_sampled_search_finds_the_maximum_of_all_rows(model: type[PurchaseModel]) -> None:
    """More rows than the screening looks at: the last steps are on all of them."""
    rng = np.random.default_rng(4)
    age = rng.uniform(5, 60, 12_000)
    story = act(model.name, LIKE_CDNOW[model.name], age, 0.0, 0.0, rng)
    fitted = model().fit(story.x, story.t_x, age)
    assert fitted.converged_, fitted.message_
    for name in model.parameter_names:
        for nudge in (0.999, 1.001):
            moved = {**fitted.parameters_, name: nudge * fitted.parameters_[name]}
            near = model.from_parameters(moved).log_likelihood(story.x, story.t_x, age).sum()
            assert near < fitted.log_likelihood_
