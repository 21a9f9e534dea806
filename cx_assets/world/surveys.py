"""Survey invitations, who answers them, and what they say."""

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.world.arrays import (
    DAY,
    HOUR,
    NEVER,
    Floats,
    Ints,
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
from cx_assets.world.feelings import NO_CAUSE, Feelings
from cx_assets.world.orders import STORE
from cx_assets.world.phrases import Mood, Topic
from cx_assets.world.population import People
from cx_assets.world.settings import WorldSettings
from cx_assets.world.texts import compose, mood_of

SURVEYS = ("csat", "nps", "ces")
CSAT, NPS, CES = range(3)
SCALES = np.array([(1, 5), (0, 10), (1, 7)])
# The answer of a customer with feeling 0, and how much it moves with the feeling.
CENTRE = np.array([3.7, 7.0, 5.0])
SLOPE = np.array([0.9, 2.0, 1.3])
CHANNELS = ("email", "sms", "app")
TOUCHPOINTS = ("delivery", "store", "return", "support", "relationship")
DELIVERY, IN_STORE, RETURN, SUPPORT, RELATIONSHIP = range(5)
# What a happy customer writes about, by touchpoint.
PRAISE = np.array(
    [Topic.LATE_DELIVERY, Topic.PRICE, Topic.DEFECT, Topic.SLOW_SUPPORT, Topic.GENERAL]
)
NO_ORDER = -1


def invite(
    people: People,
    orders: pd.DataFrame,
    tickets: pd.DataFrame,
    period: Period,
    settings: WorldSettings,
    rng: Rng,
    plan: Ints | None = None,
) -> pd.DataFrame:
    """The period's invitations: owner, sent_at, survey, touchpoint, order, bad.

    `orders` and `tickets` are those that may have been delivered, returned or resolved in the
    period; `bad` says that the very thing the survey asks about went wrong. `plan` says whom to
    ask in which order in place of the relationship survey.
    """

    def ask(
        rows: pd.DataFrame, at: str, share: float, survey: int, touchpoint: int, bad: str | bool
    ) -> pd.DataFrame:
        happened = rows[period.holds(rows[at].to_numpy())]
        asked = happened[some(rng, share, len(happened))]
        return pd.DataFrame(
            {
                "owner": asked["owner"].to_numpy(),
                "sent_at": soon_after(rng, asked[at].to_numpy(), 12 * HOUR, period.end),
                "survey": survey,
                "touchpoint": touchpoint,
                "order": asked["number"].to_numpy() if survey == CSAT else NO_ORDER,
                "bad": asked[bad].to_numpy() if isinstance(bad, str) else bad,
            }
        )

    store = orders["channel"] == STORE
    share = settings.delivery_survey_share
    invited = [
        ask(orders[~store], "delivered_at", share, CSAT, DELIVERY, "late"),
        ask(orders[store], "delivered_at", share, CSAT, IN_STORE, False),
        ask(
            orders[orders["returns"] > 0],
            "trouble_at",
            settings.return_survey_share,
            CSAT,
            RETURN,
            True,
        ),
        ask(tickets, "resolved_at", settings.support_survey_share, CES, SUPPORT, "slow"),
        _ask_about_all(people, period, settings, rng) if plan is None else _follow(plan, period),
    ]
    return pd.concat(invited).sort_values("sent_at", kind="stable", ignore_index=True)


def answer(
    invitations: pd.DataFrame,
    people: People,
    feelings: Feelings,
    settings: WorldSettings,
    rng: Rng,
) -> pd.DataFrame:
    """Adds what would be answered and whether it is.

    Columns: channel, feeling, recorded, propensity, true_score for every invitation; anonymous,
    responded_at (NaT without an answer) and comment (null without one).
    """
    owner, sent_at = invitations["owner"].to_numpy(), invitations["sent_at"].to_numpy()
    survey, size = invitations["survey"].to_numpy(), len(invitations)
    bad = invitations["bad"].to_numpy(dtype=bool)
    feeling = feelings.at(owner, sent_at) + settings.own_survey_effect * bad
    recorded = feelings.recorded(owner, sent_at)
    channel = choice(rng, (0.6, 0.2, 0.2), size)
    log_odds = np.array(settings.response_base)[channel] + settings.recorded_on_response * recorded
    if settings.response == "feeling":
        log_odds = log_odds + settings.feeling_on_response * feeling
    propensity = 1 / (1 + np.exp(-log_odds))
    said = feeling + rng.normal(0, settings.score_noise, size)
    score = np.round(CENTRE[survey] + SLOPE[survey] * said)
    answered = some(rng, propensity, size)
    commented = answered & some(rng, settings.comment_share, size)
    contact = commented & some(rng, settings.dirt.contact_in_text, size)
    topic = _topics(invitations, said, people, feelings, rng)
    comment = compose(rng, people, owner, topic, mood_of(said), contact)
    answers = invitations.assign(
        channel=channel,
        feeling=feeling,
        recorded=recorded,
        propensity=propensity,
        true_score=np.clip(score, SCALES[survey, 0], SCALES[survey, 1]),
        anonymous=some(rng, settings.anonymous_share, size),
        responded_at=np.where(answered, _response_times(sent_at, rng), NEVER),
    )
    answers["comment"] = text_column(pa.compute.if_else(pa.array(commented), comment, None))
    return answers


def survey_records(answers: pd.DataFrame, people: People, period: Period) -> pa.Table:
    """The survey_responses source, as it stands at the end of the period."""
    survey = answers["survey"].to_numpy()
    named = ~answers["anonymous"].to_numpy()
    order = answers["order"].to_numpy()
    responded_at = answers["responded_at"].to_numpy()
    answered = responded_at < period.end
    comment = pa.array(answers["comment"])
    return pa.table(
        {
            "response_id": ids("R", answers["number"].to_numpy()),
            "customer_id": people.customer_ids(answers["owner"].to_numpy(), named),
            "sent_at": answers["sent_at"].to_numpy(),
            "responded_at": np.where(answered, responded_at, NEVER),
            "survey": names_of(SURVEYS, survey),
            "touchpoint": names_of(TOUCHPOINTS, answers["touchpoint"].to_numpy()),
            "channel": names_of(CHANNELS, answers["channel"].to_numpy()),
            "order_id": ids("O", np.maximum(order, 0), (order != NO_ORDER) & named),
            "score": pa.array(answers["true_score"].to_numpy().astype(int), mask=~answered),
            "scale_min": SCALES[survey, 0],
            "scale_max": SCALES[survey, 1],
            "comment": pa.compute.if_else(pa.array(answered), comment, None),
        }
    )


def survey_truth(answers: pd.DataFrame, people: People) -> pa.Table:
    """Every invitation of a period with what would be answered, and how likely an answer is."""
    return pa.table(
        {
            "response_id": ids("R", answers["number"].to_numpy()),
            "customer_id": people.customer_ids(answers["owner"].to_numpy()),
            "feeling": answers["feeling"].to_numpy(),
            "recorded": answers["recorded"].to_numpy(),
            "propensity": answers["propensity"].to_numpy(),
            "true_score": answers["true_score"].to_numpy(),
            "answered": ~np.isnat(answers["responded_at"].to_numpy()),
        }
    )


def _ask_about_all(
    people: People, period: Period, settings: WorldSettings, rng: Rng
) -> pd.DataFrame:
    """The relationship survey: a random share of the customers, whatever they did."""
    here = people.registered(period)
    owner = here[some(rng, settings.relationship_survey_share, len(here))]
    begin = np.maximum(people.joined_at[owner], period.start)
    return _about_everything(owner, time_between(rng, begin, np.full(len(owner), period.end)), NPS)


def _follow(plan: Ints, period: Period) -> pd.DataFrame:
    """The invitations of a plan, one after the other through the first half of the month."""
    start = np.full(len(plan), period.start)
    half = seconds_between(start, np.full(len(plan), period.end)) / 2
    return _about_everything(plan, later(start, np.arange(len(plan)) * half / len(plan)), CSAT)


def _about_everything(owner: Ints, sent_at: Times, survey: int) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "owner": owner,
            "sent_at": sent_at,
            "survey": survey,
            "touchpoint": RELATIONSHIP,
            "order": NO_ORDER,
            "bad": False,
        }
    )


