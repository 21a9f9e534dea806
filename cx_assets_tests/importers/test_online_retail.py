import sys
import zipfile
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cx_assets.importers import ImportReport, NotThatDataSet, import_online_retail

from .helpers import assert_keeps_the_contract, digests, rows, scalar

SOURCES = ("customers", "products", "orders", "order_items")
HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"

# One line at least for every bucket, a customer who moves, and a guest.
LINES = [
    "536365,85123A,WHITE HEART ,6,12/1/2010 8:26,2.55,17850,United Kingdom",
    "536365,71053,WHITE LANTERN,6,12/1/2010 8:27,3.39,17850,United Kingdom",
    "536365,71053,WHITE LANTERN,6,12/1/2010 8:27,3.39,17850,United Kingdom",
    "536365,POST,POSTAGE,1,12/1/2010 8:26,18,17850,United Kingdom",
    "536366,85123a,WHITE HEART,1,12/2/2010 10:00,2.95,,United Kingdom",
    "536366,DCGS0003,BOXED ASHTRAY,2,12/2/2010 10:00,0,,United Kingdom",
    "536367,22752,,-4,12/2/2010 11:00,0,,United Kingdom",
    "536368,22752,found,9,12/2/2010 11:05,0,,United Kingdom",
    "C536369,85123A,WHITE HEART,-2,12/3/2010 9:00,2.55,17850,EIRE",
    "C536370,D,Discount,-1,12/3/2010 9:30,5.5,17850,EIRE",
    "536371,M,Manual,1,12/3/2010 9:40,1.25,12583,France",
    "536372,gift_0001_20,Gift Voucher £20.00,1,12/4/2010 9:00,16.67,12583,France",
    "536372,AMAZONFEE,AMAZON FEE,-1,12/4/2010 9:00,3,12583,France",
    "536372,PADS,PADS TO MATCH,1,12/4/2010 9:00,0.001,12583,France",
    "536372,22752,,1,12/4/2010 9:00,4.25,12583,France",
    "A536373,B,Adjust bad debt,1,12/5/2010 9:00,-100,,United Kingdom",
]


def write_csv(path: Path, lines: list[str], header: str = HEADER) -> Path:
    path.write_bytes("\r\n".join([header, *lines, ""]).encode("latin-1"))
    return path


def write_parquet(path: Path, csv: Path) -> Path:
    """The CSV's rows typed as in the Parquet editions: numbers are doubles, times timestamps."""
    duckdb.sql(
        f"""
        select * replace (
            Quantity::bigint as Quantity,
            UnitPrice::double as UnitPrice,
            CustomerID::double as CustomerID,
            strptime(InvoiceDate, '%m/%d/%Y %H:%M') as InvoiceDate
        )
        from read_csv('{csv}', all_varchar = true, encoding = 'latin-1')
        """
    ).write_parquet(str(path))
    return path


def write_excel(path: Path, sheets: list[list[str]]) -> Path:
    """A workbook of text cells; a sheet is a list of comma-separated rows."""
    space = "http://schemas.openxmlformats.org/"
    package, office = f"{space}package/2006/", f"{space}officeDocument/2006/relationships"
    numbers = range(1, len(sheets) + 1)
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relation'
        'ships+xml"/><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}relationships"><Relationship Id="r1" '
        f'Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{space}spreadsheetml/2006/main" xmlns:r="{office}">'
        + "<sheets>"
        + "".join(f'<sheet name="Year {n}" sheetId="{n}" r:id="r{n}"/>' for n in numbers)
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}relationships">'
        + "".join(
            f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in numbers
        )
        + "</Relationships>",
    }
    for number, sheet in zip(numbers, sheets, strict=True):
        cells = "".join(
            "<row>"
            + "".join(f'<c t="inlineStr"><is><t>{escape(v)}</t></is></c>' for v in line.split(","))
            + "</row>"
            for line in sheet
        )
        parts[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{space}spreadsheetml/2006/main">'
            f"<sheetData>{cells}</sheetData></worksheet>"
        )
    with zipfile.ZipFile(path, "w") as workbook:
        for name, content in parts.items():
            workbook.writestr(name, content)
    return path


