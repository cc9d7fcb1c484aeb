"""Moments as logs write them."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEARS = range(1971, 2200)


def moment(seconds: float | None) -> datetime | None:
    """Return the moment so many seconds after 1970, None when that is no plausible time of a run."""
    try:
        found = EPOCH + timedelta(seconds=seconds) if seconds is not None else None
    except (OverflowError, ValueError):
        return None
    return found if found and found.year in _YEARS else None


def parse_time(text: object) -> datetime | None:
    """Return the moment an ISO 8601 text names, None when it names none; one without a zone is taken as UTC.

    >>> parse_time("2026-03-01T12:00:00+02:00")
    datetime.datetime(2026, 3, 1, 10, 0, tzinfo=datetime.timezone.utc)
    """
    if not isinstance(text, str):
        return None
    try:
        stamp = datetime.fromisoformat(text.strip())
        return stamp.astimezone(UTC) if stamp.tzinfo else stamp.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def microseconds(stamp: datetime) -> int:
    """Return a moment as microseconds after 1970."""
    return (stamp - EPOCH) // timedelta(microseconds=1)
