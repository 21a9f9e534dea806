"""Every slip in the catalogue stops the load with its file and line; what is right has its SQL."""

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from cx_assets.catalogue import Catalogue, CatalogueError, catalogue_of, read_catalogue
from cx_assets.catalogue_sql import check_sql, eligible_sql, reasons_sql
from cx_assets.columns import Column
from cx_assets.settings import Settings
from cx_assets.world.settings import ACTIONS as WORLD_ACTIONS

COLUMNS = [
    Column(name, type_, "As it says.")
    for name, type_ in [
        ("period", "DATE"),
        ("customer_id", "VARCHAR"),
        ("frequency", "BIGINT"),
        ("last_score", "DOUBLE"),
        ("churn_reasons", "VARCHAR[]"),
    ]
]
CALL = """\
- name: call
  channel: phone
  cost: 6
  outcome: csat
  worth: 30
  eligible: last_score <= 2
  reason: "last answer: {last_score}"
"""
# What is put in place of a line of CALL, the line that the message names, and what it says.
SLIPS = [
    ("  cost: 6", "  costs: 6", 3, "unknown key 'costs'"),
    ("  cost: 6", "  ? [cost]\n  : 6", 3, "unknown key"),
    ("  cost: 6\n", "", 1, "the action has no cost"),
    ("  worth: 30\n", "", 1, "the action has no worth"),
    ("  cost: 6", "  cost: 6\n  cost: 7", 4, "cost stands twice"),
    ("  cost: 6", "  cost: six", 3, "cost 'six' is no number"),
    ("  cost: 6", "  cost: [6]", 3, "cost '[?]' is no number"),
    ("  cost: 6", "  cost: -1", 3, "at least 0"),
    ("  cost: 6", "  cost: nan", 3, "at least 0"),
    ("  cost: 6", "  cost: 0.00001", 3, "more than 4 decimals"),
    ("  worth: 30", "  worth: 0", 5, "above 0"),
    ("  outcome: csat", "  outcome: smiles", 4, "unknown outcome 'smiles'"),
    ("  outcome: csat", "  outcome: profit", 5, "a unit of profit is worth 1"),
    ("- name: call", "- name: Call me", 1, "lower-case"),
    ("- name: call", "- name: none", 1, "doing nothing"),
    ("  channel: phone", "  channel:", 2, "channel is a text"),
    ("  channel: phone", "  channel: [phone", 3, "not YAML"),
    ("{last_score}", "{last_score", 7, "write {{ for a brace"),
    ("{last_score}", "{last_score:.2f}", 7, "nothing else"),
    ("{last_score}", "{}", 7, "nothing else"),
    ("{last_score}", "{last_scores}", 7, "no column last_scores"),
    ("last_score <= 2", "last_scores <= 2", 6, 'column "last_scores" not found'),
    ("last_score <= 2", "last_score <=", 6, "cannot parse"),
    ("last_score <= 2", "last_score + 1", 6, "and this is a DOUBLE"),
    ("last_score <= 2", "true; drop table x", 6, "a second statement"),
    ("last_score <= 2", "true) or (true", 6, "cannot parse"),
    ("last_score <= 2", "select true", 6, "a query"),
    ("last_score <= 2", "exists (select 1 from orders)", 6, "a query"),
    ("last_score <= 2", "last_score <= $least", 6, "no parameters"),
    ("last_score <= 2", "sum(frequency) > 1", 6, "GROUP BY"),
    ("last_score <= 2", "rank() over (order by frequency) > 1", 6, "other customers"),
    ("last_score <= 2", "random() < 0.5", 6, "random is another value in every run"),
    ("last_score <= 2", "period < current_date", 6, "current_date is another value"),
    ("last_score <= 2", "last_score = '", 6, "cannot read"),
]


def loaded(folder: Path, text: str) -> Catalogue:
    path = folder / "actions.yaml"
    path.write_text(text)
    catalogue = read_catalogue(path)
    check_sql(catalogue, COLUMNS)
    return catalogue