@pytest.fixture(scope="module")
def real_import(
    real_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, ImportReport]:
    landing = tmp_path_factory.mktemp("online_retail")
    path = real_data / "online_retail" / "online_retail_2010_2011.parquet"
    return landing, import_online_retail(path, landing)


@pytest.mark.slow
def test_every_one_of_the_541909_lines_is_accounted_for(
    real_import: tuple[Path, ImportReport],
) -> None:
    landing, report = real_import
    (account,) = report.accounts
    assert (account.lines, account.money) == (541_909, Decimal("9747747.934"))
    assert {b.name: (b.lines, b.money) for b in account.buckets} == {
        "goods": (522_931, Decimal("10247219.320")),
        "returns": (8_668, Decimal("-475901.160")),
        "duplicates": (5_268, Decimal("21740.980")),
        "stock adjustments": (2_098, Decimal(0)),
        "postage": (2_110, Decimal("279462.120")),
        "gift vouchers": (34, Decimal("685.810")),
        "discounts": (77, Decimal("-5696.220")),
        "manual entries": (567, Decimal("-69031.640")),
        "fees": (87, Decimal("-236629.569")),
        "bad debt": (3, Decimal("-11062.060")),
        "other charges": (66, Decimal("-3039.647")),
    }
    set_aside = [b for b in account.buckets if b.name not in ("goods", "returns")]
    written = scalar(
        landing,
        "order_items",
        "sum(quantity::decimal(18, 4) * unit_price::decimal(18, 4))",
    )
    assert written + sum(b.money or 0 for b in set_aside) == Decimal("9747747.934")
    assert report.landed["order_items"] + sum(b.lines for b in set_aside) == 541_909


@pytest.mark.slow
def test_the_real_landing_files_keep_the_contract(real_import: tuple[Path, ImportReport]) -> None:
    landing, report = real_import
    for source in SOURCES:
        assert_keeps_the_contract(landing, source)
        assert scalar(landing, source, "count(*)") == report.landed[source]
    assert scalar(landing, "customers", "count(distinct customer_id)") == 4_372
    assert scalar(landing, "products", "count(*) filter (name is null or unit_price is null)") == 0

    orders = f"'{landing}/orders/online_retail.parquet'"
    items = f"'{landing}/order_items/online_retail.parquet'"
    products = f"'{landing}/products/online_retail.parquet'"
    same_time = f"select count(*) from {items} join {orders} using (order_id, ordered_at)"
    assert duckdb.sql(same_time).fetchall() == [(report.landed["order_items"],)]
    empty = f"from {orders} where order_id not in (select order_id from {items})"
    assert duckdb.sql(empty).fetchall() == []
    unknown = f"from {items} where product_id not in (select product_id from {products})"
    assert duckdb.sql(unknown).fetchall() == []


@pytest.mark.slow
def test_the_real_data_as_latin_1_csv_gives_the_same_files(
    real_data: Path, real_import: tuple[Path, ImportReport], tmp_path: Path
) -> None:
    landing, _ = real_import
    parquet = real_data / "online_retail" / "online_retail_2010_2011.parquet"
    utf8 = tmp_path / "utf8.csv"
    duckdb.sql(
        f"""
        select * replace (
            strftime(InvoiceDate, '%-m/%-d/%Y %-H:%M') as InvoiceDate,
            CustomerID::bigint as CustomerID
        )
        from '{parquet}'
        """
    ).write_csv(str(utf8))
    latin_1 = tmp_path / "data.csv"
    latin_1.write_bytes(utf8.read_text(encoding="utf-8").encode("latin-1"))
    import_online_retail(latin_1, tmp_path / "landing")
    assert digests(tmp_path / "landing") == digests(landing)


