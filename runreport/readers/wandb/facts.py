"""From the records of a run, and the files beside them, to the facts about it."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from runreport.formats.times import moment
from runreport.model import keys
from runreport.model.entities import Artifact, CodeVersion, Dataset, Edge
from runreport.names import Direction, Relation, RunStatus
from runreport.readers.common.logs import RunFacts, tag_values
from runreport.readers.common.words import NO_END
from runreport.readers.wandb import wire
from runreport.readers.wandb.beside import Beside, conflicting
from runreport.readers.wandb.fold import OWN_KEYS
from runreport.readers.wandb.notes import Notes, listed
from runreport.readers.wandb.records import Records, UsedArtifact

TOOL = "wandb"
NO_PROJECT = "uncategorized"
"""What W&B calls the project of runs that name none."""

_INTERRUPTED = 255  # the client's code for Ctrl-C
_STATES = {
    "finished": RunStatus.FINISHED,
    "failed": RunStatus.FAILED,
    "crashed": RunStatus.FAILED,
    "killed": RunStatus.KILLED,
}
_CONSOLE = (wire.OUTPUT, wire.OUTPUT_RAW, wire.OUTPUT_LOGGER)


def identity(project: str, tool_id: str) -> str:
    """Return what tells a run from all others: ids are unique within a project only."""
    return f"{project}/{tool_id}"


def run_facts(  # noqa: PLR0913 - each is another part of what is known
    run_id: str,
    tool_id: str,
    records: Records,
    beside: Beside,
    *,
    summary_tags: Mapping[str, str],
    directions: Mapping[str, Direction],
    artifacts: tuple[Artifact, ...],
    blobs: Mapping[str, bytes],
    notes: Notes,
) -> RunFacts:
    """Return the facts about a run but for its points; what the log does not say is taken from the files beside it."""
    run = records.run
    places = records.surroundings.filled_from(beside.surroundings)
    for name in records.surroundings.conflicts(beside.surroundings):
        notes.info("metadata-differs", f"wandb-metadata.json and the log differ in the {name}; the log counts.")
    started = moment(run.started_s) or places.started
    _note_rest(records, notes)
    return RunFacts(
        experiment=run.project or NO_PROJECT,
        name=run.name or tool_id or None,
        status=_status(records, beside, notes),
        started=started,
        ended=_ended(records, started),
        duration_s=records.runtime_s,
        parent_run=keys.run_id(TOOL, identity(run.project, run.branched_from)) if run.branched_from else None,
        user=places.user or run.entity or None,
        host=run.host or places.host or None,
        note=run.notes or None,
        params=_params(records, beside, notes),
        tags={**tag_values(run.tags), **_labels(records), **summary_tags},
        environment=_environment(records, beside, places.items),
        directions=directions,
        artifacts=artifacts,
        blobs=blobs,
        datasets=tuple(_datasets(run_id, records)),
        edges=tuple(_edges(run_id, records)),
        code=_code(run_id, records, beside),
        notices=tuple(notes.found),
        is_numbered=True,
    )


def _status(records: Records, beside: Beside, notes: Notes) -> RunStatus:
    """Return how the run ended: what its last exit record says."""
    ending = records.exit
    if not records.counts:
        return _STATES.get(beside.surroundings.state, RunStatus.UNKNOWN)
    if ending is None or ending.is_open:
        notes.info("no-end", NO_END)
        return RunStatus.RUNNING
    if ending.code:
        notes.info("exit-code", f"The run ended with exit code {ending.code}.")
    if ending.code == _INTERRUPTED or (ending.code and records.is_preempting):
        return RunStatus.KILLED
    return RunStatus.FAILED if ending.code else RunStatus.FINISHED


def _ended(records: Records, started: datetime | None) -> datetime | None:
    """Return the end of a run that lasted from its only start to its exit; else the time of its last point counts."""
    ending = records.exit
    is_plain = (
        ending is not None and not ending.is_open and not records.run.is_resumed and len(set(records.starts_s)) == 1
    )
    if ending is None or started is None or not is_plain or ending.runtime_s <= 0:
        return None
    return moment((started + timedelta(seconds=ending.runtime_s)).timestamp())


def _params(records: Records, beside: Beside, notes: Notes) -> dict[str, str]:
    tree = records.config.tree()
    logged = keys.flatten({name: value for name, value in tree.items() if name not in OWN_KEYS})
    if records.config.bad:
        notes.add("undecodable-settings", f"{records.config.bad} settings do not decode and were left out.")
    written = keys.flatten(beside.config)
    differing = sorted(conflicting(logged, written))
    if differing:
        notes.add("settings-differ", f"config.yaml and the log differ in {listed(differing)}; the log counts.")
    # A map that the log says whole is not filled up with what an older file had below the same name.
    tops = {top for name in tree for top in keys.flatten({name: 0})}
    more = {name: text for name, text in written.items() if not any(_is_below(name, top) for top in tops)}
    return {**logged, **more}


def _is_below(name: str, top: str) -> bool:
    return name == top or name.startswith(f"{top}.")


def _labels(records: Records) -> dict[str, str]:
    run = records.run
    labels = {"entity": run.entity, "group": run.group, "job_type": run.job_type, "sweep": run.sweep}
    for artifact in records.artifacts.values():
        aliases = f", aliases {' '.join(artifact.aliases)}" if artifact.aliases else ""
        labels[f"artifact.{artifact.name}"] = f"{artifact.type}, digest {artifact.digest}{aliases}"
    return {name: text for name, text in labels.items() if text}


def _environment(records: Records, beside: Beside, items: Mapping[tuple[str, str], str]) -> dict[tuple[str, str], str]:
    pinned = {("package", name): version for name, version in beside.packages.items()}
    own = {("package", name): version for name, version in records.versions.items() if name != "transformers"}
    transformers = records.versions.get("transformers")
    extra = {("package", "transformers"): transformers} if transformers else {}
    return {**extra, **pinned, **own, **items}


def _datasets(run_id: str, records: Records) -> Iterator[Dataset]:
    seen: set[str] = set()
    for used in records.used:
        if _is_data(used) and used.name not in seen:
            seen.add(used.name)
            yield Dataset(run_id=run_id, dataset=used.name, digest=used.identity or None)


def _edges(run_id: str, records: Records) -> Iterator[Edge]:
    """Yield what went in and came out; a version is not part of a node, so that runs meet at an artifact."""
    node = f"run:{run_id}"
    for used in records.used:
        if not _is_data(used) and used.name:
            yield Edge(run_id=run_id, from_node=_artifact_node(used.name), to_node=node, relation=Relation.USED)
    for name in records.artifacts:
        if name:
            yield Edge(run_id=run_id, from_node=node, to_node=_artifact_node(name), relation=Relation.PRODUCED)
    if records.run.branched_from:
        parent = keys.run_id(TOOL, identity(records.run.project, records.run.branched_from))
        yield Edge(run_id=run_id, from_node=f"run:{parent}", to_node=node, relation=Relation.DERIVED)


def _artifact_node(name: str) -> str:
    return f"artifact:{name.rpartition('/')[2].partition(':')[0]}"


def _is_data(used: UsedArtifact) -> bool:
    return "dataset" in used.type.casefold() and bool(used.name)


def _code(run_id: str, records: Records, beside: Beside) -> CodeVersion | None:
    places = records.surroundings.filled_from(beside.surroundings)
    commit = records.run.commit or places.commit
    remote = records.run.remote or places.remote
    if not (commit or remote or places.program or beside.patch):
        return None
    return CodeVersion(
        run_id=run_id,
        vcs="git" if commit or remote else None,
        commit=commit or None,
        dirty=True if beside.patch else None,
        diff_digest=beside.patch or None,
        repo_url=remote or None,
        entry_point=places.program or None,
    )


def _note_rest(records: Records, notes: Notes) -> None:
    """Say what else the log holds."""
    lines = sum(records.counts[kind] for kind in _CONSOLE)
    if lines:
        notes.info("console-output", f"{lines} records of console output were left out.")
    if records.counts[wire.TENSORBOARD]:
        notes.info("synced-tensorboard", "The run copied TensorBoard logs; what W&B took from them is in its history.")
    for alert in records.alerts:
        notes.info("alert", f"The run raised an alert: {_plain(alert)}.")


def _plain(text: str) -> str:
    return " ".join(text.split()).rstrip(".")
