from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from cx_assets.importers import NotThatDataSet, import_olist
from cx_assets.importers.files import connect, land

from .helpers import assert_keeps_the_contract, digests, rows, scalar

SOURCES = ("customers", "products", "orders", "order_items", "survey_responses")

# The headers as Kaggle distributes them, misspellings and all. Ann orders twice and moves.
FILES = {
    "olist_customers_dataset.csv": """\
"customer_id","customer_unique_id","customer_zip_code_prefix","customer_city","customer_state"
"c1","ann","14409","franca","SP"
"c2","ann","01037","sao paulo","SP"
"c3","bob","01037","sao paulo","SP"
"c4","eve","20020","rio de janeiro","RJ"
"c5","ann","01037","sao paulo","SP"
""",
    "olist_orders_dataset.csv": """\
"order_id","customer_id","order_status","order_purchase_timestamp","order_approved_at",\
"order_delivered_carrier_date","order_delivered_customer_date","order_estimated_delivery_date"
o1,c1,delivered,2017-10-02 10:56:33,2017-10-02 11:07:15,2017-10-04 19:55:00,\
2017-10-10 21:25:13,2017-10-18 00:00:00
o2,c2,canceled,2018-07-24 20:41:37,,,,2018-08-13 00:00:00
o3,c3,shipped,2018-08-08 08:38:49,2018-08-08 08:55:23,2018-08-08 13:50:00,,2018-09-04 00:00:00
o5,c5,processing,2018-08-20 12:00:00,2018-08-20 12:10:00,,,2018-09-14 00:00:00
o6,lost,vanished,2018-08-21 12:00:00,,,,2018-09-15 00:00:00
""",
    "olist_order_items_dataset.csv": """\
"order_id","order_item_id","product_id","seller_id","shipping_limit_date","price","freight_value"
o1,1,p1,s1,2017-10-06 11:07:15,29.99,8.72
o1,2,p2,s1,2017-10-06 11:07:15,118.70,22.76
o3,1,p1,s2,2018-08-13 08:55:23,39.99,0.00
o5,1,p3,s2,2018-08-24 12:10:00,10.00,5.00
gone,1,p4,s2,2018-08-24 12:10:00,1.00,0.50
""",
    "olist_order_reviews_dataset.csv": """\
"review_id","order_id","review_score","review_comment_title","review_comment_message",\
"review_creation_date","review_answer_timestamp"
r1,o1,5,"","Ótimo, chegou ""antes"" do prazo
recomendo",2017-10-11 00:00:00,2017-10-12 03:43:48
r1,o2,1,Não recebi,,2018-08-14 00:00:00,2018-08-15 10:00:00
r2,o3,2,,,2018-09-05 00:00:00,2018-09-06 09:30:00
r3,gone,4,recomendo,Muito bom,2018-09-05 00:00:00,2018-09-06 09:30:00
""",
    "olist_products_dataset.csv": """\
"product_id","product_category_name","product_name_lenght","product_description_lenght",\
"product_photos_qty","product_weight_g","product_length_cm","product_height_cm","product_width_cm"
p1,perfumaria,40,287,1,225,16,10,14
p2,pc_gamer,44,276,1,1000,30,18,20
p3,,,,,400,20,10,10
p4,artes,46,250,1,154,18,9,15
""",
    "product_category_name_translation.csv": """\
\ufeffproduct_category_name,product_category_name_english
perfumaria,perfumery
artes,art
flores,flowers
""",
}


@pytest.fixture
def olist(tmp_path: Path) -> Path:
    folder = tmp_path / "olist"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_people_are_told_apart_from_their_orders(olist: Path, landing: Path) -> None:
    import_olist(olist, landing)
    columns = "customer_id, city, country, updated_at::date::varchar, signed_up_at::date::varchar"
    assert rows(landing, "customers", f"select {columns}") == [
        ("ann", "franca", "Brazil", "2017-10-02", "2017-10-02"),
        ("ann", "sao paulo", "Brazil", "2018-07-24", "2017-10-02"),
        ("bob", "sao paulo", "Brazil", "2018-08-08", "2018-08-08"),
    ]


def test_orders_have_our_statuses_and_their_freight(olist: Path, landing: Path) -> None:
    import_olist(olist, landing)
    columns = "order_id, customer_id, status, delivered_at::date::varchar, shipping_cost"
    assert rows(landing, "orders", f"select {columns}") == [
        ("o1", "ann", "delivered", "2017-10-10", 31.48),
        ("o2", "ann", "cancelled", None, None),
        ("o3", "bob", "shipped", None, 0.0),
        ("o5", "ann", "placed", None, 5.0),
        ("o6", None, None, None, None),
    ]
    promised = rows(landing, "orders", "select promised_at::date::varchar")
    assert promised[0] == ("2017-10-18",)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("created", "placed"),
        ("approved", "placed"),
        ("invoiced", "placed"),
        ("processing", "placed"),
        ("shipped", "shipped"),
        ("delivered", "delivered"),
        ("canceled", "cancelled"),
        ("unavailable", "cancelled"),
    ],
)
def test_each_published_status_has_one_of_ours(
    olist: Path, landing: Path, theirs: str, ours: str
) -> None:
    path = olist / "olist_orders_dataset.csv"
    path.write_text(path.read_text().replace("c1,delivered", f"c1,{theirs}"))
    import_olist(olist, landing)
    assert rows(landing, "orders", "select order_id, status")[0] == ("o1", ours)


