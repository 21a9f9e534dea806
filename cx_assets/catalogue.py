"""The catalogue of actions: a small YAML file that people write, read so that no slip is silent.

A wrong catalogue stops the start with one sentence: file, line, what is wrong and what may stand
there. What its conditions mean to the warehouse is checked in `catalogue_sql.py`.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

from cx_assets.settings import Settings

OUTCOMES = ("csat", "orders", "profit")
NONE = "none"  # what a policy calls doing nothing
# Everybody's eligible actions are one number, a bit each, and every set of them has its
# probabilities: 2 ** MOST_ACTIONS sets at most.
MOST_ACTIONS = 10
_DECIMALS = 4
_MOST_MONEY = 1_000_000

Values = Mapping[str, yaml.Node]


class CatalogueError(ValueError):
    """The catalogue cannot be used; the message starts with `path:line: `."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")


class _Problem(Exception):
    def __init__(self, node: yaml.Node, message: str) -> None:
        super().__init__(message)
        self.line = node.start_mark.line + 1


@dataclass(frozen=True)
class Action:
    """`eligible` is an SQL condition, `reason` a text with {columns}, of insight.customer_360."""

    name: str
    channel: str
    cost: Decimal
    """Money per delivery."""
    outcome: str
    worth: Decimal
    """Money per unit of the outcome."""
    eligible: str
    reason: str
    lines: Mapping[str, int] = field(compare=False, repr=False)
    """The line of each value, for messages."""

    @property
    def reason_columns(self) -> list[str]:
        return [name for _, name, _, _ in Formatter().parse(self.reason) if name is not None]


@dataclass(frozen=True)
class Catalogue:
    path: Path
    actions: tuple[Action, ...]
    """In the order of their names, so that the order in the file changes nothing."""

    def policy_version(self, holdout_share: float) -> str:
        """What decides, as a name: another one for any other action or holdout share."""
        content = [[str(getattr(action, key)) for key in sorted(FIELDS)] for action in self.actions]
        text = json.dumps([content, holdout_share])
        return f"thompson-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def catalogue_of(settings: Settings) -> Catalogue:
    """The catalogue that these settings name."""
    return read_catalogue(settings.actions)


def read_catalogue(path: Path) -> Catalogue:
    """Read and check a catalogue, all but its SQL.

    Raises:
        CatalogueError: there is no such file, or something in it is wrong.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), yaml.SafeLoader)
    except OSError as error:
        raise CatalogueError(path, 1, f"cannot read the catalogue: {error.strerror}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise CatalogueError(path, line, f"not UTF-8: {error.reason}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise CatalogueError(path, line, f"not YAML: {error.problem}") from error
    except yaml.YAMLError as error:
        raise CatalogueError(path, 1, f"not YAML: {error}") from error
    try:
        actions = _actions(root)
    except _Problem as problem:
        raise CatalogueError(path, problem.line, str(problem)) from problem
    if not actions:
        raise CatalogueError(path, 1, "the catalogue has no action")
    return Catalogue(path, tuple(sorted(actions, key=lambda action: action.name)))


def _actions(root: yaml.Node | None) -> list[Action]:
    if root is None:
        return []
    if not isinstance(root, yaml.SequenceNode):
        raise _Problem(root, "a catalogue is a list of actions, each starting with `- name:`")
    found: dict[str, Action] = {}
    for node in root.value:
        action = _action(node)
        if action.name in found:
            first = found[action.name].lines["name"]
            raise _Problem(node, f"action {action.name} stands twice, first in line {first}")
        found[action.name] = action
        if len(found) > MOST_ACTIONS:
            raise _Problem(node, f"more than {MOST_ACTIONS} actions")
    return list(found.values())


def _action(node: yaml.Node) -> Action:
    values = _values(node)
    for key in FIELDS:
        if key not in values and not (key == "worth" and _is_profit(values)):
            raise _Problem(node, f"the action has no {key}")
    read: dict[str, Any] = {"worth": Decimal(1)}
    read |= {key: FIELDS[key](key, value) for key, value in values.items()}
    if _is_profit(values) and read["worth"] != 1:
        raise _Problem(values["worth"], f"worth {read['worth']}: a unit of profit is worth 1")
    lines = {key: value.start_mark.line + 1 for key, value in values.items()}
    return Action(**read, lines=lines)


def _is_profit(values: Values) -> bool:
    return "outcome" in values and values["outcome"].value == "profit"


def _values(node: yaml.Node) -> Values:
    if not isinstance(node, yaml.MappingNode):
        raise _Problem(node, f"an action has the keys {', '.join(FIELDS)}")
    values: dict[str, yaml.Node] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.value not in FIELDS:
            raise _Problem(key, f"unknown key {key.value!r}: the keys are {', '.join(FIELDS)}")
        if key.value in values:
            raise _Problem(key, f"{key.value} stands twice")
        values[key.value] = value
    return values


def _text(key: str, node: yaml.Node) -> str:
    if not isinstance(node, yaml.ScalarNode) or not node.value.strip():
        raise _Problem(node, f"{key} is a text")
    return str(node.value).strip()


def _name(key: str, node: yaml.Node) -> str:
    name = _text(key, node)
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", name):
        raise _Problem(node, f"{key} {name!r}: at most 40 lower-case letters, digits and _")
    if name == NONE:
        raise _Problem(node, f"{key} {NONE}: that is what doing nothing is called")
    return name


def _outcome(key: str, node: yaml.Node) -> str:
    outcome = _text(key, node)
    if outcome not in OUTCOMES:
        raise _Problem(node, f"unknown {key} {outcome!r}: it is {', '.join(OUTCOMES)}")
    return outcome


def _money(key: str, node: yaml.Node) -> Decimal:
    written = node.value if isinstance(node, yaml.ScalarNode) else "?"
    try:
        money = Decimal(written)
    except InvalidOperation:
        raise _Problem(node, f"{key} {written!r} is no number") from None
    least = "above 0" if key == "worth" else "at least 0"
    if not money.is_finite() or not 0 <= money <= _MOST_MONEY or (key == "worth" and money == 0):
        raise _Problem(node, f"{key} {written}: it is {least} and at most {_MOST_MONEY:,}")
    if money != round(money, _DECIMALS):
        raise _Problem(node, f"{key} {written} has more than {_DECIMALS} decimals")
    return money.normalize()


def _reason(key: str, node: yaml.Node) -> str:
    reason = _text(key, node)
    try:
        parts = list(Formatter().parse(reason))
    except ValueError as error:
        raise _Problem(node, f"{key}: {error}; write {{{{ for a brace itself") from None
    for _, name, form, conversion in parts:
        if name is not None and (form or conversion or not name.isidentifier()):
            raise _Problem(node, f"{key}: braces hold the name of a column and nothing else")
    return reason


FIELDS: dict[str, Callable[[str, yaml.Node], object]] = {
    "name": _name,
    "channel": _text,
    "cost": _money,
    "outcome": _outcome,
    "worth": _money,
    "eligible": _text,
    "reason": _reason,
}
