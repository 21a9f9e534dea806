"""Which model gives the scores follows from its errors, and the reason says so."""

from math import nan

from cx_assets.methods.clv.choice import Candidate, choose


def candidate(name: str, likelihood: float, mae: float, **other: bool) -> Candidate:
    return Candidate(
        name=name,
        title=name.upper(),
        log_likelihood=likelihood,
        holdout_mae=mae,
        converged=other.get("converged", True),
        one_time_buyers_can_leave=other.get("can_leave", True),
    )


def test_the_smallest_error_wins() -> None:
    chosen, reasons = choose([candidate("a", -10.0, 0.80), candidate("b", -20.0, 0.70)])
    assert chosen == "b"
    assert reasons["b"] == "chosen: the smallest error on the holdout (0.700)"
    assert reasons["a"] == "not used: its error on the holdout is 0.800, not 0.700"


def test_equal_errors_are_settled_by_likelihood() -> None:
    chosen, reasons = choose([candidate("a", -10.0, 0.704), candidate("b", -20.0, 0.700)])
    assert chosen == "a"
    assert "higher likelihood" in reasons["a"]
    assert reasons["b"] == "not used: A has the higher likelihood"


def test_without_a_holdout_likelihood_decides() -> None:
    chosen, reasons = choose([candidate("a", -20.0, nan), candidate("b", -10.0, nan)])
    assert chosen == "b"
    assert "too short for a holdout" in reasons["b"]
    assert reasons["a"] == "not used: B has the higher likelihood"


def test_a_model_whose_one_time_buyers_never_leave_gives_no_scores() -> None:
    best = candidate("bg", -1.0, 0.1, can_leave=False)
    chosen, reasons = choose([best, candidate("b", -10.0, 0.9)])
    assert chosen == "b"
    assert "alive for certain" in reasons["bg"]
    assert choose([best])[0] is None


def test_what_converged_goes_first_and_a_flat_maximum_is_better_than_nothing() -> None:
    flat = candidate("flat", -1.0, 0.1, converged=False)
    chosen, reasons = choose([flat, candidate("sure", -10.0, 0.9)])
    assert chosen == "sure"
    assert reasons["flat"] == "not used: the fit did not converge"
    chosen, reasons = choose([flat])
    assert chosen == "flat"
    assert "its maximum is flat" in reasons["flat"]
