"""NPY and NPZ files of learning curves: one curve, one curve per seed, or named arrays over a common step."""

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from runreport.errors import ReadError
from runreport.formats import npy
from runreport.formats.files import read_bytes
from runreport.model.entities import RunBatch
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.arrays.columns import REPEATS, SERIES, STEPS, add_columns, add_series
from runreport.readers.arrays.names import CurveName, name_of, named_params, stem_of
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each, source_of
from runreport.readers.common.series import RunPoints

DEFAULT_METRIC = "value"
"""What a curve is called when its name says only whose it is."""

_FOLDERS = re.compile(
    r"(learning[-_ ]?)?curves?|results?|evals?|evaluations?|logs?|metrics|rewards?|losses", re.IGNORECASE
)
_MAX_SEEDS = 1_000
_NAMED = 5


class ArraysReader:
    """Reads NPY and NPZ files whose names, folders or arrays show that they are curves."""

    name: ClassVar[str] = "arrays"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "NPY: a curve (1-D), a curve per seed (2-D: seeds, steps), or a table (structured array)",
        "NPZ: named arrays over timesteps, steps or epochs",
    )

    def match(self, location: Location) -> Match | None:
        """Claim arrays that are curves by their names, the folder they lie in, or a step array beside them."""
        names = [name for name in location.files if name.casefold().endswith((".npy", ".npz"))]
        if not names:
            return None
        reasons = {name: _reason(location, name, names) for name in names}
        taken = [name for name in names if reasons[name]]
        told = [f"{name}: {reasons[name]}" for name in taken[:_NAMED]]
        if not taken:
            told = [f"{name}: nothing says that it is a curve" for name in names[:_NAMED]]
        return Match(certainty=Certainty.POSSIBLE, reason="; ".join(told), takes=frozenset(taken))

    def scan(self, location: Location, match: Match) -> Scan:
        """List the runs: a file each, a seed each, or the folder for files that are named after metrics."""
        taken = match.takes or ()
        sources: list[Source] = []
        places = sorted((_place(location, name), location.child(name)) for name in taken)
        for path, group in groupby(places, key=lambda place: place[0]):
            files = [file for _, file in group]
            joining = Joining.FOLDER if path == location.relative else Joining.ALONE
            sources += [
                source_of(location, self.name, path, files, handle=handle, joining=joining)
                for handle in _handles(location, files)
            ]
        return Scan(sources=tuple(sources))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Read the runs one by one."""
        yield from read_each(self, location, sources, _read_run)


def _reason(location: Location, name: str, names: Sequence[str]) -> str:
    """Return why a file is taken for curves; empty when it is not."""
    try:
        if name.casefold().endswith(".npz"):
            return _archive_reason(location, name)
        with open(f"{location.root}/{location.child(name)}", "rb") as file:  # noqa: PTH123 - the path is a text
            header = npy.read_header(file.read(npy.HEADER_BYTES))
    except (ReadError, OSError) as problem:
        shown = name_of(stem_of(name))
        is_known = bool(shown.metric) and isinstance(problem, ReadError)
        return f"a name of curves; {problem.sentence}" if is_known and isinstance(problem, ReadError) else ""
    if header.dtype.names:
        has_step = any(field.casefold() in STEPS for field in header.dtype.names)
        return "a structured array with a step" if has_step and len(header.shape) == SERIES else ""
    if not _is_curve(header):
        return ""
    return _named_reason(location, name, names, header)


def _named_reason(location: Location, name: str, names: Sequence[str], header: npy.Header) -> str:
    shown = name_of(stem_of(name))
    kind = "a curve" if len(header.shape) == SERIES else "a curve for each seed"
    if shown.metric:
        return f"{kind} of {shown.metric!r} by its name"
    if _FOLDERS.fullmatch((location.relative or location.label).rpartition("/")[2]):
        return f"{kind}, in a folder of curves"
    others = [name_of(stem_of(other)) for other in names if other != name]
    if shown.seed is not None and any(other.base == shown.base and other.seed is not None for other in others):
        return f"{kind}, one of several seeds"
    return ""


def _is_curve(header: npy.Header) -> bool:
    """Whether the shape may be [steps] or [seeds, steps] of numbers."""
    if header.dtype.kind not in "fiu" or len(header.shape) not in (SERIES, REPEATS) or min(header.shape) == 0:
        return False
    steps = header.shape[-1]
    return steps > 1 and (len(header.shape) == SERIES or (header.shape[0] <= _MAX_SEEDS and header.dtype.kind == "f"))


def _archive_reason(location: Location, name: str) -> str:
    headers = npy.read_headers(location.path / name)
    if stem_of(name).casefold() == "evaluations" and {"timesteps", "results"} <= headers.keys():
        return ""  # Stable-Baselines3 writes these, with episodes as columns
    steps = next((step for step in STEPS if step in headers and len(headers[step].shape) == SERIES), None)
    if steps is None:
        return ""
    count = headers[steps].shape[0]
    metrics = [key for key, header in headers.items() if key != steps and header.shape[:1] == (count,)]
    return f"arrays over {steps!r}: {', '.join(metrics[:_NAMED])}" if metrics else ""


def _place(location: Location, name: str) -> str:
    """Return the path of the run a file belongs to: the folder, when it is named after a metric and nothing else."""
    shown = name_of(stem_of(name))
    is_part = bool(shown.metric) and not shown.base and shown.seed is None and name.casefold().endswith(".npy")
    return location.relative if is_part else location.child(name)


def _handles(location: Location, files: Sequence[str]) -> list[str]:
    """Return what tells the runs of a file apart: the rows of a table of seeds."""
    if len(files) > 1 or not files[0].casefold().endswith(".npy"):
        return [""]
    try:
        with location.inside(files[0]).open("rb") as file:
            header = npy.read_header(file.read(npy.HEADER_BYTES))
    except (ReadError, OSError):
        return [""]  # it is told about when it is read
    is_table = not header.dtype.names and len(header.shape) == REPEATS and header.shape[0] <= _MAX_SEEDS
    return [f"#{row}" for row in range(header.shape[0])] if is_table else [""]


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    notices: list[Notice] = []
    params: dict[str, str] = {}
    row = int(source.handle[1:]) if source.handle else None
    for file in source.files:
        try:
            data = read_bytes(location.inside(file), npy.MAX_BYTES)
            if file.casefold().endswith(".npz"):
                params |= _add_archive(file, data, points, notices)
            else:
                _add_array(file, npy.read_array(data), row, points)
        except ReadError as problem:
            if len(source.files) == 1:
                raise
            message = f"The file was left out. {problem.sentence}"
            notices.append(Notice(severity=Severity.WARNING, code="unread-array", location=file, message=message))
    inexact = points.inexact
    if inexact:
        message = f"{inexact} whole numbers beyond 2^53 may have lost their last digits."
        notices.append(Notice(severity=Severity.INFO, code="inexact-numbers", location=source.path, message=message))
    shown = name_of(stem_of(source.files[0]) if source.path in source.files else "")
    seed = shown.seed if row is None else row
    return RunFacts(
        name=_run_name(shown, source, row),
        seed=seed,
        params={**named_params(shown), **params},
        notices=tuple(notices),
    )


def _run_name(shown: CurveName, source: Source, row: int | None) -> str | None:
    if row is None:
        return None
    return f"{shown.base or stem_of(source.path)} row={row}"


def _add_array(file: str, array: NDArray[Any], row: int | None, points: RunPoints) -> None:
    """Add a curve; raises ReadError when the array is none."""
    if array.dtype.names:
        fields = {name: array[name] for name in array.dtype.names}
        add_columns(fields, points)
        return
    curve = array if row is None else array[row] if array.ndim == REPEATS and row < len(array) else None
    if curve is None or curve.ndim != SERIES or curve.dtype.kind not in "fiub":
        raise ReadError(
            "It is no curve of numbers." if row is None else "It holds no curve of numbers for this run any more."
        )
    add_series(name_of(stem_of(file)).metric or DEFAULT_METRIC, np.arange(len(curve)), curve, points)


def _add_archive(file: str, data: bytes, points: RunPoints, notices: list[Notice]) -> dict[str, str]:
    """Add the arrays of an NPZ file; return single values as params."""
    columns: dict[str, NDArray[Any]] = {}
    params: dict[str, str] = {}
    for name, array in npy.read_arrays(data):
        if isinstance(array, ReadError):
            notices.append(_left_out(file, name, array.sentence))
        elif array.ndim == 0 and not array.dtype.names:
            params[name] = _text(array.item())
        elif array.dtype.names or array.ndim > REPEATS:
            notices.append(_left_out(file, name, "It has more dimensions than steps and repeats."))
        else:
            columns[name] = array
    if not columns and not params:
        raise ReadError("None of its arrays can be read.")
    left = add_columns(columns, points)
    notices += [_left_out(file, name, "It is not as long as the steps, or holds no numbers.") for name in left]
    return params


def _left_out(file: str, name: str, reason: str) -> Notice:
    message = f"The array {name!r} was left out. {reason}"
    return Notice(severity=Severity.WARNING, code="unread-array", location=file, message=message)


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
