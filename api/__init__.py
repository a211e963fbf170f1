"""The wire: JSON:API, and nothing of the business.

| about | modules |
|---|---|
| addresses and views | routers, dispatching, reading, views, singletons |
| what a resource is | serializers, fields, computed, declaration |
| what a request says | requests, negotiation, query_strings, query, parsers, validation |
| which rows | selecting, filtering, predicates, matchers, paging, cursors, keyset |
| the statement for them | shapes, columns, bind_parameters, compiled_statements |
| resources out of rows | planning, plans |
| answers | documents, errors, exceptions, middleware |
| one effect for each key | idempotency, stored_answers |
| how often | rate_limits, throttling, client_address |
| who calls, as far as the wire must know | credential |
| the service described | openapi |

CONTRIBUTING.md follows a request through them.
"""
