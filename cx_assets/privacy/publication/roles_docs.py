"""docs/roles.md, written from the declaration of the roles."""

from collections.abc import Sequence

from cx_assets.privacy.publication.roles import ROLES, Role, Shared

_INTRODUCTION = """\
# Who sees what

<!-- Written by cx_assets/privacy/publication/roles_docs.py; change roles.py instead. -->

`cx publish` writes a DuckDB file for each role, `<role>.duckdb` in `CX_PUBLISHED` (else in
`$CX_HOME/published`, where nobody but the owner gets to), with nothing in it but what stands here.
A file is its owner's only; `chgrp` and `chmod g+r` let a group in, and the next file of that name
takes both over. Consent is what the newest period says, for all periods.
Below, `t` is a row of the source and `p` what the newest period says of its customer; `sha256(...)`
is an HMAC with the installation's key. An erasure deletes the files; publish again to have them.
"""


def roles_docs(roles: Sequence[Role] = ROLES) -> str:
    """The page as Markdown: a section per role."""
    return _INTRODUCTION + "".join(map(_section, roles))


def _section(role: Role) -> str:
    customers = "".join(_customers(shared) for shared in role.tables if shared.of_customers)
    plain = [f"`{shared.source}`" for shared in role.tables if not shared.of_customers]
    about = f"\nTables about nobody, with all their columns: {', '.join(plain)}.\n" if plain else ""
    return f"\n## {role.name}\n\n{role.description}\n{customers}{about}"


def _customers(shared: Shared) -> str:
    named = shared.name if shared.name == shared.source else f"{shared.name}, of {shared.source}"
    kept = [name for name, sql in shared.columns.items() if sql == f"t.{name}"]
    made = {name: sql for name, sql in shared.columns.items() if name not in kept}
    rows = "".join(f"- `{name}`: `{sql}`\n" for name, sql in made.items())
    return (
        f"\n### {named}\n\nRows where `{shared.where}`.\n\n"
        f"As they are: {', '.join(f'`{name}`' for name in kept)}.\n" + (f"\n{rows}" if rows else "")
    )
