"""What texts say, in any language and without a pretrained model: how good, and about what."""

from cx_assets.methods.texts.agreement import FEWEST_PEOPLE, MODEST, rank_correlation
from cx_assets.methods.texts.sentiment import TextSentiment, TooFewComments
from cx_assets.methods.texts.telling import telling_words
from cx_assets.methods.texts.topic_scores import topic_sums, topic_table
from cx_assets.methods.texts.topics import TextTopics, TooFewTexts
from cx_assets.methods.texts.trial import Trial, try_out

__all__ = [
    "FEWEST_PEOPLE",
    "MODEST",
    "TextSentiment",
    "TextTopics",
    "TooFewComments",
    "TooFewTexts",
    "Trial",
    "rank_correlation",
    "telling_words",
    "topic_sums",
    "topic_table",
    "try_out",
]
