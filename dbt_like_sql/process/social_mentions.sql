-- One row per public post, with the customer where the handle is one that the CRM knew by then.
with owners as (
    select
        mentions.period,
        mentions.mention_id,
        customers.customer_id,
        row_number() over (
            partition by mentions.period, mentions.mention_id
            order by customers.updated_at desc, customers.customer_id
        ) as newest
    from collect.social_mentions as mentions
    inner join collect.customers as customers
        on customers.social_handle = mentions.handle
        and customers.period <= mentions.period
    where mentions.period >= $period_start and mentions.period < $period_end
)

select
    mentions.period,                        -- First day of the period. [not null]
    mentions.mention_id,                    -- The post. [not null] [unique]
    owners.customer_id,                     -- Whose handle it is; null for a stranger.
    mentions.posted_at,                     -- When it was posted. [not null]
    mentions.platform,                      -- Where it was posted. [not null]
    mentions.text                           -- What it says, without identifiers. [not null]
from collect.social_mentions as mentions
left join owners
    on owners.mention_id = mentions.mention_id
    and owners.period = mentions.period
    and owners.newest = 1
where mentions.period >= $period_start and mentions.period < $period_end
