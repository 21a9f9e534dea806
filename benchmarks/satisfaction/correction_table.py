"""What the correction did in all worlds of a sample, as Markdown with its targets."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cx_assets.methods.intervals import wilson_interval

MEANS = (
    "answering depends on | worlds | customers | months | asked | answered | raw error | "
    "adjusted error | ratio | 95 % of it | raw bias | adjusted bias | its standard error"
)
INTERVALS = (
    "answering depends on | worlds | customers | months | covered by the interval | 95 % of it | "
    "error / standard error: mean | its deviation | within the bounds | 95 % of it | "
    "bounds' width, points"
)
DEPENDS_ON = {"recorded": "what is recorded", "feeling": "the feeling too"}
SAMPLE = ["response", "worlds", "customers", "months"]
MOST_OF_RAW = {"recorded": 1 / 3, "feeling": 0.60}
COVERED = (0.93, 0.97)
WITHIN_BOUNDS = 0.95
# Fewer worlds say too little of a share near 95 %.
FEWEST_FOR_SHARES = 100
RESAMPLES = 10_000


@dataclass(frozen=True)
class Summary:
    """Of one sample of worlds; errors are score points, of the mean of those who were asked."""

    response: str
    worlds: int
    customers: int
    months: int
    asked: float
    answered: float
    raw_error: float
    adjusted_error: float
    ratio: float
    ratio_low: float
    ratio_high: float
    raw_bias: float
    adjusted_bias: float
    adjusted_bias_se: float
    covered: int
    z_mean: float
    z_deviation: float
    within_bounds: int
    bounds_width: float

    @property
    def title(self) -> str:
        size = f"{self.worlds} worlds of {self.customers:,} customers"
        return f"{DEPENDS_ON[self.response]}, {size}"


def summaries(worlds: pd.DataFrame) -> list[Summary]:
    """One per sample.

    Args:
        worlds: one row per world, the columns of `SAMPLE` and those that `measure` gives.
    """
    samples = worlds.sort_values([*SAMPLE, "seed"], ascending=[False, *[True] * 4])
    return [_summary(rows) for _, rows in samples.groupby(SAMPLE, sort=False)]


def tables(found: Sequence[Summary]) -> str:
    return "\n\n".join(
        [
            _table(MEANS, [_means(each) for each in found]),
            _table(INTERVALS, [_intervals(each) for each in found]),
            "\n".join(f"- {line}" for line in targets(found)),
        ]
    ).rstrip()


def targets(found: Sequence[Summary]) -> list[str]:
    """A sentence per target and sample: of few worlds the errors are judged, of many the shares."""
    lines = []
    for each in found:
        if each.worlds < FEWEST_FOR_SHARES:
            most = MOST_OF_RAW[each.response]
            lines.append(
                f"{each.title}: the adjusted error is {each.ratio:.3f} of the raw one, "
                f"asked at most {most:.3f}, {_met(each.ratio <= most)}"
            )
        elif each.response == "recorded":
            share = each.covered / each.worlds
            low, high = COVERED
            lines.append(
                f"{each.title}: the interval covers the truth in {share:.1%}, "
                f"asked {low:.0%} to {high:.0%}, {_met(low <= share <= high)}"
            )
        else:
            share = each.within_bounds / each.worlds
            lines.append(
                f"{each.title}: the bounds contain the truth in {share:.1%}, "
                f"asked at least {WITHIN_BOUNDS:.0%}, {_met(share >= WITHIN_BOUNDS)}"
            )
    return lines


def _summary(rows: pd.DataFrame) -> Summary:
    truth = rows["truth"]
    raw, adjusted = rows["raw"] - truth, rows["adjusted"] - truth
    # The interval's half width is 1.96 standard errors, but for its few degrees of freedom.
    z = adjusted / ((rows["high"] - rows["low"]) / 2 / 1.96)
    low, high = _ratio_interval(raw.abs().to_numpy(), adjusted.abs().to_numpy())
    first = rows.iloc[0]
    return Summary(
        response=str(first["response"]),
        worlds=len(rows),
        customers=int(first["customers"]),
        months=int(first["months"]),
        asked=rows["asked"].mean(),
        answered=rows["answered"].mean(),
        raw_error=raw.abs().mean(),
        adjusted_error=adjusted.abs().mean(),
        ratio=adjusted.abs().mean() / raw.abs().mean(),
        ratio_low=low,
        ratio_high=high,
        raw_bias=raw.mean(),
        adjusted_bias=adjusted.mean(),
        adjusted_bias_se=adjusted.std() / np.sqrt(len(rows)),
        covered=int(rows["low"].le(truth).mul(rows["high"].ge(truth)).sum()),
        z_mean=z.mean(),
        z_deviation=z.std(),
        within_bounds=int(rows["bound_low"].le(truth).mul(rows["bound_high"].ge(truth)).sum()),
        bounds_width=(rows["bound_high"] - rows["bound_low"]).mean(),
    )


def _ratio_interval(raw: np.ndarray, adjusted: np.ndarray) -> tuple[float, float]:
    """95 % percentile bootstrap over worlds, a world's two errors staying together."""
    drawn = np.random.default_rng(0).integers(0, len(raw), (RESAMPLES, len(raw)))
    low, high = np.quantile(adjusted[drawn].mean(axis=1) / raw[drawn].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)


def _names(each: Summary) -> list[str]:
    return [DEPENDS_ON[each.response], str(each.worlds), f"{each.customers:,}", str(each.months)]


def _means(each: Summary) -> list[str]:
    return [
        *_names(each),
        *(f"{value:,.0f}" for value in (each.asked, each.answered)),
        *(f"{value:.4f}" for value in (each.raw_error, each.adjusted_error)),
        f"{each.ratio:.3f}",
        f"{each.ratio_low:.3f} to {each.ratio_high:.3f}",
        *(f"{value:+.4f}" for value in (each.raw_bias, each.adjusted_bias)),
        f"{each.adjusted_bias_se:.4f}",
    ]


def _intervals(each: Summary) -> list[str]:
    return [
        *_names(each),
        *_share(each.covered, each.worlds),
        f"{each.z_mean:+.2f}",
        f"{each.z_deviation:.2f}",
        *_share(each.within_bounds, each.worlds),
        f"{each.bounds_width:.2f}",
    ]


def _share(count: int, of: int) -> list[str]:
    low, high = wilson_interval(count, of)
    return [f"{count / of:.1%}", f"{float(low):.1%} to {float(high):.1%}"]


def _met(met: bool) -> str:
    return "met" if met else "NOT met"


def _table(header: str, rows: Sequence[Sequence[str]]) -> str:
    rule = " | ".join("---" for _ in header.split(" | "))
    return "\n".join(f"| {line} |" for line in [header, rule, *map(" | ".join, rows)])
