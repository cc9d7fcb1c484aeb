"""What the operations on the fields of one Neptune run leave behind, applied in their order."""

from array import array
from collections import Counter
from collections.abc import Sequence
from typing import Any

from runreport.formats.documents import as_list, number
from runreport.formats.files import media_type
from runreport.formats.times import microseconds, moment
from runreport.model import keys
from runreport.model.entities import Artifact, CodeVersion, Dataset
from runreport.names import RunStatus, Severity
from runreport.readers.base import Location, Source
from runreport.readers.common.series import NO_TIME, RunPoints
from runreport.readers.trackers.bundles import texts
from runreport.readers.trackers.common import Findings, artifact, base_name, join, parent

_ASSIGNED = frozenset({"AssignFloat", "AssignInt", "AssignBool", "AssignString", "AssignDatetime"})
_PARAM_SPACES = frozenset({"parameters", "params", "hyperparameters", "hyper_parameters", "hparams", "config"})
_OWN_SPACES = frozenset({"sys", "monitoring", "source_code"})
_NUMBERS = frozenset({"AssignFloat", "AssignInt"})


class _Series:
    """Steps, values and times (microseconds) of one series, in columns: a run may have millions of points."""

    def __init__(self) -> None:
        self.steps: array[int] = array("q")
        self.values: array[float] = array("d")
        self.times_us: array[int] = array("q")

    def add(self, step: int | None, value: float, stamp: float | None) -> bool:
        """Add a point; one without a step comes one step after the last. Return False when the step is no int64."""
        at = step if step is not None else self.steps[-1] + 1 if self.steps else 0
        if not NO_TIME < at < -NO_TIME:
            return False
        time = moment(stamp)
        self.steps.append(at)
        self.values.append(value)
        self.times_us.append(NO_TIME if time is None else microseconds(time))
        return True


