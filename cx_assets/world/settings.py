"""Every true parameter of the simulated world, in one frozen dataclass."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

# "recorded": whether a customer answers depends only on the survey's channel and on what the
# company has on record. "feeling": on the feeling itself as well, which no record shows.
Response = Literal["recorded", "feeling"]


@dataclass(frozen=True)
class Kind:
    """A kind of customer. Rates are per month of 30.4375 days.

    Orders per month are Gamma(purchase_shape, rate purchase_rate) over customers, dropouts per
    month Gamma(dropout_shape, rate dropout_rate): the heterogeneity of the Pareto/NBD model.
    """

    name: str
    share: float
    purchase_shape: float
    purchase_rate: float
    dropout_shape: float
    dropout_rate: float
    mean_spend: float
    """Money per order, averaged over customers."""
    favourites: tuple[int, ...]
    """The categories (by position) that this kind likes best."""
    discount_share: float
    satisfaction: float
    """Mean latent satisfaction; the scale has a standard deviation of about one."""
    price_sensitivity: float
    """Probability that an unhappy customer without a bad experience blames the price."""
    gift_season: float = 1.0
    """Factor on the purchase rate in November and December."""


@dataclass(frozen=True)
class Action:
    """What the company can do for a customer, and what it truly does to those it reaches."""

    name: str
    channel: str
    satisfaction: float
    """Added to the latent satisfaction when delivered."""
    purchases: float
    """Relative change of the purchase rate in the month of delivery: 0.2 is 20 % more."""
    factors: tuple[tuple[str, float], ...] = ()
    """(kind, factor) pairs: for this kind both effects are multiplied by the factor."""

    def factor(self, kind: str) -> float:
        return dict(self.factors).get(kind, 1.0)


@dataclass(frozen=True)
class DirtRates:
    """The share of rows with each kind of dirt."""

    duplicate: float = 0.004
    broken: float = 0.003
    ragged: float = 0.001
    late: float = 0.01
    contact_in_text: float = 0.04


KINDS = (
    Kind("loyal", 0.22, 2.2, 1.6, 1.2, 60.0, 85.0, (0, 3, 9), 0.10, 0.5, 0.1),
    Kind("bargain_hunter", 0.26, 1.4, 2.0, 1.5, 30.0, 45.0, (1, 7, 5), 0.60, 0.0, 0.7),
    Kind("gift_buyer", 0.17, 1.0, 4.0, 1.0, 40.0, 110.0, (1, 5, 6), 0.15, 0.2, 0.2, 4.0),
    Kind("explorer", 0.15, 1.6, 2.0, 1.2, 20.0, 70.0, (2, 4, 8), 0.20, 0.1, 0.3),
    Kind("occasional", 0.20, 0.8, 2.5, 1.5, 25.0, 60.0, (3, 6, 7), 0.25, -0.2, 0.5),
)
GUEST = Kind("guest", 1.0, 0.6, 3.0, 3.0, 6.0, 55.0, (1, 6, 7), 0.05, 0.0, 0.5)

ACTIONS = (
    Action("voucher", "email", 0.10, 0.25, (("bargain_hunter", 2.0), ("loyal", 0.5))),
    Action("service_call", "phone", 0.45, 0.05, (("loyal", 1.5),)),
    Action("feature_tips", "app", 0.0, 0.0),
)


@dataclass(frozen=True)
class WorldSettings:
    """The size of the world, its seed and its hidden truth. Errors: ValueError when impossible."""

    customers: int = 3_000
    first_period: date = date(2024, 1, 1)
    months_of_joining: int = 18
    """New customers join over this many months, counted from the first period."""
    seed: int = 7

    # Who there is.
    kinds: tuple[Kind, ...] = KINDS
    guest: Kind = GUEST
    guest_share: float = 0.3
    """People without an account, per customer; they leave orders without a customer."""
    existing_share: float = 0.5
    """Customers who joined before the first period (some have dropped out by then)."""
    months_before: int = 24
    moves: float = 0.008
    """Share of customers a month whose master data change."""
    erasures: float = 0.0004

    # What they buy. Order values follow the gamma-gamma model up to the prices there are.
    products: int = 200
    spend_shape: float = 4.0
    order_spend_shape: float = 6.0
    extra_lines: float = 1.4
    """Order lines after the first one: the mean of a Poisson."""
    companion_share: float = 0.35
    """How often a product with a companion brings it into the basket."""
    seasonality: tuple[float, ...] = (
        *(0.95, 0.9, 0.95, 1.0, 1.0, 0.95),
        *(0.9, 0.9, 1.0, 1.05, 1.2, 1.3),
    )
    satisfaction_on_purchases: float = 0.10
    satisfaction_on_dropout: float = 0.35
    """The dropout rate is multiplied by exp(-this * satisfaction)."""

    # What happens to them.
    late_share: float = 0.12
    late_peak: float = 2.0
    """Factor on the late share in December."""
    cancelled_share: float = 0.02
    defect_share: float = 0.012
    bad_product_share: float = 0.06
    bad_product_defect_share: float = 0.15
    return_share: float = 0.8
    """Defective items that are sent back; the others stay unknown to the company."""
    regret_share: float = 0.01
    """Faultless items that are sent back."""
    ticket_rate: float = 0.11
    """Tickets a month without a bad experience."""
    late_ticket_share: float = 0.25
    defect_ticket_share: float = 0.4
    resolution_hours: float = 8.0
    """Median; the spread is log-normal with a sigma of 1.4."""
    slow_hours: float = 48.0
    session_rate: float = 1.2
    bots: int = 4
    """Web visitors who are no people; they and the test accounts buy nothing."""
    test_accounts: int = 2
    post_rate: float = 0.06

    # What they feel.
    satisfaction_spread: float = 0.6
    satisfaction_memory: float = 0.7
    """How much of the distance to a customer's own level is left after a month."""
    satisfaction_noise: float = 0.25
    late_effect: float = -0.5
    defect_effect: float = -0.8
    slow_effect: float = -0.6

    # What they say.
    delivery_survey_share: float = 0.4
    support_survey_share: float = 0.6
    return_survey_share: float = 0.5
    relationship_survey_share: float = 0.12
    response: Response = "feeling"
    response_base: tuple[float, float, float] = (-1.6, -1.25, -0.95)
    """Log odds of an answer by channel: email, sms, app."""
    recorded_on_response: float = 0.45
    """Added to the log odds per bad experience on record, three at most."""
    feeling_on_response: float = -0.45
    score_noise: float = 0.5
    own_survey_effect: float = -0.4
    """A bad delivery, return or ticket weighs this much more in the survey about itself."""
    anonymous_share: float = 0.06
    comment_share: float = 0.45

    # What the company did about it before the product came.
    actions: tuple[Action, ...] = ACTIONS
    campaign_share: float = 0.3
    treated_share: float = 0.8
    delivered_share: float = 0.92

    dirt: DirtRates = field(default_factory=DirtRates)

    def __post_init__(self) -> None:
        if self.customers < 1:
            raise ValueError(f"customers must be at least 1, not {self.customers}")
        if self.first_period.day != 1:
            raise ValueError(f"first_period must be the first of a month, not {self.first_period}")
        if self.products < 20:
            raise ValueError(f"products must be at least 20, not {self.products}")
        if min(self.bots, self.test_accounts) < 0:
            raise ValueError("bots and test_accounts must not be negative")
        if len(self.seasonality) != 12:
            raise ValueError(f"seasonality needs 12 months, not {len(self.seasonality)}")
        if self.response not in ("recorded", "feeling"):
            raise ValueError(f"response must be 'recorded' or 'feeling', not {self.response!r}")
        total = sum(kind.share for kind in self.kinds)
        if abs(total - 1) > 1e-9:
            raise ValueError(f"the shares of the kinds must add up to 1, not {total}")
