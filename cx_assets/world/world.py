"""The world, a month at a time: everybody lives, buys, complains and answers, and files land."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from cx_assets.world import campaigns, inbox, population, purchases, service, social, surveys
from cx_assets.world.arrays import Floats, Period, Rng, ids, stream, time_between
from cx_assets.world.feelings import Feelings, shocks_of
from cx_assets.world.files import write
from cx_assets.world.landing_zone import LandingZone
from cx_assets.world.phrases import Topic
from cx_assets.world.purchases import Presence
from cx_assets.world.settings import WorldSettings
from cx_assets.world.shop import Shop
from cx_assets.world.truth import dirt_counts, states, write_start


@dataclass(frozen=True)
class StepSummary:
    """What one step wrote: the landing files in the order they landed, and rows by source."""

    period: str
    files: tuple[Path, ...]
    rows: dict[str, int]


class World:
    """A population that is stepped month by month.

    `landing` gets `<source>/<source>_<YYYY-MM>.<format>`, `truth` what no asset may read (see
    truth.py). The same settings and outbox give the same bytes. Errors: ValueError when the
    truth would lie inside the landing zone.
    """

    def __init__(self, settings: WorldSettings, landing: Path, truth: Path) -> None:
        if truth.resolve().is_relative_to(landing.resolve()):
            raise ValueError(f"the truth folder {truth} lies inside the landing zone {landing}")
        self.settings = settings
        self.truth = truth
        self.period = Period.of(settings.first_period, 0)
        """The month that the next step lives through."""
        self._people = population.populate(settings, self.period, self._rng("people"))
        self._feelings = Feelings(
            self._people.level, settings.satisfaction_memory, settings.satisfaction_noise
        )
        self._zone = LandingZone(landing, settings)
        self._shop = Shop(self._people, settings, self._zone, self._rng("goods"))
        # Tickets and invitations whose end is drawn already but lies after the period.
        self._tickets = pd.DataFrame()
        self._answers = pd.DataFrame()
        write_start(truth, self._people, settings)

    def step(self, outbox: Path | None = None) -> StepSummary:
        """Lives through the next month and lands its files.

        outbox: the folder with `actions/<previous period>.parquet` and
        `surveys/<previous period>.parquet`. Where the first exists, the world delivers what it says
        instead of running a campaign of its own; where the second does, it asks those customers
        instead of sending its own relationship survey.
        """
        period = self.period
        self._zone.begin(period)
        self._feelings.begin(period, self._rng("feelings"))
        self._land_customers()
        kindness, uplift = self._act(outbox)
        presence = purchases.live(
            self._people, self._feelings.satisfaction, period, self.settings, self._rng("live")
        )
        orders = self._shop.trade(
            presence, self._feelings.satisfaction, uplift, period, self._rng("shop")
        )
        late, defects = self._bad_experiences(orders)
        tickets = self._complain(presence, late, defects)
        slow = self._slow_answers(tickets)
        self._feelings.absorb(pd.concat([kindness, late, defects, slow]))
        self._ask(orders, tickets, outbox)
        self._post(presence)
        self._feelings.close()
        self._forget()
        self._write_truth()
        self.period = Period.of(self.settings.first_period, period.index + 1)
        return StepSummary(period.key, tuple(self._zone.files), dict(self._zone.rows))

    def _rng(self, stage: str) -> Rng:
        return stream(self.settings.seed, stage, self.period.index)

    def _land_customers(self) -> None:
        people, period, rng = self._people, self.period, self._rng("customers")
        known = people.joined_at[: people.accounts]
        new = np.flatnonzero(period.holds(known))
        parts = [people.records(new, known[new])]
        if period.index == 0:
            old = np.flatnonzero(known < period.start)
            since = time_between(rng, known[old], np.full(len(old), period.start))
            parts.append(people.records(old, since))
        changes = population.change(people, period, self.settings, rng)
        parts.append(people.records(changes["owner"].to_numpy(), changes["updated_at"].to_numpy()))
        self._zone.dirt.count("customers", "relanded", len(changes))
        self._zone.land("customers", pa.concat_tables(parts))

    def _act(self, outbox: Path | None) -> tuple[pd.DataFrame, Floats]:
        """Delivers actions; gives their shocks and, per person, the change of the order rate."""
        people, period, rng = self._people, self.period, self._rng("actions")
        sent = inbox.received(outbox, "actions", period, self.settings.first_period)
        if sent:
            actions = inbox.read_actions(sent, people, self.settings)
        else:
            assigned = campaigns.randomise(people, period, self.settings, rng)
            numbers = self._zone.number("action_assignments", len(assigned))
            assigned["action_id"] = campaigns.action_ids(numbers)
            records = campaigns.assignment_records(assigned, people, self.settings)
            self._zone.land("action_assignments", records)
            actions = assigned[assigned["treated"]]
        reached = campaigns.deliver(actions, period, self.settings, rng)
        records = campaigns.delivery_records(reached, people, self.settings)
        self._zone.land("action_deliveries", records)
        pleased, tempted = campaigns.effects(reached, people, self.settings)
        owner = reached["owner"].to_numpy()
        uplift = np.bincount(owner, weights=tempted, minlength=len(people)).astype(np.float64)
        return shocks_of(owner, reached["delivered_at"].to_numpy(), pleased, None), uplift

    def _bad_experiences(self, orders: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The period's late deliveries and defects, as shocks."""
        settings, period = self.settings, self.period
        late = orders[orders["late"] & period.holds(orders["delivered_at"].to_numpy())]
        broken = orders[(orders["defects"] > 0) & period.holds(orders["trouble_at"].to_numpy())]
        return (
            shocks_of(
                late["owner"].to_numpy(),
                late["delivered_at"].to_numpy(),
                settings.late_effect,
                Topic.LATE_DELIVERY,
            ),
            shocks_of(
                broken["owner"].to_numpy(),
                broken["trouble_at"].to_numpy(),
                settings.defect_effect,
                Topic.DEFECT,
                recorded=(broken["bad_returns"] > 0).to_numpy(),
            ),
        )

    def _complain(
        self, presence: Presence, late: pd.DataFrame, defects: pd.DataFrame
    ) -> pd.DataFrame:
        """New tickets; gives them and those that were open."""
        period, zone = self.period, self._zone
        new = service.open_tickets(
            self._people, presence, late, defects, period, self.settings, self._rng("tickets")
        )
        new["number"] = zone.number("support_tickets", len(new))
        landing = pd.concat([self._tickets, new], ignore_index=True)
        records = service.ticket_records(landing, self._people, period)
        zone.dirt.count("support_tickets", "relanded", len(self._tickets))
        zone.land("support_tickets", records)
        self._tickets = landing[landing["resolved_at"] >= period.end]
        return landing

    def _slow_answers(self, tickets: pd.DataFrame) -> pd.DataFrame:
        slow = tickets[tickets["slow"] & self.period.holds(tickets["resolved_at"].to_numpy())]
        return shocks_of(
            slow["owner"].to_numpy(),
            slow["resolved_at"].to_numpy(),
            self.settings.slow_effect,
            Topic.SLOW_SUPPORT,
        )

    def _ask(self, orders: pd.DataFrame, tickets: pd.DataFrame, outbox: Path | None) -> None:
        people, period, zone, rng = self._people, self.period, self._zone, self._rng("surveys")
        sent = inbox.received(outbox, "surveys", period, self.settings.first_period)
        plan = inbox.read_survey_plan(sent, people, period) if sent else None
        invited = surveys.invite(people, orders, tickets, period, self.settings, rng, plan)
        invited["number"] = zone.number("survey_responses", len(invited))
        new = surveys.answer(invited, people, self._feelings, self.settings, rng)
        old = self._answers
        if len(old):
            old = old[period.holds(old["responded_at"].to_numpy())]
        landing = pd.concat([old, new], ignore_index=True)
        zone.dirt.count("survey_responses", "relanded", len(old))
        zone.land("survey_responses", surveys.survey_records(landing, people, period))
        write(self.truth / "surveys" / f"{period.key}.parquet", surveys.survey_truth(new, people))
        every = pd.concat([self._answers, new], ignore_index=True)
        self._answers = every[every["responded_at"] >= period.end]

    def _post(self, presence: Presence) -> None:
        people, rng = self._people, self._rng("social")
        posts = social.post(people, presence, self._feelings, self.period, self.settings, rng)
        posts["number"] = self._zone.number("social_mentions", len(posts))
        self._zone.land("social_mentions", social.post_records(posts, people))

    def _forget(self) -> None:
        asked = population.erase(self._people, self.period, self.settings, self._rng("erasures"))
        numbers = self._zone.number("erasure_requests", len(asked))
        records = pa.table(
            {
                "request_id": ids("Q", numbers),
                "customer_id": self._people.customer_ids(asked["owner"].to_numpy()),
                "requested_at": asked["requested_at"].to_numpy(),
            }
        )
        self._zone.land("erasure_requests", records)

    def _write_truth(self) -> None:
        name = f"{self.period.key}.parquet"
        felt = states(self._people, self._feelings.satisfaction, self.period)
        write(self.truth / "states" / name, felt)
        write(self.truth / "dirt" / name, dirt_counts(self._zone.dirt.counts))
