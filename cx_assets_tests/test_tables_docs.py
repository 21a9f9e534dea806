"""The committed page of tables is the one that the code would write now."""

from cx_assets.settings import PROJECT_ROOT
from cx_assets.tables_docs import tables_docs
from cx_assets_tests.e2e.graph import definitions


def test_the_committed_page_is_what_the_tables_say() -> None:
    page = (PROJECT_ROOT / "docs" / "tables.md").read_text(encoding="utf-8")
    assert page == tables_docs(), "run `cx docs`"


def test_every_asset_that_is_a_table_has_its_section() -> None:
    page = tables_docs()
    for key in definitions().resolve_asset_graph().get_all_asset_keys():
        collected = key.path[0] == "collect" and key.path[1] not in (
            "landing_files",
            "rejected_rows",
        )
        if not collected and not key.path[1].endswith("outbox"):
            assert f"\n### {'.'.join(key.path)}\n" in page
