"""Every setting of the project, typed and checked once at start.

Settings come from the environment (`CX_...`). A wrong value stops the start with one sentence that
names the variable, what it held and what it may hold.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from os import environ
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError, model_validator

PROJECT_ROOT = Path(__file__).resolve().parent.parent


class SettingsError(ValueError):
    """A `CX_...` variable holds something it may not hold."""


class Settings(BaseModel):
    """The settings of one run of the code; the field `period` is set by `CX_PERIOD`, and so on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: Path = Field(default=PROJECT_ROOT / ".cx", description="Everything a run writes.")
    landing: Path = Field(default=Path("landing"), description="Where files arrive.")
    warehouse: Path = Field(default=Path("warehouse.duckdb"), description="The DuckDB file.")
    outbox: Path = Field(default=Path("outbox"), description="What a CRM picks up.")
    reports: Path = Field(default=Path("reports"), description="Pages for people.")
    keys: Path = Field(default=Path("keys"), description="Key files; mode 0700.")

    period: Literal["monthly", "weekly", "daily"] = "monthly"
    first_period: date = date(2024, 1, 1)
    last_period: date | None = Field(
        default=None, description="The last period of a finished history; else the newest ended."
    )
    engine: Literal["duckdb"] = "duckdb"
    discount_rate: float = Field(default=0.10, ge=0, lt=10, description="Yearly r of the CLV.")
    lifetime_years: int = Field(default=5, ge=1, le=100, description="T of the CLV, in years.")
    default_margin: float = Field(
        default=0.30, ge=0, le=1, description="Margin where a unit cost is unknown."
    )
    segments: Annotated[int, Field(ge=2, le=50)] | Literal["auto"] = Field(
        default=5, description="k of K-Means; auto picks it."
    )
    segment_transform: Literal["log", "none"] = Field(
        default="log", description="Money and counts before scaling; none is the article's recipe."
    )
    holdout_days: int | None = Field(
        default=None,
        ge=1,
        description="Days that the lifetime models are tried on; else half of the history.",
    )
    churn_days: int = Field(
        default=90, ge=1, le=3650, description="Who buys nothing for so many days has left."
    )
    rule_support: Decimal = Field(
        default=Decimal("0.005"), gt=0, le=1, description="Baskets with all items of a rule."
    )
    rule_confidence: Decimal = Field(
        default=Decimal("0.25"), ge=0, le=1, description="Right in so many of its baskets."
    )
    rule_max_length: Annotated[int, Field(ge=2)] | Literal["any"] = Field(
        default=3, description="Items of a rule, both sides together."
    )
    rule_max_basket: int = Field(
        default=200, ge=2, description="Baskets of more products say nothing about rules."
    )
    holdout_share: float = Field(
        default=0.10, gt=0, lt=1, description="Customers kept without actions, as a control group."
    )
    actions: Path = Field(
        default=PROJECT_ROOT / "cx_assets" / "actions.yaml",
        description="What can be done for them.",
    )
    action_budget: Annotated[Decimal, Field(ge=0, le=10**12)] | None = Field(
        default=None, description="Money for the actions of a period, at most; else no limit."
    )
    survey_share: float = Field(
        default=0.05, ge=0, le=1, description="Customers to ask after each period, at most."
    )
    webhook_url: HttpUrl | None = Field(
        default=None, repr=False, description="Where failed runs are posted as JSON; http or https."
    )

    @model_validator(mode="before")
    @classmethod
    def _paths_below_home(cls, values: dict[str, object]) -> dict[str, object]:
        home = Path(str(values.get("home", cls.model_fields["home"].default))).absolute()
        paths = ("landing", "warehouse", "outbox", "reports", "keys")
        defaults = {name: home / cls.model_fields[name].default for name in paths}
        return {**defaults, **values, "home": home}

    @model_validator(mode="after")
    def _last_not_before_first(self) -> Self:
        if self.last_period is not None and self.last_period < self.first_period:
            raise ValueError(
                f"last_period {self.last_period} is before first_period {self.first_period}"
            )
        return self

    @property
    def dagster_home(self) -> Path:
        return self.home / "dagster"

    def sql_parameters(self) -> dict[str, object]:
        """The settings that an SQL model may name, as `$discount_rate` and so on."""
        return {
            "discount_rate": self.discount_rate,
            "lifetime_years": self.lifetime_years,
            "default_margin": self.default_margin,
            "holdout_share": self.holdout_share,
            # A share of all hashes, as the first eight hexadecimal digits that they start below.
            "holdout_below": f"{round(self.holdout_share * 16**8):08x}",
        }

    @classmethod
    def from_env(cls, env: Mapping[str, str] = environ) -> Self:
        """Read the settings from `env`; an empty variable counts as not set.

        Raises:
            SettingsError: naming each variable that holds what it may not.
        """
        given = {name: env[variable(name)] for name in cls.model_fields if env.get(variable(name))}
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            problems = []
            for problem in error.errors():
                name = variable(str(problem["loc"][0])) if problem["loc"] else "CX_LAST_PERIOD"
                problems.append(f"{name} is {env.get(name)!r}: {problem['msg']}")
            raise SettingsError("; ".join(problems)) from None


def variable(name: str) -> str:
    """The environment variable that sets the field `name`."""
    return f"CX_{name.upper()}"
