"""The papers' log-likelihoods, plainly: the same judge for whatever parameters a side finds.

They share no code with a side. x repeat orders, the last at t_x, seen until T, times in weeks; all
functions give one number per row.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaln, gammaln, hyp2f1

Floats = NDArray[np.float64]


def bg_nbd(x: Floats, t_x: Floats, T: Floats, r: float, alpha: float, a: float, b: float) -> Floats:
    """Fader, Hardie and Lee (2005), section 4."""
    orders = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stayed = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + T)
    repeats = np.maximum(x, 1)
    left = betaln(a + 1, b + repeats - 1) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return orders + np.where(x > 0, np.logaddexp(stayed, left), stayed)


def mbg_nbd(
    x: Floats, t_x: Floats, T: Floats, r: float, alpha: float, a: float, b: float
) -> Floats:
    """Batislam, Denizel and Filiztekin (2007), where the first order may be the last."""
    orders = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    stayed = betaln(a, b + x + 1) - betaln(a, b) - (r + x) * np.log(alpha + T)
    left = betaln(a + 1, b + x) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return orders + np.logaddexp(stayed, left)


def pareto_nbd(
    x: Floats, t_x: Floats, T: Floats, r: float, alpha: float, s: float, beta: float
) -> Floats:
    """Fader and Hardie (2005), A note on deriving the Pareto/NBD model, equations 18 to 20."""
    power = r + s + x
    larger, second = (alpha, s + 1) if alpha >= beta else (beta, r + x)

    def log_part(time: Floats) -> Floats:
        series = hyp2f1(power, second, power + 1, abs(alpha - beta) / (larger + time))
        return np.log(series) - power * np.log(larger + time)

    orders = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    stayed = -(r + x) * np.log(alpha + T) - s * np.log(beta + T)
    until, since = log_part(T), log_part(t_x)
    with np.errstate(divide="ignore"):
        log_a0 = since + np.log(-np.expm1(np.minimum(until - since, 0)))
    return orders + np.logaddexp(stayed, np.log(s / power) + log_a0)


def gamma_gamma(x: Floats, value: Floats, p: float, q: float, gamma: float) -> Floats:
    """Fader and Hardie (2013), equation 1a: x orders of the mean value `value`."""
    shape = p * x
    return (
        gammaln(shape + q)
        - gammaln(shape)
        - gammaln(q)
        + q * np.log(gamma)
        + (shape - 1) * np.log(value)
        + shape * np.log(x)
        - (shape + q) * np.log(gamma + x * value)
    )


LIKELIHOODS: dict[str, Callable[..., Floats]] = {
    "bg_nbd": bg_nbd,
    "mbg_nbd": mbg_nbd,
    "pareto_nbd": pareto_nbd,
    "gamma_gamma": gamma_gamma,
}
