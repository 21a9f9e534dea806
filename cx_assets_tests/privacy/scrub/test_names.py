"""Known names: found as people write them, without a name in what the scrubber holds."""

import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cx_assets.privacy.scrub import KnownNames, name_keys, scrub
from cx_assets_tests.privacy.scrub.corpus import LANGUAGES, NAMES, clean, planted

SECRET = b"a key of thirty-two bytes, really"


def digest(key: str) -> bytes:
    return hmac.digest(SECRET, key.encode(), "sha256")


def known(*names: str) -> KnownNames:
    return KnownNames(frozenset(digest(key) for name in names for key in name_keys(name)), digest)


PEOPLE = known(
    *("Jürgen Müller", "Anna Maria Schmidt", "Ludwig van Beethoven", "Seán O’Brien"),
    *("Rose May", "Mark Price", "Will Young", "Bo Li", "王伟", "欧阳娜娜", "田中 太郎", "김민수"),
)


@pytest.mark.parametrize(
    ("text", "scrubbed"),
    [
        ("Ask Jürgen Müller.", "Ask [name]."),
        ("MUELLER, JUERGEN was here", "[name] was here"),
        ("ju\u0308rgen muller says", "[name] says"),
        ("Ｊürgen M\u200büller", "[name]"),
        ("Herr Müller's parcel", "Herr [name]'s parcel"),
        ("Anna Schmidt and Maria", "[name] and [name]"),
        ("Anna M. Schmidt; Anna-Maria Schmidt", "[name]; [name]"),
        ("ludwig van beethoven", "[name]"),
        ("Sean O'Brien", "[name]"),
        ("Rose May and Mark Price", "[name] and [name]"),
        ("Bo Li", "[name]"),
        ("我是王伟,欧阳娜娜和田中太郎", "我是[name],[name]和[name]"),
        ("王 伟 / 田中 太郎 / 김민수가", "[name] / [name] / [name]가"),
        ("Müller: mueller@x.org, @mueller", "[name]: [email], [handle]"),
    ],
)
def test_goes(text: str, scrubbed: str) -> None:
    assert scrub([text], PEOPLE) == [scrubbed]


@pytest.mark.parametrize(
    "text",
    [
        "Will the rose bloom in May? Bill me. Young and old, mark price",
        "bo li, a muller of flour, jürgen alone in lower case",
        "Annabel Schmidtchen",
        "王小伟, 伟王, 小王",
        "[name] [email]",
    ],
)
def test_stays(text: str) -> None:
    assert scrub([text], PEOPLE) == [text]


def test_two_names_of_two_people_are_no_pair() -> None:
    both = known("Jo Lee", "Al Fox")
    assert scrub(["Jo Fox, Lee Fox, Jo Lee"], both) == ["Jo Fox, Lee Fox, [name]"]


@pytest.mark.parametrize("name", ["", "X", "Mr.", "Guest", "高兴", "of the", "12 34"])
def test_what_is_no_name_has_no_keys(name: str) -> None:
    assert name_keys(name) == []


def test_a_common_word_is_one_in_each_of_its_spellings() -> None:
    pupil = known("Jörg Schüler")
    texts = ["Als Schüler oder Schueler", "Jörg Schüler; schueler joerg"]
    assert scrub(texts, pupil) == ["Als Schüler oder Schueler", "[name]; [name]"]


def test_without_the_key_nothing_is_known() -> None:
    stranger = KnownNames(PEOPLE.tokens, lambda key: hmac.digest(b"other", key.encode(), "sha256"))
    assert scrub(["Jürgen Müller"], stranger) == ["Jürgen Müller"]


def test_a_name_that_nobody_has_stays() -> None:
    assert scrub(["Ask Peter Meier"], PEOPLE) == ["Ask Peter Meier"]


WORDS = st.sampled_from(
    [
        "Jürgen",
        "Müller",
        "anna",
        "Maria",
        "van",
        "Rose",
        "May",
        "王伟",
        "王",
        "伟",
        "田中",
        "[name]",
    ]
)
JOINTS = st.sampled_from([" ", ", ", ". ", "-", "", "\u200b", " x "])


@pytest.mark.slow
@given(st.lists(st.one_of(WORDS, JOINTS, st.text(max_size=5)), max_size=14).map("".join))
def test_twice_is_once(text: str) -> None:
    once = scrub([text], PEOPLE)
    assert scrub(once, PEOPLE) == once


@given(st.text(max_size=60))
def test_any_name_has_keys_or_none(name: str) -> None:
    assert all(isinstance(key, str) for key in name_keys(name))


@pytest.mark.slow
def test_the_worlds_people_go_and_its_sentences_stay() -> None:
    people = known(*(name for language in LANGUAGES for name in NAMES[language]))
    plants = [one for one in planted(3_000, seed=4) if one.kind == "name"]
    for plant, scrubbed in zip(plants, scrub((one.text for one in plants), people), strict=True):
        assert scrubbed == f"{plant.before}[name]{plant.after}"
    texts = list(clean(5_000, seed=5))
    assert scrub(texts, people) == texts
