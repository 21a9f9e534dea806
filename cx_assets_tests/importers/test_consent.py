"""No public data set tells of consent: there is none, unless whoever imports it says so."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from cx_assets.cli import main

from .helpers import rows
from .test_olist import FILES
from .test_online_retail import LINES, write_csv


def online_retail(folder: Path) -> Path:
    return write_csv(folder / "data.csv", LINES)


def olist(folder: Path) -> Path:
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def cdnow(folder: Path) -> Path:
    path = folder / "CDNOW_master.txt"
    path.write_text(" 00002 19970112  1   12.00\n 00001 19970102  3   10.00\n")
    return path


@pytest.mark.parametrize(
    ("name", "write"), [("online-retail", online_retail), ("olist", olist), ("cdnow", cdnow)]
)
def test_consent_is_assumed_where_it_is_said(
    tmp_path: Path, landing: Path, name: str, write: Callable[[Path], Path]
) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    words = ["import", name, str(write(folder))]
    env = {"CX_HOME": str(tmp_path)}
    plain = CliRunner().invoke(main, words, env=env, catch_exceptions=False)
    assert "note: The data tell of no consent" in plain.output
    before = rows(landing, "customers", "select *")
    assert not any(
        "consent" in column for column, *_ in rows(landing, "customers", "describe select *")
    )

    assumed = CliRunner().invoke(main, [*words, "--assume-consent"], env=env)
    assert "note: Everybody is taken to have given both consents" in assumed.output
    after = rows(landing, "customers", "select * exclude (consent_marketing, consent_analytics)")
    assert after == before
    consents = "select distinct consent_marketing, consent_analytics"
    assert rows(landing, "customers", consents) == [(True, True)]
