import pytest

from cx_assets.methods.texts.tokens import character_ngrams, first_apart, plain, script_of, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The parcel came LATE, at 9:30!", ["the", "parcel", "came", "late", "at"]),
        ("客服不错,好", ["客服", "服不", "不错", "好"]),
        ("とても良い app です", ["とて", "ても", "も良", "良い", "app", "です"]),
        ("ราคาดี", ["รา", "าค", "คา", "าด", "ดี"]),
        ("बहुत अच्छा", ["बहुत", "अच्छा"]),
        ("Größe ändern", ["größe", "ändern"]),
        ("[email] or [phone], says [handle]", ["or", "says"]),
        ("👍 !!! 12345", []),
    ],
)
def test_words(text: str, found: list[str]) -> None:
    assert words(text) == found


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Very good 很好", "latin"),
        ("物流太慢 ok", "han"),
        ("とても良い", "kana"),
        ("очень хорошо", "cyrillic"),
        ("बहुत अच्छा", "devanagari"),
        ("[handle] 很好", "han"),
        ("👍 [email] 5/5", "none"),
        ("", "none"),
    ],
)
def test_script(text: str, script: str) -> None:
    assert script_of(text) == script


def test_a_mask_or_a_number_is_no_trait() -> None:
    assert plain("Call [phone]: Order 4711!") == "call  : order 0000!"
    assert character_ngrams("[email]") == []
    assert character_ngrams("Good 7") == character_ngrams("good 3")


def test_a_stretch_that_is_cut_twice_is_told_once() -> None:
    assert first_apart(["客服", "服很", "很慢", "late", "ate"], 3) == ["客服", "很慢", "late"]