def test_items_and_products_land(olist: Path, landing: Path) -> None:
    import_olist(olist, landing)
    columns = "select order_id, line_number, product_id, quantity, unit_price"
    assert rows(landing, "order_items", columns) == [
        ("o1", 1, "p1", 1.0, 29.99),
        ("o1", 2, "p2", 1.0, 118.7),
        ("o3", 1, "p1", 1.0, 39.99),
        ("o5", 1, "p3", 1.0, 10.0),
    ]
    assert rows(landing, "products", "select product_id, category, round(unit_price, 2)") == [
        ("p1", "perfumery", 34.99),
        ("p2", "pc_gamer", 118.7),
        ("p3", None, 10.0),
    ]


def test_a_review_answers_a_survey_even_when_its_id_repeats(olist: Path, landing: Path) -> None:
    import_olist(olist, landing)
    columns = "response_id, customer_id, order_id, touchpoint, score, comment"
    assert rows(landing, "survey_responses", f"select {columns}") == [
        ("r1-o1", "ann", "o1", "delivery", 5.0, 'Ótimo, chegou "antes" do prazo\nrecomendo'),
        ("r1-o2", "ann", "o2", "order", 1.0, "Não recebi"),
        ("r2-o3", "bob", "o3", "order", 2.0, None),
        ("r3-gone", None, "gone", "order", 4.0, "recomendo\nMuito bom"),
    ]
    scale = "select distinct survey, channel, scale_min, scale_max"
    assert rows(landing, "survey_responses", scale) == [("csat", "email", 1.0, 5.0)]
    times = "select sent_at::varchar, responded_at::varchar"
    first = ("2017-10-11 00:00:00", "2017-10-12 03:43:48")
    assert rows(landing, "survey_responses", times)[0] == first


def test_every_line_of_every_file_is_accounted_for(olist: Path, landing: Path) -> None:
    report = import_olist(olist, landing)

    assert {
        account.file: {bucket.name: bucket.lines for bucket in account.buckets}
        for account in report.accounts
    } == {
        "olist_customers_dataset.csv": {"of an order": 4, "without an order": 1},
        "olist_orders_dataset.csv": {
            "placed": 1,
            "shipped": 1,
            "delivered": 1,
            "cancelled": 1,
            "unknown status": 1,
        },
        "olist_order_items_dataset.csv": {"items": 4, "without an order": 1},
        "olist_order_reviews_dataset.csv": {"reviews": 3, "without an order": 1},
        "olist_products_dataset.csv": {"sold": 3, "never sold": 1},
        "product_category_name_translation.csv": {"used": 2, "not used": 1},
    }
    items = report.accounts[2]
    assert items.money == Decimal("236.66")
    assert items.bucket("without an order").money == Decimal("1.50")
    goods = scalar(landing, "order_items", "sum((quantity * unit_price)::decimal(18, 2))")
    freight = scalar(landing, "orders", "sum(shipping_cost::decimal(18, 2))")
    assert goods + freight == items.bucket("items").money
    assert report.landed == {source: scalar(landing, source, "count(*)") for source in SOURCES}
    for source in SOURCES:
        assert_keeps_the_contract(landing, source)


def test_a_second_import_changes_no_byte(olist: Path, landing: Path) -> None:
    import_olist(olist, landing)
    first = digests(landing)
    import_olist(olist, landing)
    assert digests(landing) == first
    assert sorted(first) == sorted(f"{source}/olist.parquet" for source in SOURCES)


@pytest.mark.parametrize("name", FILES)
def test_a_folder_without_a_file_is_refused(olist: Path, landing: Path, name: str) -> None:
    (olist / name).unlink()
    with pytest.raises(NotThatDataSet, match=f"{name} does not exist: expected a folder"):
        import_olist(olist, landing)
    assert not landing.exists()


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        ("olist_orders_dataset.csv", "order_status", "state", "has no column order_status"),
        ("olist_order_items_dataset.csv", "29.99", "R$30", r"row 1: price is 'R\$30'"),
        ("olist_orders_dataset.csv", "2017-10-02 10:56:33", "", "order_purchase_timestamp is emp"),
        ("olist_customers_dataset.csv", '"c2"', '"c1"', "row 2 repeats customer_id c1"),
        ("olist_order_reviews_dataset.csv", "r1,o2", "r1,o1", "repeats review_id, order_id r1, o1"),
    ],
)
def test_a_broken_file_is_refused(
    olist: Path, landing: Path, name: str, old: str, new: str, complaint: str
) -> None:
    path = olist / name
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    with pytest.raises(NotThatDataSet, match=complaint) as refusal:
        import_olist(olist, landing)
    assert str(path) in str(refusal.value)
    assert not landing.exists()


def test_a_path_that_is_no_folder_is_refused(tmp_path: Path, landing: Path) -> None:
    with pytest.raises(NotThatDataSet, match=r"nowhere is no folder: .*olist_customers_dataset"):
        import_olist(tmp_path / "nowhere", landing)


def test_files_land_together_or_not_at_all(olist: Path, landing: Path) -> None:
    import_olist(olist, landing)
    before = digests(landing)
    good = "select 'p9' as product_id, timestamp '2018-01-01' as updated_at"
    bad = "select 'o9' as order_id, 'soon' as ordered_at"
    with connect() as con, pytest.raises(duckdb.ConversionException):
        land(con, landing, "olist", {"products": good, "orders": bad})
    assert digests(landing) == before
