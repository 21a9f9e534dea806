import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from cx_assets.methods.texts import TextSentiment, TooFewComments, telling_words, try_out
from cx_assets.methods.texts.folds import FOLDS, folds_of
from cx_assets_tests.methods.texts.corpus import LANGUAGES, comments


@pytest.fixture(scope="module")
def told() -> pd.DataFrame:
    return comments(np.random.default_rng(1), 1_200)


@pytest.fixture(scope="module")
def model(told: pd.DataFrame) -> TextSentiment:
    return TextSentiment().fit(told)


def test_both_languages_are_read_out_of_fold(model: TextSentiment) -> None:
    learned = model.learned_
    trial = try_out(learned)
    assert trial.note is None
    assert trial.rank_low < trial.rank_correlation < trial.rank_high
    assert trial.error < 0.9 * trial.baseline_error
    assert trial.length_correlation < 0.15
    assert [each["script"] for each in trial.scripts] == ["han", "latin"]
    for language, texts in learned.groupby("language"):
        # How much the text could tell: the feeling that it was written with is not all in it.
        assert 0.4 < spearmanr(texts["predicted"], texts["score"])[0] < 0.75, language
        assert spearmanr(texts["predicted"], texts["feeling"])[0] > 0.45, language


def test_new_texts_are_read_with_an_honest_interval(model: TextSentiment) -> None:
    new = comments(np.random.default_rng(2), 800)
    read = model.predict(new["text"].tolist(), [None] * len(new))
    for language, texts in new.groupby("language"):
        assert spearmanr(read.loc[texts.index, "predicted_score"], texts["score"])[0] > 0.4, (
            language
        )
    covered = new["score"].between(read["predicted_low"], read["predicted_high"]).mean()
    assert 0.92 < covered <= 0.99
    # The mean of many predictions is that of what the writers would have said.
    assert read["predicted_score"].mean() == pytest.approx(new["score"].mean(), abs=0.1)


def test_a_person_is_never_in_both_folds(told: pd.DataFrame, model: TextSentiment) -> None:
    assert (model.learned_.groupby("person")["fold"].nunique() == 1).all()
    assert set(model.learned_["fold"]) == set(range(1, FOLDS + 1))
    person = told["person"].value_counts().index[0]
    (fold,) = folds_of([person])
    contrary = told["score"].where(told["person"] != person, 6 - told["score"])
    other = TextSentiment().fit(told.assign(score=contrary))
    same = (other.coefficients_ == model.coefficients_).all(axis=1)
    assert same.tolist() == [at == fold for at in range(FOLDS + 1)]


def test_scores_at_random_teach_nothing(told: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)
    trial = try_out(TextSentiment().fit(told.assign(score=rng.permutation(told["score"]))).learned_)
    assert abs(trial.rank_correlation) < 0.1
    assert trial.rank_low < 0 < trial.rank_high
    assert "tell little" in str(trial.note)
    assert trial.error > 0.97 * trial.baseline_error


def test_the_model_is_the_ridge_of_the_textbook(told: pd.DataFrame, model: TextSentiment) -> None:
    rows = model.vectors_.transform(told["text"].tolist()).toarray()
    centred, y = rows - rows.mean(axis=0), told["score"] - told["score"].mean()
    # In its dual form: as many unknowns as comments.
    likeness = centred @ centred.T
    dual = np.linalg.solve(likeness + model.strengths_[0] * np.eye(len(told)), y)
    exact = told["score"].mean() + likeness @ dual
    read = model.predict(told["text"].tolist(), [None] * len(told))["predicted_score"]
    assert np.abs(read - exact.clip(1, 5)).max() < 0.01


def test_a_row_depends_on_its_own_text_alone(told: pd.DataFrame, model: TextSentiment) -> None:
    stored = TextSentiment.from_json(model.to_json())
    some = told.head(60)
    texts, people = some["text"].tolist(), some["person"].tolist()
    together = stored.predict(texts, people)
    alone = [stored.predict([text], [who]) for text, who in zip(texts, people, strict=True)]
    pd.testing.assert_frame_equal(pd.concat(alone, ignore_index=True), together, check_exact=True)
    assert together["predicted_score"].tolist() == model.learned_["predicted"].head(60).tolist()
    assert together["predicted_score"].between(1, 5).all()


def test_what_was_not_taught_is_not_read(model: TextSentiment) -> None:
    texts = ["очень плохо", "[email] [phone]", "", "!!!", "the courier was rude"]
    read = model.predict(texts, [None] * len(texts))
    assert read["predicted_score"].notna().tolist() == [False, False, False, False, True]
    assert read["predicted_low"].notna().tolist() == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("person", "one", "1 people have commented"),
        ("score", 4.0, "all scores are the same"),
        ("text", "[email]", "0 people have commented"),
    ],
)
def test_too_little_to_learn_from(
    told: pd.DataFrame, column: str, value: str | float, reason: str
) -> None:
    some = told.head(300).copy()
    some[column] = value
    with pytest.raises(TooFewComments, match=reason):
        TextSentiment().fit(some)


def test_words_that_nobody_shares_teach_nothing() -> None:
    # Every writer has two letters of a script of their own.
    letters = [chr(0x4E00 + 2 * at) + chr(0x4E01 + 2 * at) for at in range(150)]
    alone = pd.DataFrame({"text": letters, "person": letters, "score": np.arange(150) % 5 + 1})
    with pytest.raises(TooFewComments, match="five people"):
        TextSentiment().fit(alone)


def test_the_words_that_tell_good_from_bad(model: TextSentiment) -> None:
    learned = model.learned_
    good, bad = telling_words(
        learned["text"].tolist(), learned["person"].tolist(), learned["predicted"], most=25
    )
    said = {
        side: " ".join(
            phrase
            for spoken in LANGUAGES.values()
            for clause in spoken.clauses.values()
            for phrase in clause[side]
        )
        for side in (1, 2)
    }
    # A bigram may reach from what is said into what is said of it.
    assert np.mean([word in said[1] for word in good]) > 0.8
    assert np.mean([word in said[2] for word in bad]) > 0.8
    for words in (good, bad):
        assert {word.isascii() for word in words} == {True, False}
