"""The twelve landing sources. A new source is one more declaration here, and nothing else."""

from cx_assets.landing.contract import MAX_TEXT_LENGTH, Field, Source

# More than this is a slip of the decimal point; and what is added up later must fit a decimal.
MAX_MONEY = 1e9
MAX_UNITS = 1e7
MAX_SCORE = 1e4

CUSTOMERS = Source(
    name="customers",
    description="Who the customers are, as the CRM knows; the newest row of a customer counts.",
    key=("customer_id",),
    event_time="updated_at",
    versioned=True,
    fields=(
        Field("customer_id", "text", "The customer.", need="value", identifies="customer"),
        Field("updated_at", "time", "When this state became true.", need="value"),
        Field("signed_up_at", "time", "When the customer registered."),
        Field("full_name", "text", "Name; a pseudonym in the warehouse.", identifies="name"),
        Field("email", "text", "E-mail address; a pseudonym in the warehouse.", identifies="email"),
        Field("phone", "text", "Phone number; a pseudonym in the warehouse.", identifies="phone"),
        Field(
            "social_handle",
            "text",
            "Handle on social media; a pseudonym in the warehouse.",
            identifies="handle",
        ),
        Field(
            "street",
            "text",
            "Street and number; a pseudonym in the warehouse.",
            identifies="street",
        ),
        Field("birth_date", "date", "Date of birth."),
        Field("gender", "text", "Gender, in the company's own words."),
        Field("city", "text", "City."),
        Field("country", "text", "Country."),
        Field("consent_marketing", "boolean", "May be contacted for marketing."),
        Field("consent_analytics", "boolean", "May be analysed as a person."),
        Field("closed_at", "time", "When the account was closed or the contract cancelled."),
    ),
)

PRODUCTS = Source(
    name="products",
    description="What is sold; the newest row of a product counts.",
    key=("product_id",),
    event_time="updated_at",
    versioned=True,
    fields=(
        Field("product_id", "text", "The product.", need="value"),
        Field("updated_at", "time", "When this state became true.", need="value"),
        Field("name", "text", "Name in the shop."),
        Field("category", "text", "Category in the shop."),
        Field("unit_price", "number", "List price of one unit.", minimum=0, maximum=MAX_MONEY),
        Field("unit_cost", "number", "Cost of one unit.", minimum=0, maximum=MAX_MONEY),
        Field("stock_on_hand", "number", "Units in stock; oversold stock is negative."),
    ),
)

ORDERS = Source(
    name="orders",
    description="One row per order.",
    key=("order_id",),
    event_time="ordered_at",
    fields=(
        Field("order_id", "text", "The order.", need="value"),
        Field(
            "customer_id",
            "text",
            "Who ordered; empty for a guest.",
            need="column",
            identifies="customer",
        ),
        Field("ordered_at", "time", "When it was ordered.", need="value"),
        Field(
            "status",
            "text",
            "Where the order stands.",
            one_of=("placed", "shipped", "delivered", "cancelled", "returned"),
        ),
        Field("channel", "text", "Where it was ordered: web, app, store, ..."),
        Field("promised_at", "time", "When delivery was promised."),
        Field("delivered_at", "time", "When it was delivered."),
        Field(
            "discount",
            "number",
            "Discount on the whole order, as money.",
            minimum=0,
            maximum=MAX_MONEY,
        ),
        Field(
            "shipping_cost",
            "number",
            "What shipping cost the company.",
            minimum=0,
            maximum=MAX_MONEY,
        ),
    ),
)

ORDER_ITEMS = Source(
    name="order_items",
    description="One row per order line; negative quantities are returns.",
    key=("order_id", "line_number"),
    event_time="ordered_at",
    fields=(
        Field("order_id", "text", "The order.", need="value"),
        Field("line_number", "integer", "The line within the order.", need="value", minimum=0),
        Field("ordered_at", "time", "When the order was placed.", need="value"),
        Field("product_id", "text", "The product.", need="value"),
        Field(
            "quantity",
            "number",
            "Units; negative for a return.",
            need="value",
            minimum=-MAX_UNITS,
            maximum=MAX_UNITS,
        ),
        Field(
            "unit_price",
            "number",
            "Price paid for one unit.",
            need="value",
            minimum=0,
            maximum=MAX_MONEY,
        ),
        Field("unit_cost", "number", "Cost of one unit.", minimum=0, maximum=MAX_MONEY),
    ),
)