def test_each_line_is_in_its_bucket(tmp_path: Path, landing: Path) -> None:
    report = import_online_retail(write_csv(tmp_path / "data.csv", LINES), landing)

    (account,) = report.accounts
    assert {b.name: (b.lines, b.money) for b in account.buckets} == {
        "goods": (5, Decimal("42.84")),
        "returns": (1, Decimal("-5.10")),
        "duplicates": (1, Decimal("20.34")),
        "stock adjustments": (2, Decimal(0)),
        "postage": (1, Decimal(18)),
        "gift vouchers": (1, Decimal("16.67")),
        "discounts": (1, Decimal("-5.5")),
        "manual entries": (1, Decimal("1.25")),
        "fees": (1, Decimal(-3)),
        "bad debt": (1, Decimal(-100)),
        "other charges": (1, Decimal("0.001")),
    }
    assert report.notes == (
        "5 invoices hold no goods and are no orders.",
        "1 invoices carry more than one time; their orders have the first.",
        "The data tell of no consent to marketing, so there are no offers, actions and surveys; "
        "--assume-consent gives it to everybody, for a trial.",
    )
    text = str(report)
    assert "data.csv" in text
    assert all(b.name in text and b.fate in text for b in account.buckets)


def test_the_rows_that_land(tmp_path: Path, landing: Path) -> None:
    import_online_retail(write_csv(tmp_path / "data.csv", LINES), landing)

    items = "select order_id, line_number, product_id, quantity, unit_price, ordered_at::varchar"
    assert rows(landing, "order_items", items) == [
        ("536365", 1, "85123A", 6.0, 2.55, "2010-12-01 08:26:00"),
        ("536365", 2, "71053", 6.0, 3.39, "2010-12-01 08:26:00"),
        ("536366", 1, "85123A", 1.0, 2.95, "2010-12-02 10:00:00"),
        ("536366", 2, "DCGS0003", 2.0, 0.0, "2010-12-02 10:00:00"),
        ("C536369", 1, "85123A", -2.0, 2.55, "2010-12-03 09:00:00"),
        ("536372", 4, "22752", 1.0, 4.25, "2010-12-04 09:00:00"),
    ]
    assert rows(landing, "orders", "select order_id, customer_id, status") == [
        ("536365", "17850", "delivered"),
        ("536366", None, "delivered"),
        ("C536369", "17850", "returned"),
        ("536372", "12583", "delivered"),
    ]
    assert rows(landing, "products", "select product_id, name, unit_price") == [
        ("71053", "WHITE LANTERN", 3.39),
        ("85123A", "WHITE HEART", 2.55),
        ("DCGS0003", "BOXED ASHTRAY", None),
        ("22752", None, 4.25),
    ]
    customers = (
        "select customer_id, country, updated_at::date::varchar, signed_up_at::date::varchar"
    )
    assert rows(landing, "customers", customers) == [
        ("17850", "United Kingdom", "2010-12-01", "2010-12-01"),
        ("17850", "EIRE", "2010-12-03", "2010-12-01"),
        ("12583", "France", "2010-12-03", "2010-12-03"),
    ]
    for source in SOURCES:
        assert_keeps_the_contract(landing, source)


def test_parquet_and_the_spellings_of_online_retail_ii_give_the_same_files(tmp_path: Path) -> None:
    csv = write_csv(tmp_path / "data.csv", LINES)
    import_online_retail(csv, tmp_path / "from_csv")
    import_online_retail(write_parquet(tmp_path / "data.parquet", csv), tmp_path / "from_parquet")
    header = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country"
    second = write_csv(tmp_path / "ii.csv", LINES, header)
    import_online_retail(second, tmp_path / "from_second")

    expected = digests(tmp_path / "from_csv")
    assert sorted(expected) == sorted(f"{source}/online_retail.parquet" for source in SOURCES)
    assert digests(tmp_path / "from_parquet") == expected
    assert digests(tmp_path / "from_second") == expected


