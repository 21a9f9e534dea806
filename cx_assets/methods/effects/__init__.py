"""What an action did, against a control group: comparison, pooling, and who answered."""

from cx_assets.methods.effects.answering import AnswerWeights, learn_answering
from cx_assets.methods.effects.comparison import ARMS, compare
from cx_assets.methods.effects.pooling import pool

__all__ = ["ARMS", "AnswerWeights", "compare", "learn_answering", "pool"]
