"""What MLflow's fields and tags mean. Both of its stores hold the same facts about a run, as texts."""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from runreport.model import keys
from runreport.model.entities import (
    Artifact,
    CodeVersion,
    Edge,
    EnvironmentItem,
    MetricInfo,
    Param,
    Run,
    RunLog,
    Tag,
)
from runreport.names import Direction, DirectionSource, Relation, RunStatus
from runreport.readers.base import Source
from runreport.readers.mlflow.datasets import datasets, json_of
from runreport.readers.mlflow.facts import PRIMARY_METRIC, PRIMARY_METRIC_UP, Doubts, Leftovers, RunFacts
from runreport.readers.mlflow.models import LoggedModel, RunModels, entities, registrations

TOOL = "mlflow"
_RUN_NAME = "mlflow.runName"
_USER = "mlflow.user"
_NOTE = "mlflow.note.content"
_PARENT = "mlflow.parentRunId"
_SOURCE_NAME = "mlflow.source.name"
_MODEL_HISTORY = "mlflow.log-model.history"
_LOGGED_ARTIFACTS = "mlflow.loggedArtifacts"
_GIT = "mlflow.source.git."
_GIT_FACTS = tuple(_GIT + fact for fact in ("commit", "branch", "dirty", "repoURL", "diff"))
_DOCKER = "mlflow.docker.image."
_DOCKER_FACTS = (f"{_DOCKER}uri", f"{_DOCKER}id")
_IN_FIELDS = frozenset({_RUN_NAME, _USER, _NOTE, _PARENT, _SOURCE_NAME, *_GIT_FACTS, *_DOCKER_FACTS})

_STATUSES = MappingProxyType(
    {
        "1": RunStatus.RUNNING,
        "2": RunStatus.RUNNING,
        "3": RunStatus.FINISHED,
        "4": RunStatus.FAILED,
        "5": RunStatus.KILLED,
        "RUNNING": RunStatus.RUNNING,
        "SCHEDULED": RunStatus.RUNNING,
        "FINISHED": RunStatus.FINISHED,
        "FAILED": RunStatus.FAILED,
        "KILLED": RunStatus.KILLED,
    }
)
_TRUTHS = MappingProxyType({"true": True, "false": False, "1": True, "0": False})
_NOBODY = frozenset({"", "unknown"})  # MLflow's own word for a user it was not told
_CUT_PARAMS = frozenset({500, 6000, 8000})
_CUT_TAGS = frozenset({5000, 8000})
_NAMED = 5
_BATCH_RUNS = 128
_BATCH_BYTES = 64 * 1024 * 1024  # of log files; about two million points
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def run_id(source_id: str) -> str:
    """Return the id of a run; it is the same whichever store the run lies in."""
    return keys.run_id(TOOL, source_id)


def batches(sources: Sequence[Source]) -> Iterator[list[Source]]:
    """Yield the sources in groups of at most 128 runs and of bounded size; a run is never split."""
    group: list[Source] = []
    size_bytes = 0
    for source in sources:
        if group and (len(group) == _BATCH_RUNS or size_bytes + source.size_bytes > _BATCH_BYTES):
            yield group
            group, size_bytes = [], 0
        group.append(source)
        size_bytes += source.size_bytes
    if group:
        yield group