def _topics(
    invitations: pd.DataFrame, said: Floats, people: People, feelings: Feelings, rng: Rng
) -> Ints:
    """What the comment is about: the cause when unhappy, what the survey asks about when happy."""
    owner, sent_at = invitations["owner"].to_numpy(), invitations["sent_at"].to_numpy()
    touchpoint = invitations["touchpoint"].to_numpy()
    cause = feelings.cause(owner, sent_at)
    bad = invitations["bad"].to_numpy(dtype=bool)
    complaint = unhappy_topic(cause, owner, people, rng)
    own = (touchpoint != RELATIONSHIP) & bad
    complaint = np.where(own, PRAISE[touchpoint], complaint)
    praise = np.where(bad, int(Topic.GENERAL), PRAISE[touchpoint])
    return np.where(mood_of(said) == Mood.GOOD, praise, complaint)


def unhappy_topic(cause: Ints, owner: Ints, people: People, rng: Rng) -> Ints:
    """The latest bad experience, else the price for those who mind it."""
    blames_price = some(rng, people.price_sensitivity[owner], len(owner))
    otherwise = np.where(blames_price, int(Topic.PRICE), int(Topic.GENERAL))
    return np.where(cause == NO_CAUSE, otherwise, cause)


def _response_times(sent_at: Times, rng: Rng) -> Times:
    hours = np.minimum(rng.exponential(20.0, len(sent_at)), 14 * DAY / HOUR)
    return later(sent_at, np.ceil(hours * HOUR))
