"""Whose files these are: nobody's but the owner's, whatever the umask that a process inherits."""

import os


def keep_to_owner() -> None:
    """From now on this process, and all that it starts, makes files 0600 and folders 0700.

    For the modules that a process of the project starts with. DuckDB, SQLite and Dagster make files
    themselves, so no other place reaches all of them.
    """
    os.umask(0o077)
