"""Moving from Medusa v1: its database, read once as it is, becomes markets, cards and ledger entries here.

`source` reads, `translation` says what each row is in our words or why it can't be, `run` writes and
compares, `findings` collects what a person has to know. See docs/adr/0028-importing-from-medusa.md.
"""
