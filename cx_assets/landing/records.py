"""The SQL that takes text lines apart: lines to records, records to raw values by column.

A record of a CSV file may span lines, inside quotes. A line is looked at as if it began outside
quotes and as if it began inside, so a quote that is never closed costs its own line and no other.

The tables named in the queries: `texts` (file, line, place, text, broken, flaw), `spans` (file,
line, last, text), `records` (file, line, last, text, broken, flaw), `files` (file, path, landed,
columns, positions; columns is null for JSON lines). A line that is no text has a `flaw` in words
and `broken`, what can be shown of it, in place of `text`.

DuckDB works on 2,048 rows at once, so no row may become a long list: the values of a record are
counted before they are listed, and those of an object before it is parsed.
"""

from collections.abc import Sequence

from cx_assets.landing.contract import Source
from cx_assets.landing.file_read import MAX_COLUMNS, column_name
from cx_assets.landing.files import MAX_RECORD_BYTES
from cx_assets.warehouse.names import literal, quoted

_FIELD = '(?:"(?:[^"]|"")*"|[^",]*)'
_WHOLE = f"{_FIELD}(?:,{_FIELD})*"  # Begins and ends outside quotes.
_OPENS = f'(?:{_FIELD},)*"(?:[^"]|"")*'  # Begins outside, ends inside.
_CLOSES = f'(?:[^"]|"")*"(?:,{_FIELD})*'  # Begins inside, ends outside.
_STAYS = f'(?:[^"]|"")*(?:"(?:,{_FIELD})*,"(?:[^"]|"")*)?'  # Begins and ends inside.

NOT_UTF8 = "the line is not UTF-8"
TOO_LONG = "the line is longer than 1 MB"
NEVER_CLOSED = "a quote opened on this line is never closed"  # Nor is one after 1 MB.
STRAY_QUOTE = "a value that holds a quote must be quoted, and the quote in it doubled"
NOT_JSON = "the line is not JSON"
NO_OBJECT = "the line is JSON, but no object"
KEY_TWICE = "a key stands twice in the object"
TOO_MANY_VALUES = f"the object has more than {MAX_COLUMNS:,} values"


def texts(lines: str, files: str) -> str:
    """Query: each line as text, or, with a flaw, `broken`; bytes that are not UTF-8 are escaped."""
    return f"""
        with decoded as (
            select *, try(decode(raw)) as written
            from {lines} join {files} using (file)
        ), judged as (
            select *,
                case
                    when is_cut then {literal(TOO_LONG)}
                    when written is null then {literal(NOT_UTF8)}
                    when columns is null and {_has_too_many_values("written")}
                        then {literal(TOO_MANY_VALUES)}
                end as flaw
            from decoded
        )
        select file, line, place, flaw,
            case when flaw is null then written end as text,
            case when flaw is not null then coalesce(written, raw::varchar) end as broken
        from judged
    """


def spans(texts: str, files: str) -> str:
    """Query: the records of CSV files that span lines.

    A quoted value that a line opens goes on to the next line that could not stand inside quotes
    as a whole; the two are a pair where that line closes it. Where pairs touch, in a chain, every
    second one is real. What then has another number of columns than the header is no record, nor
    is what is longer than one may be.
    """
    # A sum numbers the chains, as a filtered count takes quadratic time as a window function.
    return f"""
        with turns as (
            select file, line, place,
                regexp_full_match(text, '{_OPENS}') as opens,
                regexp_full_match(text, '{_CLOSES}') as closes
            from {texts} join {files} using (file)
            where columns is not null and (
                text is null or (contains(text, '"') and not regexp_full_match(text, '{_STAYS}'))
            )
        ), paired as (
            select file, line as first, lead(line) over in_file as last,
                coalesce(opens and lead(closes) over in_file, false)
                    and lead(place) over in_file - place <= {MAX_RECORD_BYTES} as is_pair
            from turns
            window in_file as (partition by file order by line)
        ), chained as (
            select *, sum((not is_pair)::int) over (partition by file order by first) as chain
            from paired
        ), pairs as (
            select file, first, last from chained where is_pair
            qualify row_number() over (partition by file, chain order by first) % 2 = 1
        )
        select t.file, first as line, last, string_agg(text, chr(10) order by t.line) as text
        from {texts} as t
        asof join pairs on t.file = pairs.file and t.line >= pairs.first
        join {files} as f on t.file = f.file
        where t.line <= last
        group by t.file, first, last, columns
        having {_count("string_agg(text, chr(10) order by t.line)")} = columns
    """


def records(texts: str, spans: str) -> str:
    """Query: one row per record; blank lines are none."""
    return f"""
        select t.file, t.line, t.line as last, t.text, broken, flaw
        from {texts} as t
        asof left join {spans} as s on t.file = s.file and t.line >= s.line
        where (t.line > s.last or s.last is null) and t.text is distinct from ''
        union all
        select file, line, last, text, null, null from {spans}
    """


def lines_without_row(texts: str, records: str) -> str:
    """Query: (file, lines), the lines that are blank or go on with a record of an earlier line."""
    return f"""
        select file, count(*) - coalesce(any_value(records), 0)
        from {texts}
        left join (select file, count(*) as records from {records} group by file) using (file)
        group by file
    """


