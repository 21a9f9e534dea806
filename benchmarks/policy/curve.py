"""What a policy lost in many lives, as a table for the README."""

import numpy as np
import pandas as pd

TARGET = 1 / 3


def curve(lives: pd.DataFrame, title: str) -> str:
    """The regret period by period and so far, as Markdown; the interval is over the seeds.

    Args:
        lives: seed, period, and what `policy` and `random` lose in it.
    """
    lost = {
        of: lives.pivot(index="seed", columns="period", values=of) for of in ("policy", "random")
    }
    so_far = lost["policy"].cumsum(axis=1) / lost["random"].cumsum(axis=1)
    mean = so_far.mean().to_numpy()
    half = 1.96 * so_far.std().to_numpy() / np.sqrt(len(so_far))
    lines = [
        "| period | policy loses | random loses | share | share so far | 95 % |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    losses = (lost[of].mean().tolist() for of in ("policy", "random"))
    for period, (policy, random, share, width) in enumerate(zip(*losses, mean, half, strict=True)):
        lines.append(
            f"| {period + 1} | {policy:.2f} | {random:.2f} | {policy / random:.0%} "
            f"| {share:.0%} | {share - width:.0%} to {share + width:.0%} |"
        )
    share = mean[-1]
    verdict = "met" if share <= TARGET else "NOT met"
    return "\n".join(
        [
            f"{title}:",
            "",
            *lines,
            "",
            f"- After {len(mean)} periods the policy has lost {share:.1%} of what random choices "
            f"lose (asked {TARGET:.0%}, {verdict}); the worst seed {so_far.iloc[:, -1].max():.0%}.",
        ]
    )
