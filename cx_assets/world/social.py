"""Posts on social media, by customers and by guests, more of them when feelings run high."""

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.world.arrays import Period, Rng, ids, names_of, some, text_column, time_between
from cx_assets.world.feelings import Feelings
from cx_assets.world.phrases import Mood, Topic
from cx_assets.world.population import PLATFORMS, People
from cx_assets.world.purchases import Presence
from cx_assets.world.settings import WorldSettings
from cx_assets.world.surveys import unhappy_topic
from cx_assets.world.texts import compose, mood_of

PRAISED = (Topic.LATE_DELIVERY, Topic.DEFECT, Topic.SLOW_SUPPORT, Topic.PRICE, Topic.GENERAL)


def post(
    people: People,
    presence: Presence,
    feelings: Feelings,
    period: Period,
    settings: WorldSettings,
    rng: Rng,
) -> pd.DataFrame:
    """The period's posts: owner, posted_at, text."""
    strength = np.exp(0.3 * np.abs(feelings.satisfaction[presence.owner]))
    count = rng.poisson(settings.post_rate * presence.months * strength)
    owner = np.repeat(presence.owner, count)
    posted_at = time_between(rng, np.repeat(presence.begin, count), np.repeat(presence.stop, count))
    mood = mood_of(feelings.at(owner, posted_at))
    complaint = unhappy_topic(feelings.cause(owner, posted_at), owner, people, rng)
    praise = np.array(PRAISED)[rng.integers(len(PRAISED), size=len(owner))]
    topic = np.where(mood == Mood.GOOD, praise, complaint)
    contact = some(rng, settings.dirt.contact_in_text / 4, len(owner))
    posts = pd.DataFrame({"owner": owner, "posted_at": posted_at})
    posts["text"] = text_column(compose(rng, people, owner, topic, mood, contact))
    return posts.sort_values("posted_at", kind="stable", ignore_index=True)


def post_records(posts: pd.DataFrame, people: People) -> pa.Table:
    """The social_mentions source."""
    owner = posts["owner"].to_numpy()
    return pa.table(
        {
            "mention_id": ids("S", posts["number"].to_numpy()),
            "posted_at": posts["posted_at"].to_numpy(),
            "platform": names_of(PLATFORMS, people.platform[owner]),
            "handle": people.handles(owner),
            "text": pa.array(posts["text"]),
        }
    )
