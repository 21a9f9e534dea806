"""Countries, cities and names of the simulated people."""

import unicodedata
from dataclasses import dataclass

LANGUAGES = ("en", "zh", "de", "es", "fr")


@dataclass(frozen=True)
class Country:
    code: str
    language: str
    share: float
    dialling: str
    cities: tuple[str, ...]


COUNTRIES = (
    Country("GB", "en", 0.22, "+44", ("London", "Leeds", "Bristol", "Glasgow", "Cardiff")),
    Country("US", "en", 0.16, "+1", ("Boston", "Austin", "Denver", "Portland", "Chicago")),
    Country("CN", "zh", 0.22, "+86", ("上海", "北京", "广州", "成都", "杭州")),
    Country("DE", "de", 0.18, "+49", ("Berlin", "Hamburg", "München", "Köln", "Leipzig")),
    Country("ES", "es", 0.11, "+34", ("Madrid", "Sevilla", "Valencia", "Málaga", "Bilbao")),
    Country("FR", "fr", 0.11, "+33", ("Paris", "Lyon", "Nantes", "Lille", "Orléans")),
)

GENDERS = ("female", "male", "diverse")

WOMEN = {
    "en": ("Alice", "Emma", "Grace", "Hannah", "Lucy", "Olivia", "Ruby", "Sophie"),
    "zh": ("芳", "娜", "静", "丽", "敏", "婷"),
    "de": ("Anna", "Greta", "Jule", "Katrin", "Lena", "Mia", "Käthe", "Ute"),
    "es": ("Ana", "Carmen", "Elena", "Inés", "Lucía", "María", "Paula", "Rosa"),
    "fr": ("Amélie", "Chloé", "Camille", "Élise", "Jeanne", "Léa", "Manon", "Zoé"),
}
MEN = {
    "en": ("Arthur", "Ben", "Charlie", "George", "Harry", "Jack", "Oliver", "Thomas"),
    "zh": ("伟", "强", "磊", "军", "勇", "杰"),
    "de": ("Anton", "Emil", "Felix", "Jonas", "Jürgen", "Lukas", "Max", "Paul"),
    "es": ("Andrés", "Diego", "Javier", "José", "Luis", "Mateo", "Pablo", "Raúl"),
    "fr": ("Antoine", "Émile", "François", "Hugo", "Jules", "Louis", "Noël", "Théo"),
}
FAMILIES = {
    "en": ("Baker", "Carter", "Evans", "Hughes", "Jones", "Morgan", "Smith", "Walker", "Wright"),
    "zh": ("王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周"),
    "de": ("Bauer", "Fischer", "Groß", "Hoffmann", "Koch", "Müller", "Schmidt", "Weber", "Wolf"),
    "es": ("Álvarez", "Díaz", "García", "Gómez", "López", "Martín", "Muñoz", "Ruiz", "Sanz"),
    "fr": (
        "Bernard",
        "Dubois",
        "Durand",
        "Garnier",
        "Lefèvre",
        "Martin",
        "Moreau",
        "Petit",
        "Roux",
    ),
}
PINYIN = {
    **dict(zip("芳娜静丽敏婷", ("fang", "na", "jing", "li", "min", "ting"), strict=True)),
    **dict(zip("伟强磊军勇杰", ("wei", "qiang", "lei", "jun", "yong", "jie"), strict=True)),
    **dict(
        zip(
            "王李张刘陈杨赵黄周",
            ("wang", "li", "zhang", "liu", "chen", "yang", "zhao", "huang", "zhou"),
            strict=True,
        )
    ),
}


def latin(name: str) -> str:
    """The name in lower-case ASCII letters, as it stands in an e-mail address."""
    plain = unicodedata.normalize("NFKD", PINYIN.get(name, name.replace("ß", "ss")))
    return plain.encode("ascii", "ignore").decode().lower()