def run_log(facts: RunFacts, source: Source, reader: tuple[str, str], leftovers: Leftovers) -> RunLog:
    """Return the log of one run.

    Args:
        facts: what the store says.
        source: where it was found.
        reader: name and version of the reader.
        leftovers: artifacts and environment.
    """
    run = source.run_id
    doubts = Doubts(run, facts.place)
    history = _models_of_history(facts, doubts)
    models = _with_history(facts.models, history)
    produced = {*facts.models_produced, *(model.model_id or model.name for model in models.logged)}
    edges = (
        *(
            _edge(run, f"model:{model}", f"run:{run}", Relation.USED)
            for model in sorted({*facts.models_used} - produced)
        ),
        *(_edge(run, f"run:{run}", f"model:{model}", Relation.PRODUCED) for model in sorted(produced)),
        *registrations(run, models),
    )
    _doubt_long_values(facts, doubts)
    return RunLog(
        run=_run(facts, source, reader, doubts),
        params=tuple(_params(run, facts)),
        tags=tuple(_tags(run, facts, leftovers.artifacts, is_history_read=bool(history))),
        artifacts=leftovers.artifacts,
        datasets=tuple(datasets(run, facts, doubts)),
        models=tuple(entities(run, models)),
        environment=(*leftovers.environment, *_containers(run, facts)),
        code=_code(run, facts, doubts),
        edges=edges,
        metric_infos=tuple(_metric_infos(run, facts)),
        notices=(*leftovers.notices, *doubts.notices),
    )


def _run(facts: RunFacts, source: Source, reader: tuple[str, str], doubts: Doubts) -> Run:
    started = _moment(facts.started_ms, "start", doubts)
    ended = _moment(facts.ended_ms, "end", doubts)
    parent = facts.tags.get(_PARENT)
    return Run(
        run_id=doubts.run_id,
        experiment=facts.experiment.name,
        name=facts.tags.get(_RUN_NAME) or facts.name or facts.source_id,
        source_id=facts.source_id,
        path=source.path,
        status=_status(facts.status, doubts),
        started=started,
        ended=ended,
        duration_s=_duration_s(started, ended, doubts),
        parent_run=run_id(parent) if parent else None,
        user=_user(facts),
        reader=reader[0],
        reader_version=reader[1],
        fingerprint=source.fingerprint,
        note=facts.tags.get(_NOTE) or None,
    )


def _user(facts: RunFacts) -> str | None:
    named = (name for name in (facts.tags.get(_USER), facts.user) if name and name not in _NOBODY)
    return next(named, None)


def _status(text: str | None, doubts: Doubts) -> RunStatus:
    status = _STATUSES.get((text or "").strip().upper())
    if status is None:
        doubts.add("unknown-status", f"The status {text!r} is none that MLflow writes; it was read as unknown.")
    return status or RunStatus.UNKNOWN


def _moment(text: str | None, what: str, doubts: Doubts) -> datetime | None:
    if text is None or not text.strip():
        return None
    try:
        return _EPOCH + timedelta(milliseconds=int(text))
    except (ValueError, OverflowError):
        doubts.add("impossible-time", f"The {what} time {text[:40]!r} is no time in milliseconds and was left out.")
        return None


def _duration_s(started: datetime | None, ended: datetime | None, doubts: Doubts) -> float | None:
    if started is None or ended is None:
        return None
    if ended < started:
        doubts.add("ends-before-start", "The run ends before it starts; its duration was left out.")
        return None
    return (ended - started).total_seconds()


def _params(run: str, facts: RunFacts) -> Iterator[Param]:
    return (keys.param(run, name, facts.params[name]) for name in sorted(facts.params))


def _tags(run: str, facts: RunFacts, artifacts: Sequence[Artifact], *, is_history_read: bool) -> Iterator[Tag]:
    """Yield the tags that no other field holds."""
    listed = {artifact.path for artifact in artifacts}
    elsewhere = _IN_FIELDS | ({_MODEL_HISTORY} if is_history_read else set())
    for name in sorted(facts.tags):
        value = facts.tags[name]
        if name in elsewhere or (name == _LOGGED_ARTIFACTS and listed.issuperset(_logged_paths(value))):
            continue
        yield Tag(run_id=run, tag=name, value=value)


def _logged_paths(text: str) -> list[str]:
    """Return the paths of the tag's list; the text itself, which is no path, when it is no such list."""
    items = json_of(text)
    known = isinstance(items, list) and all(isinstance(item, dict) and "path" in item for item in items)
    return [str(item["path"]) for item in items] if known else [text]


