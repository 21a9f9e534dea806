"""Free text without what says who wrote it: pure functions on texts, before any model reads them.

What goes: e-mail addresses, social handles, addresses of pages with a user in them, phone, card and
bank account numbers, national identity numbers, and the names of known people. What stays: prices,
dates, times, versions, ratings, and numbers said to be of an order, a parcel, an invoice.

Where a bare number may be either, it goes: no model reads numbers, and a leak costs more.
"""

from cx_assets.privacy.scrub.folding import LABELS
from cx_assets.privacy.scrub.names import KnownNames, name_keys
from cx_assets.privacy.scrub.phones import REGIONS
from cx_assets.privacy.scrub.screen import candidates_sql, may_hold_identifiers
from cx_assets.privacy.scrub.texts import count_labels, scrub

__all__ = [
    "LABELS",
    "REGIONS",
    "KnownNames",
    "candidates_sql",
    "count_labels",
    "may_hold_identifiers",
    "name_keys",
    "scrub",
]
