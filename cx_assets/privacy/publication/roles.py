"""Who may see what: for each role the tables of its file, their columns and whose rows they have.

A column is an SQL expression over `t`, a row of the source, and `p`, what the newest snapshot says
of its customer: consent_analytics, consent_marketing, is_open, open_tickets, value_band (1 to 4, 4
the most valuable quarter). Rows without a known customer are left out. docs/roles.md is written
from here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from cx_assets.privacy.pseudonyms import hmac_sql
from cx_assets.privacy.publication.bands import band_sql

NEWEST = "t.period = $newest"
# What comes of analysing people is left empty for those who did not agree to it.
IF_ANALYSED = "case when p.consent_analytics then {0} end"


@dataclass(frozen=True)
class Shared:
    """One table of a role's file.

    Args:
        columns: what each holds, as SQL; empty: all of a table of aggregates.
        where: whose rows, and which, as SQL.
    """

    name: str
    source: str
    columns: Mapping[str, str]
    where: str = "true"

    @property
    def of_customers(self) -> bool:
        return bool(self.columns)


@dataclass(frozen=True)
class Role:
    name: str
    description: str
    tables: tuple[Shared, ...]


def _kept(names: str) -> dict[str, str]:
    return {name: f"t.{name}" for name in names.split()}


def _keyed(names: str) -> dict[str, str]:
    """Ids as this role's own pseudonyms: the same in all its tables, and in no other file."""
    hashed = {name: hmac_sql(f"'analyst {name}:' || t.{name}") for name in names.split()}
    return {name: f"case when t.{name} is not null then {sql} end" for name, sql in hashed.items()}


def _analysed(name: str, ids: str, columns: str, **other: str) -> Shared:
    """A table of the warehouse for the analyst, under its own name."""
    return Shared(
        name, name, {"period": "t.period", **_keyed(ids), **_kept(columns), **other}, ANALYSED
    )


ANALYSED = "p.consent_analytics"
AGE_BAND = band_sql("t.age")
# Counted among the rows that the file has.
COMMON_CITY = (
    "case when count(*) over (partition by t.period, t.country, t.city) >= $k then t.city end"
)

ANALYST = Role(
    "analyst",
    "All customers who may be analysed, under pseudonyms, in all periods: what they bought, "
    "answered and wrote, and what the models make of it. No birth dates but ages in bands, no city "
    "with fewer than CX_PUBLISH_K of them, texts as scrubbed on the way in.",
    (
        _analysed(
            "process.customers",
            "customer_id",
            "gender country in_crm",
            age_band=AGE_BAND,
            city=COMMON_CITY,
            known_since="cast(date_trunc('month', t.known_since) as date)",
        ),
        _analysed(
            "process.orders",
            "order_id customer_id",
            "ordered_at status channel promised_at delivered_at is_purchase revenue profit",
        ),
        _analysed(
            "process.order_items",
            "order_id customer_id",
            "line_number ordered_at product_id quantity unit_price is_return",
        ),
        _analysed(
            "process.support_tickets",
            "ticket_id customer_id",
            "opened_at resolved_at resolution_hours channel topic text",
        ),
        _analysed(
            "process.survey_responses",
            "response_id customer_id order_id",
            "sent_at responded_at survey touchpoint channel score score_of_five verdict comment",
        ),
        _analysed(
            "features.customer_features",
            "customer_id",
            "recency_days frequency tenure_days monetary spend profit sessions tickets "
            "mean_resolution_hours last_score late_delivery_share",
        ),
        _analysed("analyze.segments", "customer_id", "segment_id segment_name distance"),
        _analysed(
            "analyze.clv",
            "customer_id",
            "clv_formula p_alive expected_orders_12m expected_profit_per_order clv clv_low "
            "clv_high",
        ),
        _analysed(
            "analyze.predicted_satisfaction",
            "customer_id",
            "predicted_score predicted_low predicted_high response_propensity",
        ),
        _analysed("analyze.churn_risk", "customer_id", "churn_probability risk_band"),
        *(
            Shared(name, name, {})
            for name in (
                "process.products",
                "analyze.segment_profiles",
                "analyze.segment_migration",
                "analyze.clv_model",
                "analyze.churn_model",
                "analyze.csat",
                "analyze.csat_drivers",
                "analyze.association_rules",
                "insight.product_insights",
                "insight.information_gap",
                "insight.scorecard",
                "feedback.action_effects",
            )
        ),
    ),
)

MAY_BE_CONTACTED = f"{NEWEST} and p.consent_marketing and p.is_open"

MARKETING = Role(
    "marketing",
    "The customers who may be contacted and have an open account, by the company's own number, in "
    "the newest period: segment, value band, what to offer and what to do. No texts, no tickets, "
    "no scores.",
    (
        Shared(
            "customers",
            "insight.customer_360",
            {
                **_kept("period customer_id"),
                "segment_id": IF_ANALYSED.format("t.segment_id"),
                "segment_name": IF_ANALYSED.format("t.segment_name"),
                "value_band": IF_ANALYSED.format("p.value_band"),
            },
            MAY_BE_CONTACTED,
        ),
        Shared(
            "recommendations",
            "personalize.recommendations",
            _kept("period customer_id rank product_id product_name reason"),
            MAY_BE_CONTACTED,
        ),
        Shared(
            "next_best_actions",
            "personalize.next_best_actions",
            _kept("period customer_id action_id action"),
            f"{MAY_BE_CONTACTED} and t.arm = 'treated'",
        ),
    ),
)

SERVICE = Role(
    "service",
    "All customers by the company's own number: their open tickets as of the newest period, and "
    "for those who may be analysed the last score, churn risk, a value band and the next action of "
    "service. No money, nothing of marketing.",
    (
        Shared(
            "customers",
            "insight.customer_360",
            {
                **_kept("period customer_id"),
                "open_tickets": "p.open_tickets",
                **{
                    name: IF_ANALYSED.format(f"t.{name}")
                    for name in ("last_score", "last_score_age_days", "risk_band")
                },
                "value_band": IF_ANALYSED.format("p.value_band"),
            },
            NEWEST,
        ),
        Shared(
            "open_tickets",
            "process.support_tickets",
            _kept("ticket_id customer_id opened_at first_response_at channel topic text"),
            "t.opened_at < $end and (t.resolved_at is null or t.resolved_at >= $end)",
        ),
        Shared(
            "next_actions",
            "personalize.next_best_actions",
            # No reason: the catalogue of actions may have money in it.
            _kept("period customer_id action_id action"),
            f"{MAY_BE_CONTACTED} and p.consent_analytics and t.arm = 'treated' "
            "and list_contains($service_actions, t.action)",
        ),
    ),
)

ROLES = (ANALYST, MARKETING, SERVICE)
