from cx_assets.landing.docs import landing_docs
from cx_assets.landing.sources import SOURCES
from cx_assets.settings import PROJECT_ROOT


def test_the_committed_page_is_what_the_declarations_say() -> None:
    page = (PROJECT_ROOT / "docs" / "landing.md").read_text(encoding="utf-8")
    assert page == landing_docs(), "run `cx docs`"


def test_every_column_of_every_source_has_a_line() -> None:
    page = landing_docs()
    for source in SOURCES.values():
        section = page.split(f"## {source.name}\n")[1].split("\n## ")[0]
        assert [field.name for field in source.fields] == [
            line.split("`")[1] for line in section.splitlines() if line.startswith("| `")
        ]
