"""What a date means as an expiry, and what a number of months means as a validity."""

from calendar import monthrange
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


def end_of_validity(issued_at: datetime, months: int, time_zone: str) -> datetime:
    """The midnight that ends the day `months` after the day of `issued_at`, in `time_zone`. Raises
    OverflowError."""
    day = _months_after(issued_at.astimezone(ZoneInfo(time_zone)).date(), months)
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


def earliest_end(issued_at: datetime, months: int, time_zone: str) -> datetime:
    """When clocks in `time_zone` have shown `months` since `issued_at`, to the microsecond. Raises
    OverflowError."""
    local = issued_at.astimezone(ZoneInfo(time_zone))
    day = _months_after(local.date(), months)
    return datetime.combine(day, local.time().replace(fold=0), tzinfo=local.tzinfo).astimezone(UTC)


def _months_after(day: date, months: int) -> date:
    """The same day of the month, or the last one where the month is too short."""
    years, month = divmod(day.month - 1 + months, 12)
    year = day.year + years
    if year > date.max.year:
        raise OverflowError("date value out of range")
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
