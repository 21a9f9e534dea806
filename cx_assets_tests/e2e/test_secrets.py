"""Keys and the webhook's token are in no output, log, record or table, whatever succeeds or fails.

A run keeps what it says in Dagster's storage for ever, and a traceback may quote anything.
"""

import base64
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from cx_assets.privacy.pseudonyms import pads
from cx_assets.settings import PROJECT_ROOT, Settings
from cx_assets.warehouse.duckdb import DuckDBWarehouse
from cx_assets_tests.conftest import LAST_PERIOD
from cx_assets_tests.e2e.commands import BIN, environment
from cx_assets_tests.e2e.graph import tables

pytestmark = pytest.mark.slow

TOKEN = "T0K3N-4f7a91c2e8"
KEYS = {"master": os.urandom(32), "next": os.urandom(32), "pseudonym": os.urandom(32)}
MALFORMED = os.urandom(31).hex()
COLLECTING = ("launch", "--assets", "collect/customers", "--partition", "2024-02-01")
SECRETS = {
    "CX_MASTER_KEY": KEYS["master"].hex(),
    "CX_PSEUDONYM_KEY": KEYS["pseudonym"].hex(),
    # Nobody listens there, so that posting fails too.
    "CX_WEBHOOK_URL": f"http://127.0.0.1:9/hooks/{TOKEN}",
}


def spellings() -> dict[str, bytes]:
    """Every way in which a secret could be written down, by a name that gives nothing away."""
    found = {"token": TOKEN.encode(), "malformed": MALFORMED.encode()}
    for name, key in KEYS.items():
        for kind, raw in {"": key, **pads(key)}.items():
            assert isinstance(raw, bytes)
            # Of the pads, the part that is made from the key; the rest is the same for all.
            part = raw[: len(key)]
            found |= {
                f"{name} {kind} bytes": part,
                f"{name} {kind} hex": part.hex().encode(),
                f"{name} {kind} HEX": part.hex().upper().encode(),
                f"{name} {kind} base64": base64.b64encode(part).rstrip(b"="),
                f"{name} {kind} base64, urls": base64.urlsafe_b64encode(part).rstrip(b"="),
                f"{name} {kind} python": repr(part)[2:-1].encode(),
                f"{name} {kind} SQL": "".join(f"\\x{byte:02X}" for byte in part).encode(),
            }
    return found


def leaks(places: Mapping[str, bytes]) -> list[str]:
    sought = spellings().items()
    return [
        f"{how} in {place}" for place, held in places.items() for how, one in sought if one in held
    ]


def everything(settings: Settings) -> Iterator[tuple[str, bytes]]:
    """Every file below the home as it is, and what SQLite and DuckDB files say when asked."""
    for path in sorted(settings.home.rglob("*")):
        if not path.is_file():
            continue
        yield str(path), path.read_bytes()
        if path.suffix in (".db", ".sqlite"):
            with closing(sqlite3.connect(path)) as db:
                yield f"{path}, asked", "\n".join(db.iterdump()).encode("utf-8", "replace")
    for name, table in tables(settings).items():
        yield name, repr(table.to_pylist()).encode()


class Shell:
    """Commands on one home, and all that they have said."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.said: dict[str, bytes] = {}

    def run(self, program: str, *words: str, fails: bool = False, **more: str) -> str:
        env = environment(
            self.settings.home,
            CX_FIRST_PERIOD="2024-01-01",
            CX_LAST_PERIOD=LAST_PERIOD,
            **{**SECRETS, **more},
        )
        done = subprocess.run(
            [BIN / program, *words], env=env, capture_output=True, check=False, cwd=PROJECT_ROOT
        )
        said = done.stdout + done.stderr
        self.said[f"{program} {' '.join(words)} {len(self.said)}"] = said
        assert bool(done.returncode) == fails, said.decode()[-3000:]
        return said.decode()


def test_secrets_are_nowhere(settings: Settings, small_landing: Path) -> None:
    shutil.copytree(small_landing, settings.landing)
    broken = settings.landing / "customers" / "broken.parquet"
    broken.write_bytes(b"PAR1 broken")
    shell = Shell(settings)
    shell.run("cx", "home")
    shell.run("dg", *COLLECTING)
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        ((who,),) = session.rows("select min(customer_id) from collect.customers")

    # With a key that opens nothing, a run fails with a traceback and a command with a sentence.
    wrong = {"CX_MASTER_KEY": KEYS["next"].hex()}
    assert "KeyProblem" in shell.run("dg", *COLLECTING, fails=True, **wrong)
    shell.run("cx", "reveal", who, fails=True, **wrong)
    told = shell.run("cx", "erase", who, fails=True)
    assert "Error: 1 erasures are not complete" in told
    assert "Traceback" not in told
    assert "is no key of 64 hex" in shell.run("cx", "erase", fails=True, CX_MASTER_KEY=MALFORMED)
    broken.unlink()
    assert "1 requests fulfilled" in shell.run("cx", "erase")

    both = {**wrong, "CX_MASTER_KEY_PREVIOUS": KEYS["master"].hex()}
    shell.run("cx", "rotate-keys", **both)
    shell.run("cx", "doctor", **wrong)

    places = {**shell.said, **dict(everything(settings))}
    runs = [place for place in places if "history/runs" in place]
    assert len(runs) > 3
    assert leaks(places) == []
    assert not settings.keys.exists() or not list(settings.keys.iterdir())


@pytest.mark.parametrize("how", [name for name in spellings() if name.startswith("pseudonym")])
def test_a_secret_that_is_written_down_is_found(how: str) -> None:
    planted = {"log": b"pads of " + spellings()[how] + b" and more"}
    assert any(one.startswith(how) for one in leaks(planted))


def test_a_secret_in_a_table_and_in_the_records_is_found(settings: Settings) -> None:
    settings.home.mkdir()
    with DuckDBWarehouse.at(settings.warehouse).connect() as session:
        session.execute("create schema process")
        session.execute(
            "create table process.t as select repeat('x', 20000) || $key as note",
            {"key": KEYS["master"].hex()},
        )
    with closing(sqlite3.connect(settings.home / "runs.db")) as db:
        db.execute("create table logs as select ? as event", (TOKEN,))
        db.commit()
    found = leaks(dict(everything(settings)))
    assert "master  hex in process.t" in found
    assert f"token in {settings.home / 'runs.db'}, asked" in found