def test_all_sheets_of_an_excel_file_are_read(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine", reason="python-calamine reads Excel files")
    import_online_retail(write_csv(tmp_path / "data.csv", LINES), tmp_path / "from_csv")
    sheets = [[HEADER, *LINES[:7]], [HEADER, *LINES[7:]]]
    import_online_retail(write_excel(tmp_path / "data.xlsx", sheets), tmp_path / "from_excel")
    assert digests(tmp_path / "from_excel") == digests(tmp_path / "from_csv")


def test_excel_without_its_reader_says_what_to_install(
    tmp_path: Path, landing: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    path = write_excel(tmp_path / "Online Retail.xlsx", [[HEADER, *LINES]])
    with pytest.raises(NotThatDataSet, match=r"Online Retail\.xlsx.* install python-calamine"):
        import_online_retail(path, landing)


def test_a_second_import_changes_no_byte(tmp_path: Path, landing: Path) -> None:
    path = write_csv(tmp_path / "data.csv", LINES)
    import_online_retail(path, landing)
    first = digests(landing)
    import_online_retail(path, landing)
    assert digests(landing) == first


@pytest.mark.parametrize(
    ("name", "header", "line", "complaint"),
    [
        ("data.csv", HEADER.replace("UnitPrice", "Cost"), LINES[0], "no column UnitPrice or Price"),
        ("data.csv", HEADER, LINES[0].replace(",6,", ",six,"), "row 1: Quantity is 'six'"),
        ("data.csv", HEADER, LINES[0].replace(",6,", ",,"), "row 1: Quantity is empty"),
        (
            "data.csv",
            HEADER,
            LINES[0].replace("12/1/", "13/1/"),
            "row 1: InvoiceDate is '13/1/2010",
        ),
        ("data.txt", HEADER, LINES[0], r"ends in \.txt: expected \.xlsx, \.csv or \.parquet"),
        ("data.parquet", HEADER, LINES[0], "cannot be read"),
    ],
)
def test_another_file_is_refused_and_the_landing_zone_stays(
    tmp_path: Path, landing: Path, name: str, header: str, line: str, complaint: str
) -> None:
    import_online_retail(write_csv(tmp_path / "good.csv", LINES), landing)
    before = digests(landing)
    path = write_csv(tmp_path / name, [line], header)
    with pytest.raises(NotThatDataSet, match=complaint) as refusal:
        import_online_retail(path, landing)
    assert str(path) in str(refusal.value)
    assert digests(landing) == before


def test_a_path_that_holds_no_file_is_refused(tmp_path: Path, landing: Path) -> None:
    with pytest.raises(
        NotThatDataSet, match=r"nowhere\.csv does not exist: expected Online Retail"
    ):
        import_online_retail(tmp_path / "nowhere.csv", landing)
    with pytest.raises(NotThatDataSet, match="is a folder: expected Online Retail"):
        import_online_retail(tmp_path, landing)


invoice_lines = st.builds(
    "{},{},{},{},12/{}/2010 9:00,{},{},{}".format,
    st.sampled_from(["536365", "536366", "C536367", "A536368"]),
    st.sampled_from(["85123A", "85123a", "22752", "POST", "D", "M", "B", "gift_0001_10", "X"]),
    st.sampled_from(["WHITE HEART", "found", ""]),
    st.integers(-99, 99),
    st.integers(1, 3),
    st.decimals(-20, 20, places=3),
    st.sampled_from(["17850", "12583", ""]),
    st.sampled_from(["France", "EIRE"]),
)


@settings(max_examples=25, deadline=None)
@given(st.lists(invoice_lines, min_size=1, max_size=30))
def test_lines_and_money_are_conserved_whatever_the_lines(lines: list[str]) -> None:
    read = sum(Decimal(line.split(",")[3]) * Decimal(line.split(",")[5]) for line in lines)
    with TemporaryDirectory() as folder:
        landing = Path(folder) / "landing"
        report = import_online_retail(write_csv(Path(folder) / "data.csv", lines), landing)
        (account,) = report.accounts
        assert (account.lines, account.money) == (len(lines), read)
        assert sum(b.lines for b in account.buckets) == len(lines)
        assert sum(b.money or 0 for b in account.buckets) == read
        goods, returns = account.bucket("goods"), account.bucket("returns")
        assert report.landed["order_items"] == goods.lines + returns.lines
        money = "coalesce(sum(quantity::decimal(18, 4) * unit_price::decimal(18, 4)), 0)"
        assert scalar(landing, "order_items", money) == (goods.money or 0) + (returns.money or 0)
