from decimal import Decimal
from pathlib import Path

import pytest

from cx_assets.importers import Account, Bucket, ImportReport

GOODS = Bucket("goods", 3, Decimal("10.50"), "order_items")
FEES = Bucket("fees", 1, Decimal("-2.25"), "set aside")


@pytest.mark.parametrize(("lines", "money"), [(5, "8.25"), (4, "8.24")])
def test_books_that_do_not_balance_are_refused(lines: int, money: str) -> None:
    with pytest.raises(ValueError, match=r"data\.csv: .* are accounted for"):
        Account("data.csv", lines, Decimal(money), (GOODS, FEES))


def test_the_table_names_files_buckets_rows_and_notes() -> None:
    account = Account("data.csv", 4, Decimal("8.25"), (GOODS, FEES))
    report = ImportReport("Shop", Path("data.csv"), {"orders": 1234}, (account,), ("One note.",))
    assert [" ".join(line.split()) for line in report.lines()] == [
        "Shop from data.csv",
        "",
        "data.csv 4 8.250",
        "goods 3 10.500 order_items",
        "fees 1 -2.250 set aside",
        "",
        "landed",
        "orders 1,234",
        "note: One note.",
    ]
    assert str(report) == "\n".join(report.lines())
