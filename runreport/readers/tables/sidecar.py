"""The JSON or YAML file beside a table that says how its run was set up, and how it ended where it says so."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from runreport.errors import ReadError
from runreport.formats.documents import load_object
from runreport.formats.files import read_bytes
from runreport.formats.yaml import load_yaml
from runreport.model.keys import flatten
from runreport.names import RunStatus
from runreport.readers.tables.columns import Issue

FOLDER_NAMES = (
    "params.json",
    "config.json",
    "hparams.json",
    "hyperparameters.json",
    "args.json",
    "run.json",
    "meta.json",
    "params.yaml",
    "params.yml",
    "config.yaml",
    "config.yml",
    "hparams.yaml",
    "args.yaml",
)
"""Sidecars of every table in their folder, the first wins."""

OWN_SUFFIXES = (".params.json", ".config.json", ".json")
"""Sidecars of one table: ``a.json`` beside ``a.csv``."""

_YAML = (".yaml", ".yml")
_MAX_BYTES = 5_000_000
_CONTAINERS = ("params", "config", "hparams", "hyperparameters")
_STATUS_WORDS = {
    RunStatus.FINISHED: ("finished", "completed", "complete", "success", "succeeded", "done"),
    RunStatus.FAILED: ("failed", "error", "crashed"),
    RunStatus.KILLED: ("killed", "aborted", "interrupted", "cancelled", "canceled", "terminated"),
    RunStatus.RUNNING: ("running", "started", "in_progress"),
}
_STATUSES = {word: status for status, words in _STATUS_WORDS.items() for word in words}
_MILLISECONDS = 1e11  # unix times above are milliseconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What settings say about a run: params as dotted names, and the keys that are no params.

    ``facts`` holds at most name, user, host, note, status, started and ended; ``code`` commit, branch and repo_url.
    """

    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, str | RunStatus | datetime] = field(default_factory=dict)
    code: Mapping[str, str] = field(default_factory=dict)


def read_settings(paths: Iterable[Path]) -> tuple[dict[str, object], list[tuple[str, Issue]]]:
    """Return the settings of several sidecars as one object, the first winning, and what was wrong by file name."""
    merged: dict[str, object] = {}
    issues: list[tuple[str, Issue]] = []
    for path in paths:
        try:
            settings = _read_object(path)
        except (ReadError, RecursionError) as error:
            reason = "It is nested too deeply." if isinstance(error, RecursionError) else error.sentence
            message = f"The settings in this file were left out. {reason}"
            issues.append((path.name, Issue(code="unreadable-settings", message=message)))
            continue
        repeated = sorted(key for key in settings.keys() & merged.keys() if _differ(settings[key], merged[key]))
        if repeated:
            message = f"Left out, because another file says otherwise: {', '.join(map(repr, repeated))}."
            issues.append((path.name, Issue(code="conflicting-settings", message=message)))
        merged = settings | merged
    return merged, issues


def describe(settings: Mapping[str, object]) -> Described:
    """Return what settings say: recognised keys as facts of the run, all others as params.

    >>> describe({"status": "failed", "opt": {"lr": 0.1}}).params
    {'opt.lr': '0.1'}
    """
    rest = dict(settings)
    facts = _taken(rest, _FACTS)
    code = {name: text for name, value in _taken(rest, _CODE).items() if (text := str(value))}
    tags = _tags(rest)
    for container in _CONTAINERS:
        inner = rest.get(container)
        if isinstance(inner, Mapping):
            del rest[container]
            rest = {**inner, **rest}
    return Described(params=flatten(rest), tags=tags, facts=facts, code=code)


def _read_object(path: Path) -> dict[str, object]:
    value = _read_yaml(path) if path.suffix in _YAML else load_object(path, _MAX_BYTES)
    flatten(value)  # refuses here what is nested too deeply
    return value


def _read_yaml(path: Path) -> dict[str, object]:
    value = load_yaml(read_bytes(path, _MAX_BYTES))
    if not isinstance(value, dict):
        raise ReadError("It holds no YAML map.")
    return dict(value)


def _differ(first: object, second: object) -> bool:
    """Whether two files disagree; numbers of YAML are texts, so that texts are compared."""
    return first != second and flatten({"value": first}) != flatten({"value": second})


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _status(value: object) -> RunStatus | None:
    return _STATUSES.get(value.strip().casefold()) if isinstance(value, str) else None


def _time(value: object) -> datetime | None:
    try:
        if isinstance(value, str):
            stamp = datetime.fromisoformat(value)
            return stamp.astimezone(UTC) if stamp.tzinfo else stamp.replace(tzinfo=UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > _MILLISECONDS else value, tz=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


_Recogniser = Callable[[object], str | RunStatus | datetime | None]
_FACTS: Mapping[str, tuple[tuple[str, ...], _Recogniser]] = {
    "status": (("status", "state"), _status),
    "name": (("run_name", "name"), _text),
    "started": (("started", "start_time", "started_at"), _time),
    "ended": (("ended", "end_time", "ended_at", "finished_at"), _time),
    "note": (("note", "notes", "description"), _text),
    "user": (("user",), _text),
    "host": (("host", "hostname"), _text),
}
_CODE: Mapping[str, tuple[tuple[str, ...], _Recogniser]] = {
    "commit": (("git_commit", "commit", "git_sha", "git_hash"), _text),
    "branch": (("git_branch",), _text),
    "repo_url": (("git_url", "repo_url"), _text),
}


def _taken(
    rest: dict[str, object], wanted: Mapping[str, tuple[tuple[str, ...], _Recogniser]]
) -> dict[str, str | RunStatus | datetime]:
    """Return the recognised values and remove their keys; a value that is not understood stays where it is."""
    found: dict[str, str | RunStatus | datetime] = {}
    for fact, (keys, recognise) in wanted.items():
        for key in keys:
            value = recognise(rest.get(key))
            if value is not None:
                found[fact] = value
                del rest[key]
                break
    return found


def _tags(rest: dict[str, object]) -> dict[str, str]:
    tags = rest.get("tags")
    if isinstance(tags, Mapping):
        return flatten(rest.pop("tags"))
    if isinstance(tags, list) and all(isinstance(tag, str) for tag in tags):
        del rest["tags"]
        return dict.fromkeys(tags, "")
    return {}
