"""Sentences put together by language, topic and mood, a column at a time."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cx_assets.world.arrays import Bools, Floats, Ints, Pool, Rng, joined
from cx_assets.world.phrases import CONTACTS, PHRASES, Mood, Topic
from cx_assets.world.places import LANGUAGES
from cx_assets.world.population import People

SENTENCES = Pool(
    [PHRASES[language][topic][mood] for language in LANGUAGES for topic in Topic for mood in Mood]
)
SENTENCE_ARRAY = pa.array(SENTENCES.strings)
CONTACT_ARRAYS = [
    pa.array([CONTACTS[language][part] for language in LANGUAGES]) for part in (0, 1, 2)
]
# Below and above these feelings a text is bad or good; the middle of the scale lies between.
MOOD_EDGES = np.array([-0.4, 0.4])


def mood_of(feeling: Floats) -> Ints:
    return np.searchsorted(MOOD_EDGES, feeling).astype(np.int64)


def sentences(rng: Rng, language: Ints, topic: Ints, mood: Ints) -> pa.Array:
    group = (language * len(Topic) + topic) * len(Mood) + mood
    return SENTENCE_ARRAY.take(SENTENCES.draw(rng, group))


def compose(
    rng: Rng, people: People, owner: Ints, topic: Ints, mood: Ints, contact: Bools
) -> pa.Array:
    """A sentence on the topic, often a general one after it, and the writer's e-mail address and
    phone number where contact is true."""
    language = people.language[owner]
    specific = sentences(rng, language, topic, mood)
    general = sentences(rng, language, np.full(len(owner), int(Topic.GENERAL)), mood)
    wordy = (rng.random(len(owner)) < 0.35) & ~np.isin(topic, (Topic.GENERAL, Topic.QUESTION))
    text = pc.if_else(pa.array(wordy), joined(specific, " ", general), specific)
    before, between, after = (part.take(language) for part in CONTACT_ARRAYS)
    signed = joined(text, before, people.emails(owner), between, people.phones(owner), after)
    return pc.if_else(pa.array(contact), signed, text)
