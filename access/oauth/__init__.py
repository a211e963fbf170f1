"""OAuth 2 client credentials (RFC 6749 §4.4): an API key's public id and its text, for a token of two hours.

A token is a signed statement of which key it was made from and what of it is wanted. It allows nothing by
itself: every request asks about that key. See docs/adr/0020-tokens-and-revocation.md.
"""
