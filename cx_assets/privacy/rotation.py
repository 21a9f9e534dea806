"""A new master key: every customer's own key is wrapped anew, and the old master key is gone."""

import os
from collections.abc import Mapping
from pathlib import Path

from cx_assets.privacy import keys
from cx_assets.privacy.keys import KeyProblem
from cx_assets.privacy.vault import Vault
from cx_assets.warehouse.copying import put_in_place


def rotate(folder: Path, vault: Path, env: Mapping[str, str] = os.environ) -> int:
    """Wrap the customers' keys with a new master key; returns how many were wrapped anew.

    A key file makes place for the new one once all is wrapped. Killed at any moment, both keys are
    at hand until a second call has finished the first one's work.

    Raises:
        KeyProblem: a key is missing, malformed or readable by others, or the key comes from the
            environment and the previous one is not given.
    """
    if env.get(keys.MASTER_VARIABLE):
        if not env.get(keys.PREVIOUS_VARIABLE):
            raise KeyProblem(
                f"the master key is in the environment: set {keys.MASTER_VARIABLE} to the new key "
                f"and {keys.PREVIOUS_VARIABLE} to the one until now, and rotate again"
            )
        return Vault(vault, keys.load(folder, vault, env)).rewrap()
    keys.load(folder, vault, env)
    keys.make_file(folder / keys.NEXT_MASTER)
    wrapped = Vault(vault, keys.load(folder, vault, env)).rewrap()
    put_in_place(folder / keys.NEXT_MASTER, folder / keys.MASTER)
    return wrapped
