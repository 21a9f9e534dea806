"""Which purchase model gives the scores, and why: chosen by holdout and by likelihood."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

# Errors this close are no reason to prefer the model that fits worse.
TIE = 0.01


@dataclass(frozen=True)
class Candidate:
    """A fitted purchase model; `holdout_mae` is nan where there was nothing to try it on."""

    name: str
    title: str
    log_likelihood: float
    holdout_mae: float
    converged: bool
    one_time_buyers_can_leave: bool


def choose(candidates: Sequence[Candidate]) -> tuple[str | None, dict[str, str]]:
    """The model to score with, and a sentence for each candidate that says why or why not.

    A model must let a one-time buyer leave: BG/NBD calls every one-time buyer alive for certain,
    and so ranks some above customers who came back (Fader, Hardie and Lee 2005 let a customer drop
    out only after a repeat order). Of the others, those that converged go first; a short history
    may leave none, and then a flat maximum is still the best guess. Of these the one with the
    smallest mean absolute error on the holdout wins; errors within 1 % of the best count as equal,
    and the higher likelihood decides. All have four parameters, so likelihoods compare as they are.
    """
    able = [each for each in candidates if each.one_time_buyers_can_leave]
    eligible = [each for each in able if each.converged] or able
    if not eligible:
        return None, {each.name: _why_not(each) for each in candidates}
    tried = [each for each in eligible if math.isfinite(each.holdout_mae)]
    best = min((each.holdout_mae for each in tried), default=math.nan)
    level = [each for each in tried if each.holdout_mae <= best * (1 + TIE)] or eligible
    winner = max(level, key=lambda each: each.log_likelihood)
    return winner.name, {
        each.name: _why(each, winner, best, alone=len(level) == 1)
        if each in eligible
        else _why_not(each)
        for each in candidates
    }


def _why_not(candidate: Candidate) -> str:
    if candidate.one_time_buyers_can_leave:
        return "not used: the fit did not converge"
    return "for comparison only: it calls every one-time buyer alive for certain"


def _why(candidate: Candidate, winner: Candidate, best: float, alone: bool) -> str:
    if candidate is winner:
        flat = "" if winner.converged else "; its maximum is flat, as that of the others"
        return _why_chosen(winner, best, alone) + flat
    if math.isfinite(best) and not candidate.holdout_mae <= best * (1 + TIE):
        return f"not used: its error on the holdout is {candidate.holdout_mae:.3f}, not {best:.3f}"
    return f"not used: {winner.title} has the higher likelihood"


def _why_chosen(winner: Candidate, best: float, alone: bool) -> str:
    if not math.isfinite(best):
        return "chosen by likelihood: the history is too short for a holdout"
    if alone:
        return f"chosen: the smallest error on the holdout ({winner.holdout_mae:.3f})"
    return f"chosen: the higher likelihood of those within 1 % of the smallest error ({best:.3f})"
