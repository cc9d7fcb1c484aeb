"""The messages of one Comet experiment, gathered into facts."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from runreport.formats.documents import number
from runreport.formats.files import media_type
from runreport.formats.times import moment
from runreport.model import keys
from runreport.model.entities import Artifact, CodeVersion, Dataset, Edge
from runreport.names import Relation, Severity
from runreport.readers.common.packages import packages
from runreport.readers.common.series import RunPoints
from runreport.readers.trackers.bundles import Bundle, texts
from runreport.readers.trackers.common import Findings

_MILLISECONDS = 1_000
_NESTING = "|"
_COUNTERS = frozenset({"curr_step", "curr_epoch"})
_BOOKKEEPING = frozenset({"Name", "offline_experiment", "hasNestedParams"})
_DATASET_HASH, _DATASET_INFO = "dataset_hash", "dataset_info"
_PASSED_OVER = frozenset({"os_packages", "close"})
_MOST_FILES = 20_000


class Messages:
    """What the messages that were added so far say; the last word on a param or another value counts."""

    def __init__(self, run_id: str, points: RunPoints, findings: Findings) -> None:
        self.name: str | None = None
        self.user: str | None = None
        self.host: str | None = None
        self.params: dict[str, str] = {}
        self.tags: dict[str, str] = {}
        self.environment: dict[tuple[str, str], str] = {}
        self._run_id = run_id
        self._points = points
        self._findings = findings
        self._files: list[dict[str, Any]] = []
        self._entry_point: str | None = None
        self._commit: dict[str, Any] = {}
        self._steps: dict[str, int] = {}
        self._dataset_digest: str | None = None
        self._lost = 0
        self._others: Counter[str] = Counter()
        self._handlers: dict[str, Callable[[dict[str, Any]], None]] = {
            "metric_msg": self._metric,
            "parameter_msg": self._param,
            "log_other": self._other,
            "system_details": self._system,
            "installed_packages": self._packages,
            "git_metadata": self._git,
            "gpu_static_info": self._graphics,
            "file_upload": self._file,
            "remote_file": self._file,
        }

    def add(self, message: object) -> None:
        """Take in one line of messages.json."""
        kind = message.get("type") if isinstance(message, dict) else None
        payload = message.get("payload") if isinstance(message, dict) else None
        if not isinstance(payload, dict) or not isinstance(kind, str):
            self._lost += 1
        elif handler := self._handlers.get(kind):
            handler(payload)
        elif kind not in _PASSED_OVER:
            self._others[kind] += 1

    def tell_left_out(self) -> None:
        """Say what was not read."""
        place = self._findings.source.path
        if self._lost:
            self._findings.tell("broken-messages", place, f"{self._lost} messages could not be read.")
        if self._others:
            listed = ", ".join(f"{kind} ({count})" for kind, count in sorted(self._others.items()))
            self._findings.tell("not-read", place, f"Messages of other kinds were left out: {listed}.", Severity.INFO)

    @property
    def code(self) -> CodeVersion | None:
        """The script that was started, and the commit it was at."""
        if not self._commit and self._entry_point is None:
            return None
        said = texts(self._commit)
        status = self._commit.get("status")
        return CodeVersion(
            run_id=self._run_id,
            vcs="git" if self._commit else None,
            commit=said.get("parent"),
            branch=said.get("branch", "").removeprefix("refs/heads/") or None,
            dirty=bool(status) if status is not None else None,
            repo_url=said.get("origin"),
            entry_point=self._entry_point,
        )

    @property
    def datasets(self) -> tuple[Dataset, ...]:
        """The data set, which Comet describes by a text and a hash."""
        described = self.tags.get(_DATASET_INFO)
        if described is None and self._dataset_digest is None:
            return ()
        name, _, source = (described or "dataset").partition(", ")
        return (Dataset(run_id=self._run_id, dataset=name, digest=self._dataset_digest, source=source or None),)

    @property
    def edges(self) -> tuple[Edge, ...]:
        """An edge to each logged model."""
        groups = dict.fromkeys(
            group for file in self._files if (group := texts(file.get("additional_params")).get("groupingName"))
        )
        run = f"run:{self._run_id}"
        return tuple(
            Edge(run_id=self._run_id, from_node=run, to_node=f"model:{group}", relation=Relation.PRODUCED)
            for group in groups
        )

    def artifacts(self, bundle: Bundle) -> Iterator[Artifact]:
        """Yield the uploaded files by their own names; those in an archive are not unpacked."""
        sizes = {member.path: member.size_bytes for member in bundle.members}
        taken: Counter[str] = Counter()
        for file in self._files[:_MOST_FILES]:
            about = texts(file.get("additional_params"))
            name = about.get("fileName") or texts(file).get("file_name") or "file"
            folder = f"models/{about['groupingName']}/" if "groupingName" in about else ""
            kind = about.get("type") or texts(file).get("upload_type") or ""
            path = folder + (f"{kind}/{name}" if kind and not folder and kind != "asset" else name)
            taken[path] += 1
            yield Artifact(
                run_id=self._run_id,
                path=path if taken[path] == 1 else f"{path} ({taken[path]})",
                size_bytes=sizes.get(texts(file).get("file_path", "")),
                media_type=media_type(name),
                location=texts(file).get("remote_uri"),
            )

    def _metric(self, payload: dict[str, Any]) -> None:
        """Add a point; in a context such as ``train`` Comet puts its name in front of that of the metric."""
        about = payload.get("metric")
        name = texts(about).get("metricName")
        value = number(about.get("metricValue")) if isinstance(about, dict) else None
        if not isinstance(about, dict) or name is None or value is None:
            self._lost += 1
            return
        context = texts(payload).get("context")
        metric = f"{context}_{name}" if context else name
        step = about.get("step") if about.get("step") is not None else about.get("epoch")
        at = step if isinstance(step, int) else self._steps.get(metric, -1) + 1
        self._steps[metric] = at
        stamp = number(payload.get("local_timestamp"))
        self._points.add(metric, at, value, None if stamp is None else moment(stamp / _MILLISECONDS))

    def _param(self, payload: dict[str, Any]) -> None:
        about = payload.get("param") or payload.get("params")
        name = texts(about).get("paramName")
        if not isinstance(about, dict) or name is None:
            self._lost += 1
        elif name == _DATASET_HASH:
            self._dataset_digest = str(about.get("paramValue"))
        elif name not in _COUNTERS:
            context = texts(payload).get("context")
            dotted = name.replace(".", "\\.").replace(_NESTING, ".")
            self.params |= keys.flatten(about.get("paramValue"), f"{context}_{dotted}" if context else dotted)

    def _other(self, payload: dict[str, Any]) -> None:
        name, value = payload.get("key"), payload.get("value")
        if name == "Name" and isinstance(value, str):
            self.name = value
        elif isinstance(name, str) and name not in _BOOKKEEPING:
            self.tags |= keys.flatten(value, name)

    def _system(self, payload: dict[str, Any]) -> None:
        """Take in the machine. The variables of the process are not read: they hold passwords."""
        said = texts(payload)
        self.user, self.host = said.get("user"), said.get("hostname")
        named = (("package", "python", "python_version"), ("os", "platform", "os"), ("hardware", "machine", "machine"))
        for kind, item, key in (*named, ("hardware", "processor", "processor")):
            if key in said:
                self.environment[kind, item] = said[key]
        command = payload.get("command")
        parts = [part for part in command if isinstance(part, str)] if isinstance(command, list) else []
        if parts:
            self.tags["command"] = " ".join(parts)
            self._entry_point = parts[0]

    def _packages(self, payload: dict[str, Any]) -> None:
        listed = payload.get("installed_packages")
        lines = [line for line in listed if isinstance(line, str)] if isinstance(listed, list) else []
        for name, version in packages("requirements.txt", "\n".join(lines)).items():
            self.environment["package", name] = version

    def _git(self, payload: dict[str, Any]) -> None:
        about = payload.get("git_metadata")
        self._commit = about if isinstance(about, dict) else {}

    def _graphics(self, payload: dict[str, Any]) -> None:
        listed = payload.get("gpu_static_info")
        for number_, about in enumerate(listed if isinstance(listed, list) else []):
            if name := texts(about).get("name"):
                self.environment["hardware", f"gpu {number_}"] = name

    def _file(self, payload: dict[str, Any]) -> None:
        self._files.append(payload)