def csv_fields(source: Source, records: str, files: str) -> str:
    """Query: the raw values of each CSV record, or the `problem` of one that has none."""
    columns = ", ".join(
        f"parts[positions[{index}]] as {quoted(field.name)}"
        for index, field in enumerate(source.fields, start=1)
    )
    return f"""
        with counted as (
            select *, {_count("text")} as values
            from {records} join {files} using (file)
            where columns is not null
        ), judged as (
            select *,
                case
                    when flaw is not null then flaw
                    when contains(text, '"') and regexp_full_match(text, '{_OPENS}')
                        then {literal(NEVER_CLOSED)}
                    when contains(text, '"') and not regexp_full_match(text, '{_WHOLE}')
                        then {literal(STRAY_QUOTE)}
                    when values <> columns
                        then 'the line has ' || values || ' columns, the header has ' || columns
                end as problem
            from counted
        ), parsed as (
            select *, case when problem is null then {_values("text")} end as parts from judged
        )
        select file, path as source_file, line as source_line, landed, problem, {columns}
        from parsed
    """


def json_keys(records: str, files: str) -> str:
    """Query: the keys (file, key) in the objects of each JSON lines file, one more than may be.

    A key too long for a column's name is cut.
    """
    return f"""
        with found as (
            select distinct file, try(json_keys({_object("text")})) as keys
            from {records} join {files} using (file)
            where columns is null
        ), short as (
            select distinct file, left(key, {_KEY_LENGTH}) as key
            from (select file, unnest(keys) as key from found)
        )
        from short qualify row_number() over (partition by file) <= {MAX_COLUMNS} + 1
    """


def json_fields(source: Source, records: str, files: str, spellings: Sequence[str]) -> str:
    """Query: the raw values of each JSON line. `spellings` are the keys that name a column.

    Two spellings of one name in one object are refused, so the first that is there is the value.
    """
    places = {
        field.name: [
            f"parts[{index}]"
            for index, key in enumerate(spellings, start=1)
            if column_name(key) == field.name
        ]
        for field in source.fields
    }
    columns = ", ".join(
        f"coalesce({', '.join(parts)}) as {quoted(name)}" if parts else f"null as {quoted(name)}"
        for name, parts in places.items()
    )
    paths = ", ".join(literal(f'$."{key}"') for key in spellings)
    return f"""
        with objects as (
            select file, path, line, landed, text, flaw, {_object("text")} as object
            from {records} join {files} using (file)
            where columns is null
        ), parsed as (
            select *,
                try(json_keys(object)) as keys,
                try(json_extract_string(object, [{paths}]::varchar[])) as parts,
                case
                    when flaw is not null then flaw
                    when not json_valid(text) then {literal(NOT_JSON)}
                    when object is null then {literal(NO_OBJECT)}
                    when keys is null or parts is null then {literal(NOT_JSON)}
                    when len(list_distinct(list_transform(keys, lambda key: {_KEY_NAME})))
                        < len(keys) then {literal(KEY_TWICE)}
                end as problem
            from objects
        )
        select file, path as source_file, line as source_line, landed, problem, {columns}
        from (select * replace (case when problem is null then parts end as parts) from parsed)
    """


# The rule of file_read.column_name.
_KEY_NAME = r"lower(trim(key, chr(65279) || E' \t'))"
_KEY_LENGTH = 200


def _object(text: str) -> str:
    """The text if it is a JSON object, else null; nested, as json_type fails on what is no JSON."""
    is_object = f"case when json_type({text}) = 'OBJECT' then {text} end"
    return f"case when json_valid({text}) then {is_object} end"


def _has_too_many_values(text: str) -> str:
    """Whether a JSON text holds too many, at whatever depth; those in a string are none."""
    bare = rf"""regexp_replace({text}, '"(?:[^"\\]|\\.)*"', '', 'g')"""
    return f"case when {_marks(text)} > {MAX_COLUMNS} then {_marks(bare)} > {MAX_COLUMNS} end"


def _marks(text: str) -> str:
    """How many signs there are that a value comes before or after."""
    return f"strlen({text}) - strlen(translate({text}, ',:[{{', ''))"


def _times(letter: str, text: str) -> str:
    return f"strlen({text}) - strlen(replace({text}, '{letter}', ''))"


def _count(text: str) -> str:
    """How many values a whole record has."""
    bare = f"""regexp_replace({text}, '"(?:[^"]|"")*"', '', 'g')"""
    is_quoted = f"contains({text}, '\"')"
    return f"case when {is_quoted} then {_times(',', bare)} else {_times(',', text)} end + 1"


def _values(text: str) -> str:
    """The list of a record's values; text is only taken apart by pattern where it holds a quote."""
    plain = f"string_split({text}, ',')"
    by_pattern = f"""list_transform(
        regexp_extract_all({text} || ',', '({_FIELD}),', 1),
        lambda part: case
            when part[1] = '"' then replace(part[2:-2], '""', '"')
            else part
        end
    )"""
    return f"case when contains({text}, '\"') then {by_pattern} else {plain} end"
