"""docs/landing.md, written from the declarations that the reader itself obeys."""

from cx_assets.landing.contract import EARLIEST, LATEST, MAX_ID_LENGTH, Field, Source
from cx_assets.landing.file_read import MAX_COLUMNS
from cx_assets.landing.files import MAX_BYTES
from cx_assets.landing.sources import SOURCES

_NEEDED = {"value": "a value in every row", "column": "the column", "nothing": "no"}

_INTRODUCTION = f"""\
# Landing files

<!-- Written by cx_assets/landing/docs.py; change the declarations in sources.py instead. -->

What arrives as a file is read from the landing zone (`CX_LANDING`, by default `.cx/landing`):

```
landing/<source>/**/*.{{csv,csv.gz,parquet,jsonl,jsonl.gz}}
```

Other files are left alone, and so is every file or folder whose name begins with `.` or `_` or ends
in `.tmp` or `.part`: write under such a name and rename the file when it is whole. Links that leave
the landing zone, and linked folders, are not followed; they are reported.

## How a file is read

- **Columns** go by name, in any order; case and spaces around a name do not matter. An unknown
  column is kept out and named in `collect.landing_files.unknown_columns`. A file without one of the
  needed columns is not read at all. Any other missing column reads as null.
- **Text** is UTF-8, with or without a byte order mark; lines end in LF or CR LF. CSV has a header,
  commas, and double quotes around a value that holds a comma, a quote (doubled) or a line break; a
  line break inside a value reads as LF. JSON lines hold one object per line. Blank lines are no
  rows. An empty value, or one of spaces, is null.
- **Times** are ISO 8601, in UTC unless they carry an offset, from {EARLIEST:%Y-%m-%d} to
  {LATEST:%Y-%m-%d}. Dates are ISO 8601 too; of a time, the date part counts. Booleans are `true`,
  `t`, `yes`, `y`, `1` and `false`, `f`, `no`, `n`, `0`.
- **Texts** are at most {MAX_ID_LENGTH} characters long where nothing else is said.
- **Bounds.** A row of a text file is at most 1 MB long and, as JSON, of {MAX_COLUMNS:,} values; a
  longer one is rejected. A file has at most {MAX_COLUMNS:,} columns and holds, unpacked, at most
  `CX_MAX_FILE_BYTES` (by default {MAX_BYTES:,}); a larger one is not read.

## What becomes of a row

- A row goes to the **period** of its event time. A state of a customer or product that is older
  than the first period (`CX_FIRST_PERIOD`) belongs to the first period; an event that old is
  rejected. A row of a period that has not been materialised since the file landed is *pending*.
- The same **key** landed twice is one row of each period: of customers and products the newest
  state, else the row of the file that was modified last (then the greater path, then the later
  line). A key that comes again with an event time in another period is a row of both periods.
- A row that cannot be read is **rejected**: `collect.rejected_rows` has the file, the line, all
  that is wrong with it and the row as it landed.
- A file that cannot be read at all stops nothing else: `collect.landing_files.error` says why and
  what to do, and it has one row without a line in `collect.rejected_rows`.
- For every file, `rows = collected + duplicates + rejected + pending`.

A file may be **rewritten**: its rows are replaced in each period that is materialised from then
on. A file that is **gone**, or cannot be opened, keeps the rows that were collected of its last
content. A file that looks as it did (size and modification time) and has no rows in the periods of
a run is not opened.

`collect.<source>` has the columns below, `period` (the period's first day), `source_file` (relative
to the landing zone) and `source_line` (the line of a text file, a CSV header being 1; the row of a
Parquet file, from 1).
"""


def landing_docs() -> str:
    """The Markdown of docs/landing.md."""
    return "\n".join([_INTRODUCTION, *(_section(source) for source in SOURCES.values())])


def _section(source: Source) -> str:
    key = ", ".join(f"`{name}`" for name in source.key)
    event = source.event_time
    rows = "\n".join(_row(field) for field in source.fields)
    return f"""\
## {source.name}

{source.description}

Files: `landing/{source.name}/`. Key: {key}. Event time: `{event}`.

| column | type | needed | values | meaning |
|---|---|---|---|---|
{rows}
"""


def _row(field: Field) -> str:
    cells = (
        f"`{field.name}`",
        field.type,
        _NEEDED[field.need],
        _values(field),
        field.description.replace("|", "\\|"),
    )
    return f"| {' | '.join(cells)} |"


def _values(field: Field) -> str:
    parts = []
    if field.one_of:
        parts.append(", ".join(f"`{value}`" for value in field.one_of))
    if field.minimum is not None:
        parts.append(f"at least {field.minimum:,.12g}")
    if field.maximum is not None:
        parts.append(f"at most {field.maximum:,.12g}")
    if field.type == "text" and field.max_length != MAX_ID_LENGTH:
        parts.append(f"up to {field.max_length:,} characters")
    return ", ".join(parts)
