"""Support tickets: who asks, about what, and how long the answer takes."""

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.world.arrays import (
    HOUR,
    NEVER,
    Period,
    Rng,
    Times,
    choice,
    ids,
    later,
    names_of,
    seconds_between,
    some,
    soon_after,
    text_column,
    time_between,
)
from cx_assets.world.phrases import Mood, Topic
from cx_assets.world.population import People
from cx_assets.world.purchases import Presence
from cx_assets.world.settings import WorldSettings
from cx_assets.world.texts import compose

CHANNELS = ("email", "phone", "chat")
# The company's own word for each topic.
TOPICS = ("delivery", "defect", "service", "billing", "other", "question")


def open_tickets(
    people: People,
    presence: Presence,
    late: pd.DataFrame,
    defects: pd.DataFrame,
    period: Period,
    settings: WorldSettings,
    rng: Rng,
) -> pd.DataFrame:
    """The period's new tickets, with all that will become of them.

    `late` and `defects` are the period's bad experiences (owner, at). Columns: owner, opened_at,
    topic, first_response_at, resolved_at, slow, channel, text.
    """
    parts = []
    for troubled, share, topic in (
        (late, settings.late_ticket_share, Topic.LATE_DELIVERY),
        (defects, settings.defect_ticket_share, Topic.DEFECT),
    ):
        asking = troubled[some(rng, share, len(troubled))]
        opened_at = soon_after(rng, asking["at"].to_numpy(), 10 * HOUR, period.end)
        parts.append((asking["owner"].to_numpy(), opened_at, np.full(len(asking), int(topic))))
    count = rng.poisson(settings.ticket_rate * presence.months)
    opened_at = time_between(rng, np.repeat(presence.begin, count), np.repeat(presence.stop, count))
    other = np.where(some(rng, 0.7, len(opened_at)), int(Topic.QUESTION), int(Topic.PRICE))
    parts.append((np.repeat(presence.owner, count), opened_at, other))
    owner, opened_at, about = (np.concatenate(column) for column in zip(*parts, strict=True))

    size = len(owner)
    hours = settings.resolution_hours * np.exp(rng.normal(0, 1.4, size))
    resolved_at = later(opened_at, np.ceil(np.minimum(hours, 24 * 25) * HOUR))
    waited = seconds_between(opened_at, resolved_at)
    contact = some(rng, settings.dirt.contact_in_text, size)
    mood = np.full(size, int(Mood.BAD))
    tickets = pd.DataFrame(
        {
            "owner": owner,
            "opened_at": opened_at,
            "topic": about,
            "first_response_at": later(opened_at, np.ceil(waited * (0.1 + 0.4 * rng.random(size)))),
            "resolved_at": resolved_at,
            "slow": waited > settings.slow_hours * HOUR,
            "channel": choice(rng, (0.5, 0.2, 0.3), size),
        }
    )
    tickets["text"] = text_column(compose(rng, people, owner, about, mood, contact))
    return tickets.sort_values("opened_at", kind="stable", ignore_index=True)


def ticket_records(tickets: pd.DataFrame, people: People, period: Period) -> pa.Table:
    """The support_tickets source, as it stands at the end of the period."""

    def known(column: str) -> Times:
        times = tickets[column].to_numpy()
        return np.where(times < period.end, times, NEVER)

    return pa.table(
        {
            "ticket_id": ids("T", tickets["number"].to_numpy()),
            "customer_id": people.customer_ids(tickets["owner"].to_numpy()),
            "opened_at": tickets["opened_at"].to_numpy(),
            "first_response_at": known("first_response_at"),
            "resolved_at": known("resolved_at"),
            "channel": names_of(CHANNELS, tickets["channel"].to_numpy()),
            "topic": names_of(TOPICS, tickets["topic"].to_numpy()),
            "text": pa.array(tickets["text"]),
        }
    )
