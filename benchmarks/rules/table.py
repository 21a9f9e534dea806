"""The results as Markdown: what README.md shows and the command prints."""

from collections.abc import Sequence

from benchmarks.rules.contest import MLXTEND, OURS, Result

HEADER = "task | side | load | mine | rules | in all, s | x ours | CPU, s | peak MB | x ours | sets"
FASTER_THAN_MLXTEND = 15.0
MEMORY_OF_MLXTEND = 1 / 5


def table(results: Sequence[Result]) -> str:
    ours = {result.task: result for result in results if result.side == OURS.title}
    rule = " | ".join("---" for _ in HEADER.split(" | "))
    rows = [" | ".join(_row(result, ours.get(result.task))) for result in results]
    return "\n".join(f"| {line} |" for line in [HEADER, rule, *rows])


def targets(results: Sequence[Result]) -> list[str]:
    """A sentence per target that the results speak of: asked, measured, met or not."""
    finished = {(result.task, result.side): result for result in results if result.failure is None}
    lines = []
    pairs, peer = (finished.get(("pairs", side.title)) for side in (OURS, MLXTEND))
    if pairs and peer:
        ratio, memory = peer.in_all / pairs.in_all, pairs.peak_mb / peer.peak_mb
        lines += [
            f"Pairs: {ratio:.1f} times faster than {MLXTEND.title}, asked "
            f"{FASTER_THAN_MLXTEND:.0f}, {_met(ratio >= FASTER_THAN_MLXTEND)}.",
            f"Pairs: 1/{1 / memory:.1f} of its memory, asked 1/{1 / MEMORY_OF_MLXTEND:.0f}, "
            f"{_met(memory <= MEMORY_OF_MLXTEND)}.",
        ]
    own = finished.get(("all lengths", OURS.title))
    peers = [
        result
        for (task, side), result in finished.items()
        if task == "all lengths" and side != OURS.title
    ]
    if own and peers:
        fastest = min(peers, key=lambda result: result.in_all)
        ratio = fastest.in_all / own.in_all
        lines.append(
            f"All lengths: {ratio:.2f} times as fast as the fastest peer, {fastest.side}, asked 1, "
            f"{_met(ratio >= 1)}."
        )
    return lines


def _row(result: Result, ours: Result | None) -> list[str]:
    names = [result.task, result.side]
    if result.failure:
        return [*names, "", "", "", result.failure, "", "", "", "", ""]
    time, memory = "", ""
    if ours and not ours.failure:
        time, memory = f"{result.in_all / ours.in_all:.1f}", f"{result.peak_mb / ours.peak_mb:.1f}"
    stages = [
        f"{result.seconds[stage]:.2f}" if stage in result.seconds else ""
        for stage in ("load", "mine", "rules")
    ]
    return [
        *names,
        *stages,
        f"{result.in_all:.2f}",
        time,
        f"{result.cpu_seconds:.2f}",
        f"{result.peak_mb:.0f}",
        memory,
        {True: "same", False: "DIFFERENT", None: ""}[result.same],
    ]


def _met(met: bool) -> str:
    return "met" if met else "NOT met"