class Operations:
    """The fields of a run. Single numbers outside of the settings are metrics of one point, at the step 0."""

    def __init__(self, location: Location, source: Source, findings: Findings) -> None:
        self._location = location
        self._source = source
        self._findings = findings
        self._fields: dict[tuple[str, ...], tuple[str, Any]] = {}
        self._series: dict[tuple[str, ...], _Series] = {}
        self._sets: dict[tuple[str, ...], dict[str, None]] = {}
        self._units: dict[tuple[str, ...], str] = {}
        self._files: dict[tuple[str, ...], Artifact] = {}
        self._data: dict[tuple[str, ...], Dataset] = {}
        self._others: Counter[str] = Counter()
        self._lost = 0
        self._first_version: int | None = None

    def apply(self, entry: dict[str, Any], file: str) -> None:
        """Take in one entry of the queue."""
        operation = entry.get("obj")
        path = operation.get("path") if isinstance(operation, dict) else None
        version = entry.get("version")
        if self._first_version is None and isinstance(version, int):
            self._first_version = version
        if (
            not isinstance(operation, dict)
            or not isinstance(path, list)
            or not path
            or not all(isinstance(p, str) for p in path)
        ):
            self._lost += 1
            return
        self._apply(str(operation.get("type")), tuple(path), operation, parent(file))

    def _apply(self, kind: str, path: tuple[str, ...], operation: dict[str, Any], folder: str) -> None:
        if kind in _ASSIGNED:
            self._fields[path] = (kind, operation.get("value"))
        elif kind == "LogFloats":
            self._log(path, as_list(operation.get("values")))
        elif kind == "ConfigFloatSeries":
            self._units |= {path: unit} if (unit := texts(operation).get("unit")) else {}
        elif kind in ("AddStrings", "RemoveStrings", "ClearStringSet"):
            self._change_set(kind, path, [text for text in as_list(operation.get("values")) if isinstance(text, str)])
        elif kind in ("UploadFile", "UploadFileContent"):
            self._upload(path, operation, folder)
        elif kind == "TrackFilesToArtifact":
            self._track(path, operation)
        elif kind in ("DeleteAttribute", "ClearFloatLog"):
            for known in (self._fields, self._series, self._sets, self._files, self._data):
                known.pop(path, None)
        else:
            self._others[kind] += 1

    def finish(self, points: RunPoints) -> None:
        """Add the points, and say what was not read."""
        for path, series in self._series.items():
            points.extend("/".join(path), series.steps, series.values, series.times_us)
        for path, (kind, value) in self._fields.items():
            if kind in _NUMBERS and not self._is_setting(path) and (found := number(value)) is not None:
                points.add("/".join(path), 0, found)
        place = self._source.path
        if self._lost:
            self._findings.tell("broken-operations", place, f"{self._lost} operations or values could not be read.")
        if self._others:
            listed = ", ".join(f"{kind} ({count})" for kind, count in sorted(self._others.items()))
            message = f"Operations of other kinds were left out: {listed}."
            self._findings.tell("not-read", place, message, Severity.INFO)
        if (self._first_version or 1) > 1:
            message = "The first operations are not there: they were sent to the server and deleted here."
            self._findings.tell("sent-already", place, message)

    @property
    def name(self) -> str | None:
        """The name the user gave."""
        return self._text("sys", "name")

    @property
    def note(self) -> str | None:
        """The description of the run."""
        return self._text("sys", "description")

    @property
    def host(self) -> str | None:
        """The machine."""
        return self._text("sys", "hostname")

    @property
    def status(self) -> RunStatus:
        """Failed where the client says so; an end is not recorded."""
        return RunStatus.FAILED if self._fields.get(("sys", "failed"), ("", False))[1] is True else RunStatus.UNKNOWN

    @property
    def params(self) -> dict[str, str]:
        """The fields of the usual spaces for settings, without the name of the space."""
        return {
            ".".join(part.replace(".", "\\.") for part in path[1:]): _as_text(value)
            for path, (_, value) in self._fields.items()
            if self._is_setting(path)
        }

    @property
    def tags(self) -> dict[str, str]:
        """The tags, and texts, moments and truth values outside of the settings."""
        tags = {text: "" for path, texts_ in self._sets.items() if path[0] == "sys" for text in texts_}
        for path, strings in self._sets.items():
            tags |= {"/".join(path): ", ".join(strings)} if path[0] != "sys" and strings else {}
        for path, (kind, value) in self._fields.items():
            if kind not in _NUMBERS and path[0] not in _OWN_SPACES and not self._is_setting(path):
                tags["/".join(path)] = _as_text(value)
        return tags

    @property
    def units(self) -> dict[str, str]:
        """The units of series, by metric."""
        return {"/".join(path): unit for path, unit in self._units.items() if path in self._series}

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The uploaded files."""
        return tuple(self._files.values())

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The files that are tracked by where they lie."""
        return tuple(self._data.values())

    @property
    def code(self) -> CodeVersion | None:
        """The script that was started."""
        entry_point = self._text("source_code", "entrypoint")
        return CodeVersion(run_id=self._source.run_id, entry_point=entry_point) if entry_point else None

    @staticmethod
    def _is_setting(path: tuple[str, ...]) -> bool:
        return len(path) > 1 and path[0] in _PARAM_SPACES

    def _text(self, *path: str) -> str | None:
        value = self._fields.get(path, ("", None))[1]
        return value if isinstance(value, str) and value else None

    def _log(self, path: tuple[str, ...], values: Sequence[Any]) -> None:
        """Add points, each with its own step or the one after the last."""
        series = self._series.setdefault(path, _Series())
        for entry in values:
            about = entry if isinstance(entry, dict) else {}
            value, step = number(about.get("value")), number(about.get("step"))
            if value is None or not (step is None or step.is_integer()):
                self._lost += 1
            else:
                at = None if step is None else int(step)
                self._lost += not series.add(at, value, number(about.get("ts")))

    def _change_set(self, kind: str, path: tuple[str, ...], values: Sequence[str]) -> None:
        known = self._sets.setdefault(path, {})
        if kind == "AddStrings":
            known.update(dict.fromkeys(sorted(values)))
        elif kind == "ClearStringSet":
            known.clear()
        else:
            for value in values:
                known.pop(value, None)

    def _upload(self, path: tuple[str, ...], operation: dict[str, Any], folder: str) -> None:
        """Note a file; the client has copied only such as were made in memory."""
        said = texts(operation)
        name = "/".join(path) + (f".{said['ext']}" if "ext" in said else "")
        stored = said.get("tmp_file_name")
        found = (
            artifact(self._location, self._source.run_id, name, join(folder, "upload_path", stored)) if stored else None
        )
        self._files[path] = found or Artifact(run_id=self._source.run_id, path=name, media_type=media_type(name))

    def _track(self, path: tuple[str, ...], operation: dict[str, Any]) -> None:
        places = [entry[0] for entry in as_list(operation.get("entries")) if isinstance(entry, list) and entry]
        source = ", ".join(place for place in places if isinstance(place, str))
        self._data[path] = Dataset(
            run_id=self._source.run_id, dataset="/".join(path) or base_name(source), source=source or None
        )


def _as_text(value: object) -> str:
    return keys.flatten(value, "value").get("value", "")
