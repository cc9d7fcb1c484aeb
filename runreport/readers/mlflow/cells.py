"""Cells of a database as texts."""


def as_text(value: object) -> str | None:
    """Return a cell as text; SQLite allows any type in any column."""
    if value is None or isinstance(value, str):
        return value
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)
