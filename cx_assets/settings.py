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

from cx_assets.landing.files import MAX_BYTES

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
    vault: Path = Field(default=Path("vault.sqlite"), description="Identifiers, sealed.")
    published: Path = Field(default=Path("published"), description="Files for roles, and figures.")

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
    publish_k: int = Field(
        default=10, ge=2, description="People in a published group, and new ones, at least."
    )
    publish_value_max: int = Field(
        default=10_000, ge=1, description="A lifetime value above it counts as this in figures."
    )
    publish_purchases_max: int = Field(
        default=100, ge=1, description="More purchases count as so many in published figures."
    )
    privacy_epsilon: Annotated[Decimal, Field(gt=0)] | None = Field(
        default=None, description="Noise of a release, the smaller the more; else there is none."
    )
    privacy_budget: Annotated[Decimal, Field(gt=0)] | None = Field(
        default=None, description="What the noise of all releases together may come to."
    )
    read_replica: bool = Field(
        default=True, description="Keep a copy of the warehouse that may be read during a run."
    )
    max_file_bytes: int = Field(
        default=MAX_BYTES, ge=1_000, description="Bytes of a landing file, unpacked, at most."
    )
    landing_retention_days: int | None = Field(
        default=None, ge=1, description="Landing files go so many days after their last event."
    )
    collect_retention_days: int | None = Field(
        default=None, ge=1, description="Rows of collect go so many days after their period's end."
    )
    webhook_url: HttpUrl | None = Field(
        default=None, repr=False, description="Where failed runs are posted as JSON; http or https."
    )

    @model_validator(mode="before")
    @classmethod
    def _paths_below_home(cls, values: dict[str, object]) -> dict[str, object]:
        home = Path(str(values.get("home", cls.model_fields["home"].default))).absolute()
        paths = ("landing", "warehouse", "outbox", "reports", "keys", "vault", "published")
        defaults = {name: home / cls.model_fields[name].default for name in paths}
        return {**defaults, **values, "home": home}

    @model_validator(mode="after")
    def _last_not_before_first(self) -> Self:
        if self.last_period is not None and self.last_period < self.first_period:
            raise ValueError(
                f"CX_LAST_PERIOD {self.last_period} is before CX_FIRST_PERIOD {self.first_period}"
            )
        return self

    @model_validator(mode="after")
    def _noise_has_a_budget(self) -> Self:
        if self.privacy_epsilon is not None and self.privacy_budget is None:
            raise ValueError(
                f"CX_PRIVACY_EPSILON is {self.privacy_epsilon} and CX_PRIVACY_BUDGET is not set: "
                "say what all releases together may cost"
            )
        return self

    @model_validator(mode="after")
    def _files_go_before_their_rows(self) -> Self:
        files, rows = self.landing_retention_days, self.collect_retention_days
        if rows is not None and (files is None or files > rows):
            raise ValueError(
                f"CX_COLLECT_RETENTION_DAYS is {rows} and CX_LANDING_RETENTION_DAYS {files}: rows "
                "whose file is still there would be collected again. Let the files go first."
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
                # A rule on several settings names them itself.
                name = variable(str(problem["loc"][0])) if problem["loc"] else ""
                said = f"{name} is {env.get(name)!r}: " if name else ""
                problems.append(said + problem["msg"])
            raise SettingsError("; ".join(problems)) from None


def variable(name: str) -> str:
    """The environment variable that sets the field `name`."""
    return f"CX_{name.upper()}"
