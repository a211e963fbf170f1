"""What a date means as an expiry."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def expiry_moment(expires_at: datetime | date | None, time_zone: str) -> datetime | None:
    """A date without a time means the midnight that ends that day in `time_zone`; a moment stays as it is."""
    if expires_at is None or isinstance(expires_at, datetime):
        return expires_at
    return datetime.combine(expires_at + timedelta(days=1), time.min, tzinfo=ZoneInfo(time_zone))
