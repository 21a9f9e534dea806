"""Who answers and what, learned from invitations whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from cx_assets.methods.additive.logistic import sigmoid
from cx_assets.methods.response.learning import FEWEST, TooFew, Trial, learn, try_out

FEATURES = ("channel", "bad")
OPEN = "days_open"


def invitations(seed: int, n: int = 6_000) -> pd.DataFrame:
    """Answering depends on channel, what went bad, and the days there were; the score on `bad`."""
    rng = np.random.default_rng(seed)
    channel = rng.choice(["email", "sms"], n)
    bad, days = rng.poisson(0.4, n), rng.integers(0, 31, n)
    log_odds = -1.5 + 0.8 * (channel == "sms") + 0.6 * bad - 2.0 * (days == 0)
    answered = rng.random(n) < sigmoid(log_odds)
    score = np.clip(np.round(rng.normal(4.2 - 0.8 * bad, 0.6)), 1, 5)
    return pd.DataFrame(
        {
            "channel": channel,
            "bad": bad,
            OPEN: days,
            "is_answered": answered,
            "score_of_five": np.where(answered, score, np.nan),
            "chance": sigmoid(log_odds),
        }
    )


def test_both_models_find_the_truth() -> None:
    models = learn(invitations(1), FEATURES, OPEN)
    new = invitations(2)
    chance = models.answers.predict(new)
    assert np.abs(chance - new["chance"]).mean() < 0.03
    expected = models.score.predict(pd.DataFrame({"channel": ["sms"] * 2, "bad": [0, 2]}))
    # Rounding and the scale's end take a little off the truth of 4.2 and 2.6.
    assert expected == pytest.approx([4.15, 2.6], abs=0.08)
    assert OPEN not in models.score.features_


def test_the_trial_is_about_rows_never_seen() -> None:
    models = learn(invitations(1), FEATURES, OPEN)
    new = invitations(3)
    trial = try_out(models, new)
    assert 0.62 < trial.auc < 0.8
    assert trial.calibration_error < 0.03
    assert 0.3 < trial.r_squared < 0.7
    shuffled = new.assign(is_answered=np.random.default_rng(0).permutation(new["is_answered"]))
    shuffled["score_of_five"] = shuffled["score_of_five"].fillna(3)
    assert abs(try_out(models, shuffled).auc - 0.5) < 0.03
    assert np.isnan(try_out(models, new[new["is_answered"]]).auc)
    assert np.isnan(Trial().auc)


@pytest.mark.parametrize(("answered", "said"), [(0, "too few"), (1, "too little is recorded")])
def test_too_few_on_one_side_is_said(answered: int, said: str) -> None:
    rows = invitations(4)
    one_side = rows[rows["is_answered"] == bool(answered)].head(500)
    other = rows[rows["is_answered"] != bool(answered)].head(FEWEST - 1)
    with pytest.raises(TooFew, match=said):
        learn(pd.concat([one_side, other]), FEATURES, OPEN)
