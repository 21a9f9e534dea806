-- One row per customer and period: who the customer is, as known at the period's end.
-- A customer known only from orders is a customer too. Names, addresses and numbers stay behind.
with crm as (
    select
        *,
        row_number() over (partition by customer_id order by updated_at desc) as newest,
        min(coalesce(signed_up_at, updated_at)) over (partition by customer_id) as known_since
    from collect.customers
    where updated_at < $period_end
),

buyers as (
    select customer_id, min(ordered_at) as first_ordered_at
    from process.orders
    where ordered_at < $period_end and customer_id is not null
    group by customer_id
),

everyone as (
    select customer_id from crm
    union
    select customer_id from buyers
)

select
    cast($period_start as date) as period,           -- First day of the period. [not null]
    everyone.customer_id,                            -- The customer. [not null] [unique]
    crm.customer_id is not null as in_crm,           -- Whether the CRM knows the customer. [not null]
    least(
        coalesce(crm.known_since, buyers.first_ordered_at),
        coalesce(buyers.first_ordered_at, crm.known_since)
    ) as known_since,                                -- Sign-up or first order, whichever is earlier. [not null]
    buyers.first_ordered_at,                         -- First order of any status; null before it.
    case
        when crm.birth_date < cast($period_end as date) then
            year(cast($period_end as date)) - year(crm.birth_date)
            - case
                when month(cast($period_end as date)) * 100 + day(cast($period_end as date))
                    < month(crm.birth_date) * 100 + day(crm.birth_date) then 1
                else 0
            end
    end as age,                                      -- Age in whole years at the period's end. [0 .. 130, warn]
    crm.gender,                                      -- Gender, in the company's own words.
    crm.city,                                        -- City.
    crm.country,                                     -- Country.
    coalesce(crm.consent_marketing, false) as consent_marketing,  -- May be contacted; no answer is no. [not null]
    coalesce(crm.consent_analytics, true) as consent_analytics,   -- May be analysed as a person; no answer is yes. [not null]
    crm.email is not null as has_email,              -- Can be reached by e-mail. [not null]
    crm.phone is not null as has_phone,              -- Can be reached by phone. [not null]
    coalesce(crm.is_test_account, false) or regexp_matches(
        lower(everyone.customer_id), '(^|[^a-z])test(s|er|ing)?([^a-z]|$)|测试'
    ) as is_test_account,                            -- Id, name or e-mail has the word test, tester, testing or 测试. [not null]
    case when crm.closed_at < $period_end then crm.closed_at end as closed_at  -- When the account was closed; null while it is open.
from everyone
left join crm on crm.customer_id = everyone.customer_id and crm.newest = 1
left join buyers on buyers.customer_id = everyone.customer_id
