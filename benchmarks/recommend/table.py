"""The results as Markdown: what README.md shows and the command prints."""

from collections.abc import Sequence

from benchmarks.recommend.contest import OURS, POPULARITY, Result, bootstrap
from cx_assets.methods.recommend.quality import mean_of

HEADER = (
    "side | chosen, of | NDCG@10 | 95 % | recall@10 | coverage | ours more, NDCG | 95 % | "
    "fit, s | recommend, s | peak MB"
)


def table(results: Sequence[Result]) -> str:
    """A row per side, then the targets."""
    (ours,) = [result for result in results if result.side == OURS]
    rule = " | ".join("---" for _ in HEADER.split(" | "))
    lines = [HEADER, rule, *(_row(result, ours) for result in results)]
    told = "\n".join(f"- {line}" for line in targets(results))
    return "\n".join(f"| {line} |" for line in lines) + f"\n\n{told}"


def targets(results: Sequence[Result]) -> list[str]:
    """Better NDCG than popularity, and no worse than the best peer: met or not."""
    (ours,) = [result for result in results if result.side == OURS]
    (popular,) = [result for result in results if result.side == POPULARITY]
    peers = [result for result in results if result not in (ours, popular)]
    found = bootstrap(ours.customers["ndcg"] - popular.customers["ndcg"])
    lines = [
        f"NDCG above popularity's by {found.mean:.4f} ({found.low:.4f} to {found.high:.4f}): "
        f"{'met' if found.low > 0 else 'NOT met'}"
    ]
    if peers:
        best = max(peers, key=lambda peer: peer.customers["ndcg"].mean())
        found = bootstrap(ours.customers["ndcg"] - best.customers["ndcg"])
        lines.append(
            f"NDCG above that of the best peer, {best.side}, by {found.mean:.4f} "
            f"({found.low:.4f} to {found.high:.4f}): {'met' if found.mean >= 0 else 'NOT met'}"
        )
    return lines


def _row(result: Result, ours: Result) -> str:
    ndcg, recall = mean_of(result.customers["ndcg"]), mean_of(result.customers["recall"])
    told = [
        result.side,
        f"{_words(result)}, {result.plans}" if result.plans else "fixed",
        f"{ndcg.value:.4f}",
        f"{ndcg.low:.4f} to {ndcg.high:.4f}",
        f"{recall.value:.4f}",
        f"{result.coverage:.0%}",
        "",
        "",
        f"{result.seconds['fit']:.2f}",
        f"{result.seconds['recommend']:.2f}",
        f"{result.peak_mb:.0f}",
    ]
    if result is not ours:
        more = bootstrap(ours.customers["ndcg"] - result.customers["ndcg"])
        told[6:8] = [f"{more.mean:+.4f}", f"{more.low:+.4f} to {more.high:+.4f}"]
    return " | ".join(told)


def _words(result: Result) -> str:
    flat = {**result.plan, **result.plan.get("options", {})}
    hidden = ("options", "model", "random_state")
    told = {name: value for name, value in flat.items() if name not in hidden and value is not None}
    return " ".join(f"{name} {value}" for name, value in told.items())
