"""Typed comparison of two logged values, and the shape of a difference table."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffCell:
    """What one side has for a key: distinct texts with how many runs have each, and how many runs lack the key."""

    values: tuple[tuple[str, int], ...]
    missing: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DiffRow:
    """One key; ``is_different`` when the sides do not agree, and missing is not equal to anything."""

    key: str
    cells: tuple[DiffCell, ...]
    is_different: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """One section (params, tags, environment, code, datasets): a row per key, a cell per side."""

    section: str
    sides: tuple[str, ...]
    rows: tuple[DiffRow, ...]

    @property
    def different(self) -> tuple[DiffRow, ...]:
        """The rows that are shown by default."""
        return tuple(row for row in self.rows if row.is_different)
