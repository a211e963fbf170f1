"""`/oauth/…` and `/.well-known/jwks.json`: JSON, on any allowed host name, without sessions or CSRF."""
