"""Primary keys made by the application: no sequence to share, and new rows lie side by side in an index."""

from uuid import UUID

from uuid_utils import compat


def uuid7() -> UUID:
    return compat.uuid7()