WEB_EVENTS = Source(
    name="web_events",
    description="One row per page view, search, cart or other event of the shop's web site or app.",
    key=("event_id",),
    event_time="occurred_at",
    fields=(
        Field("event_id", "text", "The event.", need="value"),
        Field("occurred_at", "time", "When it happened.", need="value"),
        Field("visitor_id", "text", "The browser or device.", need="value"),
        Field("customer_id", "text", "The customer, once logged in.", identifies="customer"),
        Field(
            "event_type", "text", "What happened: view, search, add_to_cart, purchase, login, ..."
        ),
        Field("page", "text", "The page.", max_length=4_000, is_address=True),
        Field("product_id", "text", "The product that was looked at."),
        Field("device", "text", "desktop, mobile, tablet, ..."),
        Field("referrer", "text", "Where the visit came from.", max_length=4_000, is_address=True),
    ),
)

SUPPORT_TICKETS = Source(
    name="support_tickets",
    description="One row per request to customer service.",
    key=("ticket_id",),
    event_time="opened_at",
    fields=(
        Field("ticket_id", "text", "The ticket.", need="value"),
        Field(
            "customer_id",
            "text",
            "Who asked; empty when unknown.",
            need="column",
            identifies="customer",
        ),
        Field("opened_at", "time", "When it was opened.", need="value"),
        Field("first_response_at", "time", "When service first answered."),
        Field("resolved_at", "time", "When it was resolved; empty while open."),
        Field("channel", "text", "email, phone, chat, ..."),
        Field("topic", "text", "What it is about."),
        Field(
            "text", "text", "What the customer wrote.", max_length=MAX_TEXT_LENGTH, free_text=True
        ),
    ),
)

SOCIAL_MENTIONS = Source(
    name="social_mentions",
    description="One row per public post that mentions the company.",
    key=("mention_id",),
    event_time="posted_at",
    fields=(
        Field("mention_id", "text", "The post.", need="value"),
        Field("posted_at", "time", "When it was posted.", need="value"),
        Field("platform", "text", "Where it was posted.", need="value"),
        Field(
            "handle",
            "text",
            "Who posted it; a pseudonym in the warehouse.",
            need="value",
            identifies="handle",
        ),
        Field(
            "text",
            "text",
            "What it says.",
            need="value",
            max_length=MAX_TEXT_LENGTH,
            free_text=True,
        ),
    ),
)

SURVEY_RESPONSES = Source(
    name="survey_responses",
    description="One row per survey invitation; without responded_at nobody answered.",
    key=("response_id",),
    event_time="sent_at",
    fields=(
        Field("response_id", "text", "The invitation and its answer.", need="value"),
        Field("customer_id", "text", "Who was asked; empty when anonymous.", identifies="customer"),
        Field("sent_at", "time", "When the survey was sent.", need="value"),
        Field("responded_at", "time", "When it was answered; empty without an answer."),
        Field("survey", "text", "Kind of survey.", need="value", one_of=("csat", "nps", "ces")),
        Field("touchpoint", "text", "What it asks about: delivery, support, ..."),
        Field("channel", "text", "How it was sent: email, sms, app, ..."),
        Field("order_id", "text", "The order it asks about."),
        Field(
            "score",
            "number",
            "The answer; empty without one.",
            minimum=-MAX_SCORE,
            maximum=MAX_SCORE,
        ),
        Field(
            "scale_min",
            "number",
            "Lowest answer possible; by default csat 1, nps 0, ces 1.",
            minimum=-MAX_SCORE,
            maximum=MAX_SCORE,
        ),
        Field(
            "scale_max",
            "number",
            "Highest answer possible; by default csat 5, nps 10, ces 7.",
            minimum=-MAX_SCORE,
            maximum=MAX_SCORE,
        ),
        Field(
            "comment",
            "text",
            "What the customer added.",
            max_length=MAX_TEXT_LENGTH,
            free_text=True,
        ),
    ),
)

