"""From the figures of many worlds to a table, and to what was asked of them."""

import numpy as np
import pandas as pd

from cx_assets.methods.intervals import wilson_interval

KEY = ["action", "outcome"]
COLUMNS = (
    *("action", "outcome", "true effect", "mean effect", "its error", "95 % interval covers"),
    *("called effective", "half width", "CUPED saves", "before-after says"),
)


def judged(worlds: pd.DataFrame) -> pd.DataFrame:
    """Adds covered, effective, error and half to the rows of the worlds."""
    return worlds.assign(
        covered=(worlds["ci_low"] <= worlds["truth"]) & (worlds["truth"] <= worlds["ci_high"]),
        effective=worlds["p_value"] < 0.05,
        error=worlds["effect"] - worlds["truth"],
        half=(worlds["ci_high"] - worlds["ci_low"]) / 2,
    )


def table(worlds: pd.DataFrame) -> str:
    """A row per action and outcome, as Markdown: means over the worlds."""
    lines = [" | ".join(COLUMNS), " | ".join(["---"] * len(COLUMNS))]
    for (action, outcome), rows in judged(worlds).groupby(KEY):
        mean = rows.mean(numeric_only=True)
        cells = [
            str(action),
            str(outcome),
            f"{mean['truth']:.3f}",
            f"{mean['effect']:.3f} ± {1.96 * rows['error'].std() / np.sqrt(len(rows)):.3f}",
            f"{np.sqrt((rows['error'] ** 2).mean()):.3f}",
            share(rows["covered"]),
            share(rows["effective"]),
            f"{mean['half']:.3f}",
            f"{mean['variance_reduction']:.0%}",
            f"{mean['naive_change']:+.3f}",
        ]
        lines.append(" | ".join(cells))
    return "\n".join(f"| {line} |" for line in lines)


def share(flags: pd.Series) -> str:
    """A share of the worlds with its Wilson interval."""
    low, high = wilson_interval(flags.sum(), len(flags))
    return f"{flags.mean():.1%} ({low:.1%} to {high:.1%})"


def targets(worlds: pd.DataFrame) -> str:
    """What was asked: coverage of 93 to 97 %, and a null action called effective in at most 5 %.

    Met where the figure itself is; not met by chance where only its interval reaches the target.
    """
    rows = judged(worlds)
    lines = []
    for action, outcome in (("service_call", "csat"), ("voucher", "orders")):
        covered = rows[(rows["action"] == action) & (rows["outcome"] == outcome)]["covered"]
        lines.append(
            f"- {action} on {outcome}: intervals cover {share(covered)}, asked 93 to 97 %, "
            + verdict(covered, 0.93, 0.97)
        )
    tips = rows[rows["action"] == "feature_tips"]
    for of, found in tips.groupby("outcome"):
        lines.append(
            f"- feature_tips, which does nothing, called effective on {of} in "
            f"{share(found['effective'])}, asked at most 5 %, "
            + verdict(found["effective"], 0.0, 0.05)
        )
    return "\n".join(lines)


def verdict(flags: pd.Series, lowest: float, highest: float) -> str:
    """met, missed, or within what chance does to so many worlds."""
    if lowest <= flags.mean() <= highest:
        return "met"
    low, high = wilson_interval(flags.sum(), len(flags))
    by_chance = low <= highest and high >= lowest
    return "missed, by no more than chance" if by_chance else "NOT met"
