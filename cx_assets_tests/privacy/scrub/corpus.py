"""Texts with planted identifiers, in English, Chinese and German; and clean ones full of numbers.

Identifiers are drawn at random and made valid by the rules of their registers, not taken from the
code under test.
"""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from stdnum import luhn, verhoeff
from stdnum.cn import ric
from stdnum.es import dni
from stdnum.iso7064 import mod_11_10

from cx_assets.world.phrases import PHRASES
from cx_assets.world.places import FAMILIES, MEN, WOMEN

LANGUAGES = ("en", "zh", "de")
# What stands before the identifier, and after it.
AROUND = {
    "en": (("I am ", ""), ("Please note ", "."), ("", " thank you"), ("(", ")"), ("see: ", "!")),
    "zh": (("我是", "。"), ("请记下:", ",谢谢"), ("", "。"), ("(", ")"), ("资料 ", "!")),
    "de": (("Ich bin ", ""), ("Bitte: ", "."), ("", " danke"), ("(", ")"), ("siehe ", "!")),
}


@dataclass(frozen=True)
class Planted:
    """`before` and `after` must stay, `secret` must go."""

    language: str
    kind: str
    before: str
    secret: str
    after: str

    @property
    def text(self) -> str:
        return self.before + self.secret + self.after


def full_names() -> dict[str, list[str]]:
    pairs = {
        language: product(FAMILIES[language], WOMEN[language] + MEN[language])
        for language in LANGUAGES
    }
    return {
        language: [
            family + given if language == "zh" else f"{given} {family}" for family, given in of
        ]
        for language, of in pairs.items()
    }


NAMES = full_names()


