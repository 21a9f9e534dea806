"""How names are written in SQL. `analyze` is a keyword, so a table's name is always quoted."""


def quoted(name: str) -> str:
    """An identifier, safe whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def table_sql(table: str) -> str:
    """`analyze.clv` as SQL writes it: `"analyze"."clv"`."""
    return ".".join(quoted(part) for part in table.split("."))


def literal(text: str) -> str:
    """A string literal, safe whatever it holds; for the statements that bind no parameters."""
    return "'" + text.replace("'", "''") + "'"
