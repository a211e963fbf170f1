"""What a date means as an expiry."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def expiry_moment(expires_at: datetime | date | None, time_zone: str) -> datetime | None:
    """The moment in UTC. A date without a time means the midnight that ends that day in `time_zone`.

    Raises OverflowError for what lies outside the years 1 to 9999: PostgreSQL would keep it, and nobody could
    read it again.
    """
    if expires_at is None:
        return None
    if not isinstance(expires_at, datetime):
        expires_at = datetime.combine(expires_at + timedelta(days=1), time.min, tzinfo=ZoneInfo(time_zone))
    return expires_at.astimezone(UTC)