def planted(size: int, seed: int) -> Iterator[Planted]:
    """`size` texts, each language and kind in turn."""
    rng = random.Random(seed)
    for number in range(size):
        language = LANGUAGES[number % len(LANGUAGES)]
        kind = list(KINDS)[number // len(LANGUAGES) % len(KINDS)]
        opening, closing = rng.choice(AROUND[language])
        yield Planted(
            language,
            kind,
            sentence(rng, language) + " " + opening,
            KINDS[kind](rng, language),
            closing,
        )


def clean(size: int, seed: int) -> Iterator[str]:
    """Sentences of the sample world, each with numbers that tell nothing of a person."""
    rng = random.Random(seed)
    for _ in range(size):
        language = rng.choice(LANGUAGES)
        yield f"{sentence(rng, language)} {rng.choice(HARMLESS)(rng)}"


def sentence(rng: random.Random, language: str) -> str:
    return rng.choice([said for moods in PHRASES[language].values() for m in moods for said in m])


def digits(rng: random.Random, size: int) -> str:
    return "".join(rng.choices("0123456789", k=size))


def grouped(number: str, *sizes: int, by: str = " ") -> str:
    starts = [sum(sizes[:at]) for at in range(len(sizes))]
    return by.join(number[at : at + size] for at, size in zip(starts, sizes, strict=True))


def separator(rng: random.Random) -> str:
    return rng.choice(("", " ", "-"))


def email(rng: random.Random, language: str) -> str:
    local = rng.choice(("ann.lee", "wei_li88", "jörg-müller", "x+shop", "o'brien"))
    return f"{local}{rng.randrange(99)}@{rng.choice(('mail.example.com', 'qq.com', 'größe.de'))}"


def phone(rng: random.Random, language: str) -> str:
    national = {
        "en": [f"020 7{digits(rng, 3)} {digits(rng, 4)}", f"(415) 555-{digits(rng, 4)}"],
        "zh": [f"138{digits(rng, 8)}", f"139 {digits(rng, 4)} {digits(rng, 4)}"],
        "de": [f"030 {digits(rng, 8)}", f"0171/{digits(rng, 3)} {digits(rng, 2)} {digits(rng, 2)}"],
    }[language]
    code = rng.choice(("44", "1", "86", "49", "34", "33"))
    return rng.choice((*national, f"+{code} {digits(rng, 3)} {digits(rng, 6)}"))


def card(rng: random.Random, language: str) -> str:
    number = rng.choice(("4", "51", "6011", "62")) + digits(rng, 15)
    number = number[:15]
    return grouped(number + luhn.calc_check_digit(number), 4, 4, 4, 4, by=separator(rng))


def iban(rng: random.Random, language: str) -> str:
    account = digits(rng, 18)
    check = 98 - int(account + "131400") % 97
    return grouped(f"DE{check:02}{account}", 4, 4, 4, 4, 4, 2, by=separator(rng))


def identity(rng: random.Random, language: str) -> str:
    born = f"{rng.randrange(1950, 2005)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
    if language == "zh":
        number = f"110105{born}{digits(rng, 3)}"
        return number + ric.calc_check_digit(number + "0")
    if language == "de":
        return _german(rng)
    number = digits(rng, 8)
    return rng.choice(
        (
            number + dni.calc_check_digit(number),
            f"AB {digits(rng, 2)} {digits(rng, 2)} {digits(rng, 2)} C",
            f"SSN {rng.randrange(100, 600)}-{rng.randrange(10, 99)}-{rng.randrange(1000, 9999)}",
            _aadhaar(rng),
        )
    )


def _german(rng: random.Random) -> str:
    """Ten digits of which one is there twice, the first no zero; ISO 7064 makes the eleventh."""
    chosen = rng.sample("0123456789", 9)
    ten = [*chosen, rng.choice(chosen)]
    while ten[0] == "0":
        rng.shuffle(ten)
    number = "".join(ten)
    number += mod_11_10.calc_check_digit(number)
    return number if rng.random() < 0.5 else grouped(number, 2, 3, 3, 3)


def _aadhaar(rng: random.Random) -> str:
    number = rng.choice("23456789") + digits(rng, 10)
    return grouped(number + verhoeff.calc_check_digit(number), 4, 4, 4)


def name(rng: random.Random, language: str) -> str:
    full = rng.choice(NAMES[language])
    if language == "zh":
        return full
    given, family = full.split()
    return rng.choice((full, f"{family}, {given}", full.lower(), full.upper()))


KINDS: dict[str, Callable[[random.Random, str], str]] = {
    "email": email,
    "phone": phone,
    "card": card,
    "iban": iban,
    "id": identity,
    "name": name,
}
HARMLESS: tuple[Callable[[random.Random], str], ...] = (
    lambda rng: f"Order O-{digits(rng, 6)}.",
    lambda rng: f"订单号 {digits(rng, 12)}",
    lambda rng: f"Bestellung {digits(rng, 10)}",
    lambda rng: f"tracking number 1Z{digits(rng, 3)}AA{digits(rng, 10)}",
    lambda rng: f"Sendungsnummer {digits(rng, 12)}",
    lambda rng: f"{rng.randrange(1, 13)}/{rng.randrange(1, 29)}/2024, 10/10",
    lambda rng: (
        f"2024-0{rng.randrange(1, 10)}-{rng.randrange(10, 29)}T10:{rng.randrange(10, 60)}:07Z"
    ),
    lambda rng: f"{rng.randrange(1, 29)}.{rng.randrange(1, 13)}.2025 14:30",
    lambda rng: f"{rng.randrange(1, 999)}.{rng.randrange(100, 999)},{rng.randrange(10, 99)} €",
    lambda rng: f"$1,{digits(rng, 3)},{digits(rng, 3)}.99",
    lambda rng: (
        f"version {rng.randrange(9)}.{rng.randrange(20)}.{rng.randrange(20)}.{digits(rng, 4)}"
    ),
    lambda rng: f"{rng.randrange(1, 100)} % of {rng.randrange(1, 9999)} pieces in 24/7",
    lambda rng: f"sizes 38 40 42 44 {rng.randrange(46, 60)}",
)
