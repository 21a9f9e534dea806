"""The command line: an example in every help, and one sentence where a person must act."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from cx_assets.cli import import_, main

IMPORTS = {"online-retail", "olist", "cdnow"}


def test_every_import_has_an_example() -> None:
    assert set(import_.commands) == IMPORTS
    for name in IMPORTS:
        shown = CliRunner().invoke(main, ["import", name, "--help"])
        assert f"cx import {name} " in shown.output


@pytest.mark.parametrize("name", sorted(IMPORTS))
def test_a_wrong_path_is_one_sentence(name: str, tmp_path: Path) -> None:
    refused = CliRunner().invoke(main, ["import", name, str(tmp_path / "nowhere")])
    assert refused.exit_code == 1
    assert refused.output.startswith("Error: ")
    assert "nowhere" in refused.output
    assert "Traceback" not in refused.output


def test_a_wrong_setting_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CX_SEGMENTS", "many")
    refused = CliRunner().invoke(main, ["scorecard"])
    assert refused.exit_code == 1
    assert "CX_SEGMENTS is 'many'" in refused.output


def test_no_warehouse_yet_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path))
    refused = CliRunner().invoke(main, ["scorecard"])
    assert "make demo" in refused.output


def test_home_is_ready_for_dagster(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CX_HOME", str(tmp_path / "cx"))
    shown = CliRunner().invoke(main, ["home"])
    home = Path(shown.output.strip())
    assert home == tmp_path / "cx" / "dagster"
    assert "free_slots_after_run_end_seconds: 15" in (home / "dagster.yaml").read_text()
    assert home.stat().st_mode & 0o077 == 0
