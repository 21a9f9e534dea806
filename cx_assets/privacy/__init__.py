"""Personal data: keys, pseudonyms, the vault of identifiers, scrubbed texts, erasure.

Identifiers come in by the landing zone and stop at `guard`: what stands in the warehouse is a keyed
pseudonym, and the value itself is in the vault, sealed with a key of the customer's own.
"""
