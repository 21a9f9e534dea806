"""What a side found, as JSON that all sides write alike; needs the standard library alone."""

import json
from collections.abc import Iterable
from pathlib import Path


def write_sets(path: Path, sets: Iterable[tuple[Iterable[int], int]]) -> None:
    """Write item sets and their counts, in one order whatever the side's own is."""
    rows = sorted([sorted(map(int, items)), int(count)] for items, count in sets)
    path.write_text(json.dumps(rows))