def _doubt_long_values(facts: RunFacts, doubts: Doubts) -> None:
    """Tell which values are exactly as long as some version of MLflow lets them be; it cuts what is longer."""
    named = [f"param {name}" for name in sorted(facts.params) if len(facts.params[name]) in _CUT_PARAMS]
    named += [f"tag {name}" for name in sorted(facts.tags) if len(facts.tags[name]) in _CUT_TAGS]
    if named:
        shown = ", ".join(named[:_NAMED]) + (f" and {len(named) - _NAMED} more" if len(named) > _NAMED else "")
        doubts.add("cut-value", f"As long as MLflow lets a value be, so that its end may be missing: {shown}.")


def _with_history(models: RunModels, history: Sequence[LoggedModel]) -> RunModels:
    known = {model.model_id for model in models.logged}
    return RunModels(
        logged=(*models.logged, *(model for model in history if model.model_id not in known)), versions=models.versions
    )


def _models_of_history(facts: RunFacts, doubts: Doubts) -> list[LoggedModel]:
    """Return the models that MLflow 2 wrote into a tag; newer versions write outputs instead."""
    text = facts.tags.get(_MODEL_HISTORY)
    if text is None:
        return []
    items = json_of(text)
    models = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    found = [
        LoggedModel(
            model_id=str(model.get("model_uuid") or ""),
            name=str(model.get("artifact_path") or ""),
            run=facts.source_id,
        )
        for model in models
        if model.get("model_uuid") or model.get("artifact_path")
    ]
    if not found:
        doubts.add("unread-tag", f"The tag {_MODEL_HISTORY} holds no list of models; it was kept as text.")
    return found


def _edge(run: str, from_node: str, to_node: str, relation: Relation) -> Edge:
    return Edge(run_id=run, from_node=from_node, to_node=to_node, relation=relation)


def _containers(run: str, facts: RunFacts) -> Iterator[EnvironmentItem]:
    for name in _DOCKER_FACTS:
        if facts.tags.get(name):
            yield EnvironmentItem(run_id=run, item=name.removeprefix("mlflow."), kind="os", value=facts.tags[name])


def _code(run: str, facts: RunFacts, doubts: Doubts) -> CodeVersion | None:
    commit, branch, dirty, repo_url, diff = (facts.tags.get(name) or None for name in _GIT_FACTS)
    commit = commit or facts.commit or None
    entry_point = facts.tags.get(_SOURCE_NAME) or facts.source_name or None
    if not any((commit, branch, dirty, repo_url, diff, entry_point)):
        return None
    return CodeVersion(
        run_id=run,
        vcs="git" if any((commit, branch, dirty, repo_url, diff)) else None,
        commit=commit,
        branch=branch,
        dirty=_is_dirty(dirty, diff, doubts),
        diff_digest=hashlib.sha256(diff.encode("utf-8", "replace")).hexdigest() if diff else None,
        repo_url=repo_url,
        entry_point=entry_point,
    )


def _is_dirty(text: str | None, diff: str | None, doubts: Doubts) -> bool | None:
    if text is None:
        return True if diff else None
    is_dirty = _TRUTHS.get(text.strip().casefold())
    if is_dirty is None:
        doubts.add("unread-tag", f"The tag {_GIT}dirty is {text[:40]!r}, neither true nor false; it was left out.")
    return is_dirty


def _metric_infos(run: str, facts: RunFacts) -> Iterator[MetricInfo]:
    metric = facts.experiment.tags.get(PRIMARY_METRIC)
    if not metric:
        return
    is_up = _TRUTHS.get(facts.experiment.tags.get(PRIMARY_METRIC_UP, "").strip().casefold())
    direction = {True: Direction.UP, False: Direction.DOWN, None: Direction.UNKNOWN}[is_up]
    yield MetricInfo(
        run_id=run,
        experiment=facts.experiment.name,
        metric=metric,
        direction=direction,
        direction_source=DirectionSource.NONE if is_up is None else DirectionSource.LOG,
        is_primary=True,
    )
