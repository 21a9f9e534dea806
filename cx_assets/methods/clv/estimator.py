"""What every model of this package shares: names, fitted attributes, a fit and a bootstrap."""

from collections.abc import Mapping
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from cx_assets.methods.clv.fitting import FloatArray, Likelihood, bootstrap, maximise

IntArray = NDArray[np.int64]


class LikelihoodModel:
    """A model with positive parameters, fitted by weighted maximum likelihood.

    Fitted attributes: `parameters_` and `standard_errors_` (name -> value), `log_likelihood_`
    (total, weighted), `customers_` (sum of the weights), `converged_` and `message_`, the verdict
    in words.
    """

    name: ClassVar[str]
    parameter_names: ClassVar[tuple[str, ...]]

    parameters_: dict[str, float]
    standard_errors_: dict[str, float]
    log_likelihood_: float
    customers_: float
    converged_: bool
    message_: str

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, float]) -> Self:
        """A model that scores without a fit. ValueError unless all are there and positive."""
        if set(parameters) != set(cls.parameter_names):
            raise ValueError(
                f"{cls.name} needs the parameters {', '.join(cls.parameter_names)}, "
                f"not {', '.join(parameters) or 'none'}"
            )
        for name, value in parameters.items():
            if not (np.isfinite(value) and value > 0):
                raise ValueError(f"{cls.name}: {name} must be positive and finite, not {value}")
        model = cls()
        model.parameters_ = {name: float(parameters[name]) for name in cls.parameter_names}
        return model

    @property
    def parameter_vector(self) -> FloatArray:
        """The parameters in the order of `parameter_names`; RuntimeError before a fit."""
        if not hasattr(self, "parameters_"):
            raise RuntimeError(f"{self.name} has no parameters yet: call fit or from_parameters")
        return np.array([self.parameters_[name] for name in self.parameter_names])

    def bootstrap(
        self, draws: int, random_state: int | np.random.Generator | None = None
    ) -> FloatArray:
        """Parameters (draws, k) of a weighted one-step bootstrap; RuntimeError before a fit."""
        if not hasattr(self, "_likelihood"):
            raise RuntimeError(f"{self.name} has seen no customers yet: call fit")
        rng = np.random.default_rng(random_state)
        return bootstrap(self._likelihood, self._fit, draws, rng)

    def _maximise(self, likelihood: Likelihood, starts: FloatArray, bounds: FloatArray) -> None:
        fit = maximise(likelihood, starts, bounds, self.parameter_names)
        named = zip(self.parameter_names, fit.parameters, fit.standard_errors, strict=True)
        self.parameters_, self.standard_errors_ = {}, {}
        for name, parameter, standard_error in named:
            self.parameters_[name] = float(parameter)
            self.standard_errors_[name] = float(standard_error)
        self.log_likelihood_ = fit.log_likelihood
        self.customers_ = likelihood.customers
        self.converged_, self.message_ = fit.converged, fit.message
        self._likelihood, self._fit = likelihood, fit


def parameter_columns(
    parameters: FloatArray | None, default: FloatArray, draws: int
) -> tuple[FloatArray, ...]:
    """One array (or number) per parameter, from `parameters` (k, draws) if there are any."""
    if parameters is None:
        return tuple(default)
    if parameters.shape != (len(default), draws):
        raise ValueError(
            f"parameters have the shape {parameters.shape}, not {(len(default), draws)}"
        )
    return tuple(parameters)
