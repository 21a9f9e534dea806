"""Runs small worlds and reads what they wrote, for the tests of the world."""

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from cx_assets.world import DirtRates, WorldSettings
from cx_assets.world.world import World

CLEAN = DirtRates(duplicate=0, broken=0, ragged=0, late=0, contact_in_text=0)


@dataclass(frozen=True)
class Run:
    """A finished world and its two folders."""

    landing: Path
    truth: Path

    def file(self, source: str, month: str) -> pd.DataFrame:
        return read(next((self.landing / source).glob(f"*_{month}.*")))

    def source(self, name: str) -> pd.DataFrame:
        """All rows of a source in the order they landed; times of text files stay text."""
        paths = sorted((self.landing / name).iterdir())
        return pd.concat([read(path) for path in paths], ignore_index=True)

    def newest(self, name: str, key: str) -> pd.DataFrame:
        """The last landed state of every key of a clean world."""
        return self.source(name).drop_duplicates(key, keep="last").reset_index(drop=True)

    def true(self, table: str) -> pd.DataFrame:
        """A table of the truth with the column `period` where there is one file per period."""
        single = self.truth / f"{table}.parquet"
        if single.exists():
            return pq.read_table(single).to_pandas()
        frames = [
            pq.read_table(path).to_pandas().assign(period=path.stem)
            for path in sorted((self.truth / table).iterdir())
        ]
        return pd.concat(frames, ignore_index=True)

    def dirt(self, source: str, kind: str) -> int:
        counts = self.true("dirt")
        return int(counts[(counts["source"] == source) & (counts["kind"] == kind)]["rows"].sum())


def live(settings: WorldSettings, folder: Path, months: int, outbox: Path | None = None) -> Run:
    world = World(settings, landing=folder / "landing", truth=folder / "truth")
    for _ in range(months):
        world.step(outbox)
    return Run(folder / "landing", folder / "truth")


def read(path: Path) -> pd.DataFrame:
    """Text files with every value as text, ragged CSV lines left out."""
    if path.suffix == ".parquet":
        return pq.read_table(path).to_pandas()
    if ".csv" in path.suffixes:
        return pd.read_csv(path, dtype=str, on_bad_lines="skip")
    return pd.read_json(path, lines=True, dtype=False)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, by its relative path."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def effects(run: Run) -> dict[str, dict[str, dict[str, float]]]:
    loaded: dict[str, dict[str, dict[str, float]]] = json.loads(
        (run.truth / "effects.json").read_text()
    )
    return loaded