ACTION_DELIVERIES = Source(
    name="action_deliveries",
    description="What the CRM did with the actions it found in the outbox.",
    key=("action_id",),
    event_time="delivered_at",
    fields=(
        Field("action_id", "text", "The action.", need="value"),
        Field("customer_id", "text", "For whom it was.", need="value", identifies="customer"),
        Field("delivered_at", "time", "When it reached the customer.", need="value"),
        Field("channel", "text", "How it was delivered."),
        Field("opened_at", "time", "When it was opened."),
        Field("clicked_at", "time", "When it was followed."),
    ),
)

ACTION_ASSIGNMENTS = Source(
    name="action_assignments",
    description="What was decided for whom, treated and control, frozen when it was published.",
    key=("action_id",),
    event_time="assigned_at",
    fields=(
        Field("action_id", "text", "The action.", need="value"),
        Field(
            "customer_id", "text", "For whom it was decided.", need="value", identifies="customer"
        ),
        Field("assigned_at", "time", "When it was decided.", need="value"),
        Field("action", "text", "What to do.", need="value"),
        Field("arm", "text", "Whether it is done.", need="value", one_of=("treated", "control")),
        Field(
            "propensity",
            "number",
            "The probability with which this arm was drawn.",
            need="value",
            minimum=0,
            maximum=1,
        ),
        Field(
            "action_propensity",
            "number",
            "The probability with which this action was chosen for the customer.",
            minimum=0,
            maximum=1,
        ),
        Field("policy_version", "text", "Which policy decided.", need="value"),
        Field("segment_id", "integer", "The customer's segment at that time.", need="column"),
        Field("expected_effect", "number", "What the policy expected.", need="column"),
        Field("expected_net_benefit", "number", "The worth of that less the action's cost."),
        Field("reason", "text", "Why this customer, in words."),
    ),
)

SURVEY_PLANS = Source(
    name="survey_plans",
    description="Whom we meant to ask, and how likely that was, frozen when it was published.",
    key=("plan_id",),
    event_time="planned_at",
    fields=(
        Field("plan_id", "text", "The planned invitation.", need="value"),
        Field("customer_id", "text", "Whom to ask.", need="value", identifies="customer"),
        Field("planned_at", "time", "When it was planned.", need="value"),
        Field("survey", "text", "Kind of survey.", need="value", one_of=("csat", "nps", "ces")),
        Field("rank", "integer", "In which order to ask; 1 comes first.", need="value", minimum=1),
        Field(
            "reason",
            "text",
            "Asked for what the answer is worth, or drawn at random.",
            need="value",
            one_of=("value", "random"),
        ),
        Field(
            "propensity",
            "number",
            "The probability with which this candidate got into the plan.",
            need="value",
            minimum=0,
            maximum=1,
        ),
        Field("expected_information", "number", "What an answer was expected to be worth."),
        Field("why", "text", "What was known and at stake, in words."),
    ),
)

ERASURE_REQUESTS = Source(
    name="erasure_requests",
    description="Customers who asked to be forgotten.",
    key=("request_id",),
    event_time="requested_at",
    fields=(
        Field("request_id", "text", "The request.", need="value"),
        Field("customer_id", "text", "Who asked.", need="value", identifies="customer"),
        Field("requested_at", "time", "When it was asked.", need="value"),
    ),
)

SOURCES: dict[str, Source] = {
    source.name: source
    for source in (
        CUSTOMERS,
        PRODUCTS,
        ORDERS,
        ORDER_ITEMS,
        WEB_EVENTS,
        SUPPORT_TICKETS,
        SOCIAL_MENTIONS,
        SURVEY_RESPONSES,
        ACTION_DELIVERIES,
        ACTION_ASSIGNMENTS,
        SURVEY_PLANS,
        ERASURE_REQUESTS,
    )
}

# What comes back from the world after it was asked or acted on; a sensor waits for it.
FEEDBACK = (SURVEY_RESPONSES, ACTION_DELIVERIES)
