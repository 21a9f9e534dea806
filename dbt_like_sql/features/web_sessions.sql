-- One row per web session, in the period in which it began: where it came from and how far it got.
-- These are facts. Who the visitor is, as known later, and who is a bot, is in features.web_visitors.
-- The channel is the utm_source of the first page, else the host that referred to it: in lower case,
-- without www., a well-known site by its name (google for www.google.co.uk), mail for web mail; a
-- word that is no host stays as it is. No referrer, or the shop's own host, is direct.
-- Each step counts as taken where a later one was: not every shop reports every step. A product is
-- seen where an event names one; add_to_cart and purchase are the types of the other two.
with steps as (
    select
        *,
        case
            when lower(event_type) = 'purchase' then 4
            when lower(event_type) = 'add_to_cart' then 3
            when product_id is not null then 2
            else 1
        end as step,
        row_number() over (
            partition by period, session_id order by occurred_at desc, event_id desc
        ) as number_from_end
    from process.web_events
    where period >= $period_start and period < $period_end
),

hosts as (
    select
        *,
        nullif(regexp_extract(lower(page), '[?&]utm_source=([^&#]+)', 1), '') as campaign,
        nullif(regexp_extract(lower(page), '^[a-z]+://(?:www[.])?([^/:?#]+)', 1), '') as own_host,
        nullif(
            regexp_extract(lower(trim(referrer)), '^(?:[a-z-]*:?//)?(?:www[.])?([^/:?#]+)', 1), ''
        ) as referring_host
    from process.web_events
    where period >= $period_start and period < $period_end and starts_session
),

first_event as (
    select
        period,
        session_id,
        visitor_id,
        occurred_at,
        device,
        case
            when campaign is not null then campaign
            when referring_host is null or referring_host in ('direct', '(direct)') then 'direct'
            when referring_host = own_host then 'direct'
            when regexp_matches(referring_host, '(^|[.])(t[.]co|x[.]com|twitter[.]com)$') then 'x'
            else coalesce(
                nullif(
                    regexp_extract(
                        referring_host,
                        '(^|[.])(mail|google|bing|yahoo|duckduckgo|baidu|yandex|instagram|facebook|youtube|tiktok|linkedin|pinterest|reddit|weibo)[.]',
                        2
                    ),
                    ''
                ),
                referring_host
            )
        end as channel
    from hosts
),

totals as (
    select
        period,
        session_id,
        max(case when number_from_end = 1 then customer_id end) as customer_id,
        max(occurred_at) as ended_at,
        count(*) as events,
        max(step) as furthest
    from steps
    group by period, session_id
)

select
    first_event.period,                     -- First day of the period. [not null]
    first_event.session_id,                 -- The session: the id of its first event. [not null] [unique]
    first_event.visitor_id,                 -- The browser or device. [not null]
    totals.customer_id,                     -- The last customer who logged in within it; null where nobody did.
    first_event.occurred_at as began_at,    -- Its first event. [not null]
    totals.ended_at,                        -- Its last event. [not null]
    totals.events,                          -- Its events. [not null] [>= 1]
    first_event.device,                     -- desktop, mobile, tablet, ...
    first_event.channel,                    -- What brought the visitor. [not null]
    case totals.furthest
        when 4 then 'purchase'
        when 3 then 'cart'
        when 2 then 'product_view'
        else 'visit'
    end as furthest_step                    -- How far it got. [one of: visit, product_view, cart, purchase]
from first_event
inner join totals
    on totals.session_id = first_event.session_id and totals.period = first_event.period
