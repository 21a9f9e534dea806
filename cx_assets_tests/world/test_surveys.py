from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cx_assets.world import WorldSettings
from cx_assets.world.phrases import PHRASES, Mood, Topic
from cx_assets.world.settings import Response
from cx_assets_tests.world.reading import CLEAN, Run, live


def responses(folder: Path, response: Response) -> tuple[WorldSettings, Run]:
    settings = WorldSettings(customers=3_000, response=response, dirt=CLEAN)
    return settings, live(settings, folder, months=5)


def logistic(features: np.ndarray, answered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Maximum likelihood coefficients and their standard errors, by Newton's method."""
    beta = np.zeros(features.shape[1])
    for _ in range(30):
        chance = 1 / (1 + np.exp(-features @ beta))
        information = features.T @ (features * (chance * (1 - chance))[:, None])
        beta = beta + np.linalg.solve(information, features.T @ (answered - chance))
    return beta, np.sqrt(np.diag(np.linalg.inv(information)))


def effect_of_feeling(run: Run) -> tuple[float, float]:
    """Log odds of an answer per unit of feeling, given the channel and what is on record."""
    truth = run.true("surveys")
    channel = run.newest("survey_responses", "response_id").set_index("response_id")["channel"]
    here = channel.reindex(truth["response_id"]).to_numpy()
    features = np.column_stack(
        [
            truth["feeling"],
            truth["recorded"],
            *(here == name for name in ("email", "sms", "app")),
        ]
    ).astype(float)
    beta, error = logistic(features, truth["answered"].to_numpy(dtype=float))
    return float(beta[0]), float(error[0])


def test_by_record_only_the_feeling_does_not_matter_once_the_record_is_known(
    tmp_path: Path,
) -> None:
    _, run = responses(tmp_path, "recorded")

    effect, error = effect_of_feeling(run)

    assert error < 0.08
    assert abs(effect) < 3 * error
    truth = run.true("surveys")
    by_record = truth.groupby("recorded")["answered"].mean()
    assert by_record[1] > by_record[0] + 0.03


def test_by_feeling_the_unhappy_answer_more_at_the_same_record(tmp_path: Path) -> None:
    settings, run = responses(tmp_path, "feeling")

    effect, error = effect_of_feeling(run)

    assert effect < -3 * error
    assert abs(effect - settings.feeling_on_response) < 4 * error


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return responses(tmp_path_factory.mktemp("surveys"), "feeling")[1]


@pytest.fixture(scope="module")
def answers(run: Run) -> pd.DataFrame:
    return run.newest("survey_responses", "response_id")


def test_most_invitations_stay_unanswered_and_some_are_anonymous(answers: pd.DataFrame) -> None:
    answered = answers["responded_at"].notna()

    assert 0.2 < answered.mean() < 0.35
    assert 0.02 < answers["customer_id"].isna().mean() < 0.15
    assert (answers["score"].notna() == answered).all()
    assert answers.loc[~answered, "comment"].isna().all()


def test_scores_lie_on_their_scales_and_tell_the_feeling(run: Run, answers: pd.DataFrame) -> None:
    scored = answers.dropna(subset=["score"]).merge(run.true("surveys"), on="response_id")
    score = scored["score"].astype(float)

    assert (score == scored["true_score"]).all()
    assert score.between(scored["scale_min"].astype(int), scored["scale_max"].astype(int)).all()
    for survey, rows in scored.groupby("survey"):
        assert rows["score"].astype(float).corr(rows["feeling"]) > 0.5, survey


def test_an_answer_that_comes_after_the_month_lands_with_the_next_file(run: Run) -> None:
    january = run.file("survey_responses", "2024-01").set_index("response_id")
    february = run.file("survey_responses", "2024-02").set_index("response_id")
    again = february.index.intersection(january.index)

    assert len(again) > 0
    assert january.loc[again, "responded_at"].isna().all()
    assert (february.loc[again, "responded_at"] >= "2024-02-01").all()


def test_comments_are_in_five_languages_and_name_the_cause(run: Run, answers: pd.DataFrame) -> None:
    comments = answers.dropna(subset=["comment"])
    for language, topics in PHRASES.items():
        words = {text for moods in topics.values() for mood in moods for text in mood}
        assert comments["comment"].str.startswith(tuple(words)).sum() > 10, language

    orders = run.newest("orders", "order_id").set_index("order_id")
    asked = comments[comments["touchpoint"] == "delivery"].dropna(subset=["order_id"])
    order = orders.loc[asked["order_id"]]
    late = (order["delivered_at"] > order["promised_at"]).to_numpy()
    about_lateness = tuple(
        text for topics in PHRASES.values() for text in topics[Topic.LATE_DELIVERY][Mood.BAD]
    )
    complains = asked["comment"].str.startswith(about_lateness).to_numpy()
    assert complains[late].mean() > 0.5
    assert complains[~late].mean() < 0.15
