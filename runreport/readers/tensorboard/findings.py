"""What a block or file of events turns out to hold, as values."""

from collections import Counter
from dataclasses import dataclass, field

from runreport.readers.tensorboard.wirecolumns import Codes, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Points in the order of the log, [p] each: tag code, step, time in microseconds (0: not said) and value."""

    tag: Codes
    step: Ints
    time_us: Ints
    value: Floats

    def __len__(self) -> int:
        return len(self.tag)


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginData:
    """What a plugin stored under a tag instead of a value, and when."""

    tag: bytes
    content: bytes
    wall_time: float


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a file holds besides its points.

    Attributes:
        kinds: how many records or values of other kinds there are.
        damaged: how many records or values do not decode; ``first_damaged`` is the place of the first in the file.
        untimed: how many records were left out because their wall time is no time.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    damaged: int = 0
    first_damaged: int | None = None
    untimed: int = 0

    def count(self, kind: str, number: int = 1) -> None:
        """Count values or records of a kind that is not read."""
        if number:
            self.kinds[kind] += number

    def add_damage(self, position: int) -> None:
        """Count something damaged."""
        self.damaged += 1
        self.first_damaged = position if self.first_damaged is None else min(position, self.first_damaged)
