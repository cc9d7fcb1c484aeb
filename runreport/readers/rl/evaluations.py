"""``evaluations.npz`` of Stable-Baselines3: the outcome of every episode of every evaluation.

Format: the class ``EvalCallback``; a zip file of NumPy arrays: ``timesteps`` (n), ``results`` and ``ep_lengths``
(n × episodes), and ``successes`` (n × episodes) where the environment says so. Arrays of Python objects, which would
have to be unpickled, are refused; declared and actual sizes are checked before memory is given to them.
"""

import io
import math
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runreport.errors import ReadError
from runreport.formats.files import read_bytes
from runreport.names import Severity
from runreport.notices import Notice
from runreport.readers.common.series import RunPoints

FILE = "evaluations.npz"
_MAX_BYTES = 64 * 1024 * 1024
_METRICS = {"results": "eval/mean_reward", "ep_lengths": "eval/mean_ep_length", "successes": "eval/success_rate"}
_KINDS = "biuf"
_NUMPY_FAULTS = (ValueError, SyntaxError, TypeError, KeyError, OverflowError, RecursionError, EOFError, AttributeError)
_ZIP_FAULTS = (zipfile.BadZipFile, NotImplementedError, RuntimeError, zlib.error, EOFError, OSError, ValueError)


def add_evaluations(path: Path, place: str, points: RunPoints) -> list[Notice]:
    """Add the mean of each evaluation as a point and each of its episodes as a sample, and return what is to be said.

    Raises:
        ReadError: the file cannot be read, or is not what it should be.
    """
    arrays, notices = _arrays(path, place)
    steps = arrays.get("timesteps")
    if steps is None or steps.ndim != 1 or steps.dtype.kind not in "iu":
        raise ReadError("It has no array timesteps of whole numbers, so its evaluations cannot be told apart.")
    for name, metric in _METRICS.items():
        values = arrays.get(name)
        if values is None:
            continue
        if values.ndim not in (1, 2) or len(values) != len(steps):
            message = f"The array {name} does not fit the array timesteps and was left out."
            notices.append(Notice(severity=Severity.WARNING, code="odd-array", location=place, message=message))
            continue
        _add(metric, steps, values.reshape(len(steps), -1).astype(np.float64), points)
    return notices


def _add(metric: str, steps: NDArray[Any], values: NDArray[np.float64], points: RunPoints) -> None:
    for step, episodes in zip(steps.tolist(), values, strict=True):
        mean = float(episodes.mean()) if len(episodes) else math.nan
        points.add(metric, step, mean)
        if -(2**63) <= step < 2**63:
            for place, value in enumerate(episodes.tolist()):
                points.add_sample(metric, step, str(place), value)


def _arrays(path: Path, place: str) -> tuple[dict[str, NDArray[Any]], list[Notice]]:
    found: dict[str, NDArray[Any]] = {}
    notices: list[Notice] = []
    for name, content in _members(path).items():
        try:
            found[name] = _array(content)
        except ReadError as problem:
            message = f"The array {name} was left out. {problem.sentence}"
            notices.append(Notice(severity=Severity.WARNING, code="odd-array", location=place, message=message))
    return found, notices


def _members(path: Path) -> dict[str, bytes]:
    """Return the arrays that are known by name, still as bytes."""
    data = read_bytes(path, _MAX_BYTES)
    left = _MAX_BYTES
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in ("timesteps", *_METRICS):
                if f"{name}.npy" in archive.NameToInfo:
                    with archive.open(f"{name}.npy") as member:
                        found[name] = member.read(left + 1)
                    left -= len(found[name])
                    if left < 0:
                        sentence = f"Its arrays take more than {_MAX_BYTES // 2**20} MB."
                        raise ReadError(sentence)
    except _ZIP_FAULTS as problem:
        sentence = f"It is no whole zip file of arrays: {problem}."
        raise ReadError(sentence) from problem
    return found


def _array(content: bytes) -> NDArray[Any]:
    """Return an array of the format .npy. Its header is read first: it says how much memory would be needed."""
    stream = io.BytesIO(content)
    try:
        version = np.lib.format.read_magic(stream)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about headers of Python 2, which are read all the same
            shape, is_fortran, kind = read_header(stream)
        if kind.hasobject or kind.kind not in _KINDS:
            raise ReadError("It does not hold plain numbers, and nothing is unpickled.")
        data = content[stream.tell() :]
        if math.prod(shape) * kind.itemsize != len(data) or min(shape, default=0) < 0:
            raise ReadError("Its size is not the one it declares.")
        flat: NDArray[Any] = np.frombuffer(data, dtype=kind)
        return flat.reshape(shape, order="F" if is_fortran else "C")
    except _NUMPY_FAULTS as problem:
        sentence = f"It is no array: {type(problem).__name__}."
        raise ReadError(sentence) from problem
