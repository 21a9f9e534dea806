"""Comments that nobody wrote: clauses put together from many parts, in English and Chinese.

Every comment has a feeling. Each of its clauses is good or bad with a chance that follows the
feeling, and the score follows it too, with noise: so a text tells much of its score, but not all.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

ASPECTS = ("delivery", "quality", "service", "price")


@dataclass(frozen=True)
class Language:
    """`clauses` has, for each aspect, its subjects and what is said of them, good and bad."""

    clauses: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]]
    degrees: tuple[str, ...]
    openers: tuple[str, ...]
    closers: tuple[str, ...]
    clause: str
    comma: str
    stop: str


ENGLISH = Language(
    clauses={
        "delivery": (
            ("the courier", "my shipment", "the postman", "dispatch"),
            ("came early", "was punctual", "turned up the next morning", "could not be faster"),
            ("turned up a week behind", "got lost", "left me waiting", "went to a neighbour"),
        ),
        "quality": (
            ("the fabric", "this lamp", "the stitching", "that kettle"),
            ("feels solid", "looks lovely", "has survived the winter", "is beautifully finished"),
            ("fell apart", "smells odd", "arrived cracked", "leaks at the seam"),
        ),
        "service": (
            ("the helpline", "your team", "the lady on the phone", "the chat agent"),
            ("sorted it out", "listened patiently", "called me back", "was a delight"),
            ("hung up on me", "kept me on hold", "was rude", "ignored my letters"),
        ),
        "price": (
            ("the bill", "what they charge", "the postage", "the cost"),
            ("was a bargain", "is fair", "beats the high street", "left me with change"),
            ("is a rip-off", "doubled overnight", "had hidden extras", "is beyond reason"),
        ),
    },
    degrees=("", "really", "honestly", "to my surprise", "once more", "as ever", "this time"),
    openers=("Well, ", "For the record: ", "Hello, ", "My view: ", "As a regular buyer, "),
    closers=(" Regards.", " That is all.", " I bought two.", " It was a gift for my aunt."),
    clause="{subject} {degree} {said}",
    comma=" and ",
    stop=".",
)
CHINESE = Language(
    clauses={
        "delivery": (
            ("快递小哥", "我的邮包", "配送", "派件"),
            ("第二天就到门口", "准时得很", "比说好的早", "神速"),
            ("迟了一个星期", "弄丢了", "让我干等", "丢在邻居家"),
        ),
        "quality": (
            ("布料", "这盏灯", "针脚", "那个水壶"),
            ("结实耐用", "漂亮极了", "手感细腻", "经得住考验"),
            ("一碰就散架", "有股怪味", "裂了一道口", "漏水"),
        ),
        "service": (
            ("热线", "你们的团队", "接电话的姑娘", "在线人员"),
            ("耐心听完", "马上处理", "主动打回来", "让人暖心"),
            ("挂我电话", "爱理不理", "语气粗鲁", "推来推去"),
        ),
        "price": (
            ("账单", "收费", "邮费", "花销"),
            ("划算", "公道", "比商场低", "省了不少钱"),
            ("坑人", "一夜翻倍", "藏着附加费", "离谱"),
        ),
    },
    degrees=("", "真的", "说实话", "居然", "又一次", "一如既往", "这回"),
    openers=("嗯,", "说明一下:", "你好,", "我的看法:", "作为老顾客,"),
    closers=("就这些。", "买了两个。", "是送给姑姑的礼物。", "先写到这里。"),
    clause="{subject}{degree}{said}",
    comma=",",
    stop="。",
)
LANGUAGES = {"en": ENGLISH, "zh": CHINESE}


def comments(
    rng: np.random.Generator, size: int, languages: tuple[str, ...] = ("en", "zh")
) -> pd.DataFrame:
    """`size` comments of two thirds as many people.

    Columns: text, person, language, topic (of the first clause), feeling, score (1..5).
    """
    feeling = rng.normal(0, 1, size)
    score = np.clip(np.round(3.2 + feeling + rng.normal(0, 0.6, size)), 1, 5)
    written = pd.DataFrame(
        {
            "person": [f"p{number}" for number in rng.integers(0, 1 + 2 * size // 3, size)],
            "language": rng.choice(languages, size),
            "topic": rng.choice(ASPECTS, size),
            "feeling": feeling,
            "score": score,
        }
    )
    written["text"] = [
        _comment(rng, LANGUAGES[language], topic, felt)
        for language, topic, felt in zip(
            written["language"], written["topic"], feeling, strict=True
        )
    ]
    return written


def _comment(rng: np.random.Generator, spoken: Language, topic: str, feeling: float) -> str:
    parts = []
    for _ in range(1 + rng.binomial(1, 0.4)):
        subjects, good, bad = spoken.clauses[topic]
        moods = good if rng.random() < 1 / (1 + np.exp(-2.5 * feeling)) else bad
        clause = spoken.clause.format(
            subject=rng.choice(subjects), degree=rng.choice(spoken.degrees), said=rng.choice(moods)
        )
        parts.append(" ".join(clause.split()))
    return (
        rng.choice(spoken.openers)
        + spoken.comma.join(parts)
        + spoken.stop
        + rng.choice(spoken.closers)
    )
