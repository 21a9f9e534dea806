"""What leaves the house: a file per role, and figures about groups of people.

`roles` declares who may see what and `role_files` writes it. Figures are made of groups of at least
k people (`groups`, `figures`), with noise if wanted (`noise`), are remembered for good (`ledger`),
and are written to files by `release`.
"""