@pytest.mark.parametrize(("written", "instead", "line", "message"), SLIPS)
def test_a_slip_is_named_with_file_and_line(
    written: str, instead: str, line: int, message: str, tmp_path: Path
) -> None:
    assert written in CALL
    with pytest.raises(CatalogueError) as error:
        loaded(tmp_path, CALL.replace(written, instead))
    assert str(error.value).startswith(f"{tmp_path}/actions.yaml:{line}: ")
    assert message.replace("[?]", "?") in str(error.value)


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "no action"),
        ("call: 6", 1, "a list of actions"),
        ("- call", 1, "an action has the keys"),
        (CALL + CALL, 8, "action call stands twice, first in line 1"),
        ("".join(CALL.replace("call", f"call_{n}") for n in range(11)), 71, "more than 10"),
    ],
)
def test_a_catalogue_is_a_short_list_of_actions(
    text: str, line: int, message: str, tmp_path: Path
) -> None:
    with pytest.raises(CatalogueError, match=rf"actions.yaml:{line}: .*{message}"):
        loaded(tmp_path, text)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match=r"no\.yaml:1: cannot read"):
        read_catalogue(tmp_path / "no.yaml")
    (tmp_path / "latin.yaml").write_bytes("# 1\n- name: caf\xe9".encode("latin-1"))
    with pytest.raises(CatalogueError, match=r"latin\.yaml:2: not UTF-8"):
        read_catalogue(tmp_path / "latin.yaml")


def test_the_shipped_catalogue_is_what_the_sample_world_can_answer() -> None:
    shipped = catalogue_of(Settings.from_env({}))
    assert {(action.name, action.channel) for action in shipped.actions} == {
        (action.name, action.channel) for action in WORLD_ACTIONS
    }
    assert {action.outcome for action in shipped.actions} == {"csat", "orders", "profit"}


def test_another_policy_is_another_version_and_a_comment_is_none(tmp_path: Path) -> None:
    first = loaded(tmp_path, CALL)
    version = first.policy_version(0.1)
    assert version.startswith("thompson-")
    assert version == loaded(tmp_path, "# Mine.\n" + CALL.replace("6", "6.00")).policy_version(0.1)
    assert version != first.policy_version(0.2)
    for key in ("phone", "cost: 6", "csat", "30", "<= 2", "last answer"):
        other = {"phone": "email", "csat": "orders", "<= 2": "< 2", "last answer": "answer"}
        changed = CALL.replace(key, other.get(key, key + "1"))
        assert loaded(tmp_path, changed).policy_version(0.1) != version, key


def test_the_order_in_the_file_changes_nothing(tmp_path: Path) -> None:
    tips = CALL.replace("call", "a_tip")
    one, other = loaded(tmp_path, CALL + tips), loaded(tmp_path, tips + CALL)
    assert [action.name for action in one.actions] == ["a_tip", "call"]
    assert one.policy_version(0.1) == other.policy_version(0.1)
    assert one.actions[0].cost == Decimal(6)


def test_conditions_are_bits_and_reasons_have_the_customers_figures(tmp_path: Path) -> None:
    other = (
        CALL.replace("call", "voucher")
        .replace("last_score <= 2", "|\n    frequency > 1 -- or more\n    or last_score = 5")
        .replace('"last answer: {last_score}"', "it's {frequency}, {{{churn_reasons}}}")
    )
    actions = loaded(tmp_path, CALL + other).actions
    types = {column.name: column.type for column in COLUMNS}
    rows = duckdb.execute(
        f"""
        select {eligible_sql(actions)}, {reasons_sql(actions, types, "customers.name")}
        from (values
            ('call', 3, 2.0, ['late']), ('call', null, 1.95, null), ('voucher', 1, null, []),
            ('voucher', 2, 5.0, ['late', 'dear'])
        ) as customers (name, frequency, last_score, churn_reasons)
        """
    ).fetchall()
    assert rows == [
        (3, "last answer: 2"),
        (1, "last answer: 2"),
        (0, "it's 1, {unknown}"),
        (2, "it's 2, {late, dear}"),
    ]


@pytest.mark.slow
def test_a_wrong_catalogue_stops_the_whole_project_from_loading(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(CALL.replace("last_score <= 2", "last_scores <= 2"))
    run = subprocess.run(
        [sys.executable, "-c", "import cx_assets.definitions"],
        env={**os.environ, "CX_ACTIONS": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert f'{path}:6: eligible: Binder Error: Referenced column "last_scores"' in run.stderr
