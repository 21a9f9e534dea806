"""The SQL that types one landed value and says in words what is wrong with it."""

from datetime import date

from cx_assets.landing.contract import EARLIEST, LATEST, Field, Source
from cx_assets.periods import SQL_UNIT, Grain
from cx_assets.warehouse.names import literal, quoted

SHOWN = 60  # Characters of a wrong value that a reason quotes.
SPACES = r"E' \t\r\n'"
# ISO 8601, extended or basic, to the hour or finer; \1 to \8 are year ... second, fraction, zone.
ISO_TIME = (
    r"(\d{4})-?(\d\d)-?(\d\d)"
    r"(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d+))?)?)?(?: ?([Zz]|UTC|[+-]\d\d(?::?\d\d)?))?)?"
)
BOOLEANS = {"true": ("true", "t", "yes", "y", "1"), "false": ("false", "f", "no", "n", "0")}


def typed_rows(source: Source, fields: str, grain: Grain, first_period: date) -> str:
    """A query over the table `fields` (file, source_file, source_line, landed, problem, values).

    It gives `period`, the typed values and `refusal`: null, or all that is wrong with the row.
    """
    names = [field.name for field in source.fields]
    plain = ", ".join(f"{_present(field)} as {quoted(field.name)}" for field in source.fields)
    typed = ", ".join(f"{_typed(field)} as {_typed_name(field.name)}" for field in source.fields)
    reasons = ",\n".join(_reason(field) for field in source.fields)
    values = ", ".join(f"{_typed_name(name)} as {quoted(name)}" for name in names)
    event, first = _typed_name(source.event_time), f"date '{first_period}'"
    period = f"date_trunc('{SQL_UNIT[grain]}', {event})::date"
    if source.versioned:
        period, too_early = f"greatest({period}, {first})", "null"
    else:
        words = f"{source.event_time} is before the first period {first_period} (CX_FIRST_PERIOD): "
        too_early = f"case when {event} < {first} then {literal(words)} || {event} end"
    return f"""
        with present as (
            select file, source_file, source_line, landed, problem, {plain} from {fields}
        ), typed as (
            select *, {typed} from present
        ), judged as (
            select *,
                coalesce(problem, nullif(concat_ws('; ', {reasons}, {too_early}), '')) as refusal
            from typed
        )
        select file, source_file, source_line, landed, refusal, false as kept,
            case when refusal is null then {period} end as period, {values}
        from judged
    """


def _typed_name(name: str) -> str:
    return quoted(f"typed {name}")


def _present(field: Field) -> str:
    """The value as landed, null where there is nothing but space; only text keeps its spaces."""
    name = quoted(field.name)
    if field.type == "text":
        return f"case when trim({name}, {SPACES}) <> '' then {name} end"
    return f"nullif(trim({name}, {SPACES}), '')"


def _typed(field: Field) -> str:
    name = quoted(field.name)
    match field.type:
        case "text":
            return name
        case "integer":
            whole = f"regexp_full_match({name}, '[+-]?[0-9]+(\\.0*)?')"
            return f"case when {whole} then try_cast(split_part({name}, '.', 1) as bigint) end"
        case "number":
            return f"case when not contains({name}, '_') then try_cast({name} as double) end"
        case "time":
            return _time(name)
        case "date":
            day = rf"regexp_replace({name}, '{ISO_TIME}', '\1-\2-\3')"
            is_iso = f"regexp_full_match({name}, '{ISO_TIME}')"
            return f"case when {is_iso} then try_cast({day} as date) end"
        case "boolean":
            cases = (
                f"when lower({name}) in {words} then {value}" for value, words in BOOLEANS.items()
            )
            return f"case {' '.join(cases)} end"


def _time(name: str) -> str:
    """UTC without a zone. DuckDB's cast reads what is written in full; the rest is filled up."""
    part = f"regexp_extract({name}, '{ISO_TIME}', ['y', 'mo', 'd', 'h', 'mi', 's', 'f', 'z'])"
    filled = " || ".join(
        [f"{part}.y || '-' || {part}.mo || '-' || {part}.d || ' '"]
        + [f"rpad({part}.{key}, 2, '0') || '{end}'" for key, end in (("h", ":"), ("mi", ":"))]
        + [f"rpad({part}.s, 2, '0') || '.' || {part}.f || '0' || upper({part}.z)"]
    )
    return (
        f"case when regexp_full_match({name}, '{ISO_TIME}') then coalesce("
        f"try_cast({name} as timestamptz), try_cast({filled} as timestamptz)) "
        "at time zone 'UTC' end"
    )


def _reason(field: Field) -> str:
    """Null, or what is wrong with the value."""
    value, typed = quoted(field.name), _typed_name(field.name)
    owed = literal(f"{field.name} is missing") if field.need == "value" else "null"
    cases = [f"when {value} is null then {owed}"]

    def refuse(condition: str, words: str) -> None:
        if field.is_direct:  # What identifies somebody is not quoted.
            cases.append(f"when {condition} then {literal(f'{field.name} {words}')}")
            return
        text = literal(f"{field.name} {words}: ")
        cases.append(f"when {condition} then {text} || left({value}, {SHOWN})")

    if field.type == "text":
        cases.append(
            f"when contains({value}, chr(0)) then {literal(f'{field.name} holds a NUL byte')}"
        )
        refuse(
            f"length({value}) > {field.max_length}",
            f"is longer than {field.max_length} characters",
        )
    else:
        article = "an" if field.type == "integer" else "a"
        refuse(f"{typed} is null", f"is not {article} {field.type}")
    if field.type == "number":
        refuse(f"not isfinite({typed})", "is not a finite number")
    if field.type in ("time", "date"):
        kind = field.sql_type
        first, last = f"{kind} '{EARLIEST:%Y-%m-%d}'", f"{kind} '{LATEST:%Y-%m-%d}'"
        span = f"is not between {EARLIEST:%Y-%m-%d} and {LATEST:%Y-%m-%d}"
        refuse(f"{typed} not between {first} and {last}", span)
    if field.minimum is not None:
        refuse(f"{typed} < {field.minimum}", f"is below {field.minimum:,.12g}")
    if field.maximum is not None:
        refuse(f"{typed} > {field.maximum}", f"is above {field.maximum:,.12g}")
    if field.one_of:
        choices = ", ".join(map(literal, field.one_of))
        refuse(f"{value} not in ({choices})", f"is not one of {', '.join(field.one_of)}")
    return f"case {' '.join(cases)} end"
