"""What customers wrote: the comments to learn from, and all texts of a period."""

# The newest comments are the customers' words of today; more change no prediction visibly.
MOST_COMMENTS = 10_000
SURVEY, TICKET, MENTION = "survey_responses", "support_tickets", "social_mentions"
SOURCES = (SURVEY, TICKET, MENTION)

# text, person (an anonymous answer is a person of its own) and score (1..5), the newest first.
COMMENTS = f"""
select
    response_id,
    comment as text,
    coalesce(customer_id, response_id) as person,
    cast(score_of_five as double) as score
from process.survey_responses
where
    sent_at < $period_end and responded_at < $period_end
    and trim(comment) <> '' and score_of_five is not null
order by responded_at desc, response_id
limit {MOST_COMMENTS}
"""

# source, text_id, customer_id, text: answered, opened or posted in the period.
TEXTS = f"""
select '{SURVEY}' as source, response_id as text_id, customer_id, comment as text
from process.survey_responses
where
    sent_at < $period_end and responded_at >= $period_start and responded_at < $period_end
    and trim(comment) <> ''
union all
select '{TICKET}', ticket_id, customer_id, text
from process.support_tickets
where opened_at >= $period_start and opened_at < $period_end and trim(text) <> ''
union all
select '{MENTION}', mention_id, customer_id, text
from process.social_mentions
where posted_at >= $period_start and posted_at < $period_end and trim(text) <> ''
"""

READS = ("process.survey_responses", "process.support_tickets", "process.social_mentions")
TEXT_LINEAGE = [
    ("process.survey_responses", "comment"),
    ("process.support_tickets", "text"),
    ("process.social_mentions", "text"),
]
