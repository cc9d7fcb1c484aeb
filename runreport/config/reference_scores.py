"""Reference scores of tasks from a CSV file with the columns task, low and high."""

import csv
import math
from pathlib import Path

from runreport.config.options import ReferenceOptions
from runreport.errors import ConfigError

_COLUMNS = ("task", "low", "high")


def read_reference_scores(path: Path) -> dict[str, ReferenceOptions]:
    """Return the two reference scores of each task.

    Raises:
        ConfigError: the file cannot be read, lacks a column, or a score is no finite number.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            missing = [name for name in _COLUMNS if name not in (table.fieldnames or ())]
            if missing:
                raise ConfigError(
                    f"The file of reference scores {path} has no column {missing[0]!r}.",
                    hint=f"Its first line must name the columns {', '.join(_COLUMNS)}.",
                )
            return {row["task"]: _scores(row, path, number) for number, row in enumerate(table, start=2)}
    except OSError as error:
        raise ConfigError(f"The file of reference scores {path} cannot be read: {error.strerror}.") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError(f"The file of reference scores {path} is not a CSV file in UTF-8: {error}.") from None


def _scores(row: dict[str, str], path: Path, line: int) -> ReferenceOptions:
    try:
        low, high = float(row["low"]), float(row["high"])
    except (TypeError, ValueError):
        low = high = math.nan
    if not math.isfinite(low) or not math.isfinite(high):
        raise ConfigError(
            f"{path}, line {line}: low and high must be finite numbers, not {row['low']!r} and {row['high']!r}."
        )
    return ReferenceOptions(low=low, high=high)
