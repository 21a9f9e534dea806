"""analyze.association_rules: what is bought together, of products and of categories."""

from collections.abc import Sequence

from cx_assets.columns import Column, NotNull, OneOf, Range, UniqueTogether
from cx_assets.defs.analyze.rule_input import NAMES, ROWS, lay_lines
from cx_assets.defs.analyze.rule_pictures import rule_pictures
from cx_assets.methods.rules import (
    Limits,
    count_baskets,
    find_item_sets,
    least_count,
    rules_query,
)
from cx_assets.periods import Period
from cx_assets.settings import Settings
from cx_assets.tables import Table, table_asset
from cx_assets.warehouse import Session

# Whatever share they are, fewer baskets than this say nothing of the next one.
FEWEST_BASKETS = 10

SHARE = (NotNull(), Range(0, 1))
COUNT = (NotNull(), Range(FEWEST_BASKETS))

ASSOCIATION_RULES = Table(
    name="analyze.association_rules",
    description=(
        "One row per rule and period: whose basket holds the antecedent, how often does it hold "
        "the consequent too?\n"
        "Of the orders of the 365 days to the period's end, neither cancelled nor sent back nor a "
        "test account's; a basket is the distinct products of one, or their categories. Rules have "
        "one item on the right; they are in at least CX_RULE_SUPPORT of the baskets (and in ten), "
        "right in at least CX_RULE_CONFIDENCE of those with the antecedent, and of at most "
        "CX_RULE_MAX_LENGTH items. Whole counts are compared, so that a rule at exactly the "
        "threshold is in. Baskets of more than CX_RULE_MAX_BASKET products are left out of every "
        "count, at both levels. Short rules come first, then those of the highest lift."
    ),
    columns=(
        Column("period", "DATE", "First day of the period.", (NotNull(),)),
        Column(
            "level", "VARCHAR", "What the items are.", (NotNull(), OneOf(("product", "category")))
        ),
        Column("antecedent", "VARCHAR[]", "Items of the left side, sorted.", (NotNull(),)),
        Column("consequent", "VARCHAR", "Item of the right side.", (NotNull(),)),
        Column("antecedent_names", "VARCHAR[]", "Their names, sorted by name.", (NotNull(),)),
        Column("consequent_name", "VARCHAR", "Its name; the item where it has none.", (NotNull(),)),
        Column("items", "BIGINT", "Items of both sides.", (NotNull(), Range(2))),
        Column("support", "DOUBLE", "Share of all baskets with both.", SHARE),
        Column("confidence", "DOUBLE", "Of those with the antecedent, with both.", SHARE),
        Column("confidence_low", "DOUBLE", "Lower end of its 95 % interval (Wilson).", SHARE),
        Column("confidence_high", "DOUBLE", "Upper end.", SHARE),
        Column(
            "lift",
            "DOUBLE",
            "Confidence over the consequent's share of all baskets; 1 is chance. Its interval is "
            "that of the confidence, times lift / confidence.",
            (NotNull(), Range(0)),
        ),
        Column("extra_baskets", "DOUBLE", "Baskets with both beyond chance.", (NotNull(),)),
        Column(
            "improvement",
            "DOUBLE",
            "Confidence beyond that of the best rule to the consequent from fewer of these items, "
            "or from none; not above 0: a simpler rule says as much.",
            (NotNull(), Range(-1, 1)),
        ),
        Column("both_baskets", "BIGINT", "Baskets with all items.", COUNT),
        Column("antecedent_baskets", "BIGINT", "Baskets with the antecedent.", COUNT),
        Column("consequent_baskets", "BIGINT", "Baskets with the consequent.", COUNT),
        Column("baskets", "BIGINT", "All baskets that count.", COUNT),
        Column(
            "baskets_over_cap",
            "BIGINT",
            "Baskets left out for holding too many products.",
            (NotNull(), Range(0)),
        ),
        Column("stopped", "VARCHAR", "Why longer rules were not looked for; null: they were."),
    ),
    tests=(UniqueTogether(("level", "antecedent", "consequent")),),
    reads=("process.orders", "process.order_items", "process.products", "process.customers"),
    code_version="2",
    lineage={
        **{
            column: [
                ("process.order_items", "order_id"),
                ("process.order_items", "product_id"),
                ("process.products", "category"),
                ("process.orders", "is_purchase"),
                ("process.customers", "is_test_account"),
            ]
            for column in ("antecedent", "consequent", "support", "confidence", "lift", "baskets")
        },
        "antecedent_names": [("process.products", "name")],
        "consequent_name": [("process.products", "name")],
    },
)

APPENDED = """
select
    $period as period,
    $level as level,
    rules.*,
    cast($over_cap as bigint) as baskets_over_cap,
    cast($stopped as varchar) as stopped
from ({rules}) as rules
order by rules.items, rules.lift desc, rules.both_baskets desc, rules.antecedent, rules.consequent
"""


def append_rules(
    session: Session, staged: str, periods: Sequence[Period], settings: Settings
) -> None:
    length = None if settings.rule_max_length == "any" else settings.rule_max_length
    for period in periods:
        lay_lines(session, period)
        baskets = count_baskets(session, "rules_lines", settings.rule_max_basket)
        least = max(FEWEST_BASKETS, least_count(settings.rule_support, baskets.kept))
        for level, rows in ROWS.items():
            found = find_item_sets(session, rows, least, Limits(length))
            rules = rules_query(
                session, len(found.sizes), baskets.kept, settings.rule_confidence, NAMES[level]
            )
            session.append(
                staged,
                APPENDED.format(rules=rules),
                {
                    "period": period.start.date(),
                    "level": level,
                    "over_cap": baskets.over_cap,
                    "stopped": found.stopped,
                },
            )


association_rules = table_asset(ASSOCIATION_RULES, append_rules, rule_pictures)
