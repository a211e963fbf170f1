"""Medusa v1's gift-card API (1.20), translated onto our operations. It has no tables and no rules of its own.

Amounts, ids and times keep their meaning; only names and shapes change. See docs/medusa.md and
docs/adr/0024-medusa-is-a-translation.md.
"""
