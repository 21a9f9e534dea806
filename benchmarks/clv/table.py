"""The results as Markdown: what README.md shows and the command prints."""

from collections.abc import Iterable, Sequence

from benchmarks.clv.contest import OURS, Result

TITLES = {"bg_nbd": "BG/NBD", "mbg_nbd": "MBG/NBD", "pareto_nbd": "Pareto/NBD"}
STAGES = ("load", "fit", "fit_spend", "score")
SPEED = "model | side | load | fit | Gamma-Gamma | score | in all, s | x ours | peak MB | x ours"
SAMENESS = (
    "model | side | log-likelihood | less ours | Gamma-Gamma's | less ours | "
    "p_alive, largest | orders, mean | value, mean | not finite"
)
TARGET_CUSTOMERS = 1_000_000
FASTER_THAN = {"lifetimes": 10.0, "pymc-marketing": 15.0}
LESS_THAN_MB = 500.0


def tables(results: Sequence[Result]) -> str:
    """Speed, sameness and the targets, of one number of customers."""
    ours = {result.model: result for result in results if result.side == OURS.title}
    speed = [_speed(result, ours.get(result.model)) for result in results]
    same = [_same(result, ours.get(result.model)) for result in results if not result.failure]
    return "\n\n".join(
        [
            _table(SPEED, speed),
            _table(SAMENESS, same),
            "\n".join(f"- {line}" for line in targets(results)),
        ]
    ).rstrip()


def targets(results: Sequence[Result]) -> list[str]:
    """A sentence per target and model: what was asked, what was measured, met or not.

    None for fewer customers than the targets are about.
    """
    ours = {
        result.model: result
        for result in results
        if result.side == OURS.title and not result.failure
    }
    lines = []
    for result in results:
        own = ours.get(result.model)
        if own is None or result.customers < TARGET_CUSTOMERS:
            continue
        title = f"{TITLES[result.model]}, {result.customers:,} customers:"
        if result is own:
            met = _met(own.peak_mb < LESS_THAN_MB)
            lines.append(f"{title} {own.peak_mb:.0f} MB of {LESS_THAN_MB:.0f}, {met}")
        elif result.failure and result.side in FASTER_THAN:
            lines.append(f"{title} {result.side} {result.failure}")
        elif result.side in FASTER_THAN:
            least, ratio = FASTER_THAN[result.side], result.in_all / own.in_all
            margin = own.log_likelihood[own.model] - result.log_likelihood[own.model]
            lines.append(
                f"{title} {ratio:.1f} times faster than {result.side}, asked {least:.0f}, "
                f"{_met(ratio >= least)}; a log-likelihood higher by {margin:.4f}, "
                f"{_met(margin >= -1e-3)}"
            )
    return lines


def _speed(result: Result, ours: Result | None) -> list[str]:
    names = [TITLES[result.model], result.side]
    if result.failure:
        return [*names, *[""] * len(STAGES), result.failure, "", "", ""]
    time, memory = "", ""
    if ours and not ours.failure:
        time, memory = f"{result.in_all / ours.in_all:.1f}", f"{result.peak_mb / ours.peak_mb:.1f}"
    stages = [f"{result.seconds[stage]:.2f}" for stage in STAGES]
    return [*names, *stages, f"{result.in_all:.2f}", time, f"{result.peak_mb:.0f}", memory]


def _same(result: Result, ours: Result | None) -> list[str]:
    row = [TITLES[result.model], result.side]
    for model, value in result.log_likelihood.items():
        own = ours.log_likelihood.get(model) if ours else None
        row += [f"{value:.3f}", "" if own is None else f"{value - own:+.4f}"]
    found = result.differences
    if not found:
        return [*row, "", "", "", ""]
    missing = result.customers - int(found["customers"])
    apart = [f"{found[name]:.1e}" for name in ("p_alive", "orders", "value")]
    return [*row, *apart, f"{missing:,}"]


def _met(met: bool) -> str:
    return "met" if met else "NOT met"


def _table(header: str, rows: Iterable[Sequence[str]]) -> str:
    rule = " | ".join("---" for _ in header.split(" | "))
    return "\n".join(f"| {line} |" for line in [header, rule, *map(" | ".join, rows)])
