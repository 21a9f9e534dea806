"""Erasure that can be proved: what is a person's is found, removed everywhere, and searched for."""

from cx_assets.privacy.erasure.certificate import Certificate, certificate, write
from cx_assets.privacy.erasure.needles import Needle, needles
from cx_assets.privacy.erasure.person import Person
from cx_assets.privacy.erasure.removal import Removal, erase
from cx_assets.privacy.erasure.search import Found, Searched, find

__all__ = [
    "Certificate",
    "Found",
    "Needle",
    "Person",
    "Removal",
    "Searched",
    "certificate",
    "erase",
    "find",
    "needles",
    "write",
]
