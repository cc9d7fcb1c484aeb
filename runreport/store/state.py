"""What a store holds at one commit, how a commit changes it, and how both are written down."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import Any

from runreport.errors import StoreVersionError
from runreport.model.ledger import LedgerRow
from runreport.model.tables import SCHEMA_VERSION, SCHEMAS
from runreport.names import Severity
from runreport.notices import Notice
from runreport.store.parquet import BatchFiles, TableFile
from runreport.version import __version__

FORMAT = "runreport-store"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """Where a run's rows are: all batches of the one commit that brought this fingerprint.

    ``parts`` are the ids that its logs have by themselves, when it was put together from several.
    """

    fingerprint: str
    batches: tuple[str, ...]
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The files of a batch by table, and how many runs were written into it, be they live or replaced since."""

    run_count: int
    files: Mapping[str, TableFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Runs, batches and the notices about places, each by its key; also the shape of a change to be applied.

    ``roots`` says for each label of a folder that was ingested by what marks that very folder is known again, and
    ``ledgers`` what was found there the last time. ``retired`` are, in a change, the runs that are known by another id
    from now on.
    """

    runs: Mapping[str, RunRecord] = field(default_factory=dict)
    batches: Mapping[str, Batch] = field(default_factory=dict)
    found: Mapping[str, tuple[Notice, ...]] = field(default_factory=dict)
    roots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ledgers: Mapping[str, tuple[LedgerRow, ...]] = field(default_factory=dict)
    retired: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a commit would do: ``state`` holds only what is new; an empty tuple of notices takes a key away."""

    state: State
    added: int
    updated: int
    unchanged: int

    @property
    def is_empty(self) -> bool:
        """Whether the store already holds all of it."""
        return not (self.state.runs or self.state.found or self.state.roots or self.state.ledgers or self.state.retired)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One numbered commit; a checkpoint has the whole state, any other only what changed."""

    number: int
    is_checkpoint: bool
    state: State


def apply(state: State, change: State) -> State:
    """Return the state after a change; batches without any live run are no longer part of it."""
    runs = {run: record for run, record in {**state.runs, **change.runs}.items() if run not in change.retired}
    batches = {**state.batches, **change.batches}
    found = {key: notices for key, notices in {**state.found, **change.found}.items() if notices}
    live = {batch for run in runs.values() for batch in run.batches}
    return State(
        runs=runs,
        batches={name: batches[name] for name in sorted(live)},
        found=found,
        roots={**state.roots, **change.roots},
        ledgers={**state.ledgers, **change.ledgers},
    )


def plan(  # noqa: PLR0913 - each is another part of what a store holds
    state: State,
    additions: Sequence[BatchFiles],
    found: Mapping[str, tuple[Notice, ...]],
    roots: Mapping[str, tuple[str, ...]],
    *,
    ledgers: Mapping[str, tuple[LedgerRow, ...]],
    parts: Mapping[str, tuple[str, ...]],
) -> Change:
    """Return what adding these batches and replacing these notices, marks and ledgers would change.

    ``parts`` names for each run that was found the ids of its logs; a run of the store that has one of them under another
    id is retired.

    Raises:
        ValueError: a run has no log or several among the additions, or different fingerprints.
    """
    incoming = _incoming(additions, parts)
    new = {
        run: record
        for run, record in incoming.items()
        if run not in state.runs or state.runs[run].fingerprint != record.fingerprint
    }
    needed = {batch for record in new.values() for batch in record.batches}
    batches = {addition.batch_id: _batch(addition) for addition in additions if addition.batch_id in needed}
    notices = {key: tuple(sorted(set(value))) for key, value in found.items()} | _parts_of(found, state.found)
    ledgers = {**ledgers, **_parts_of(found, state.ledgers)}
    changed = {key: value for key, value in notices.items() if state.found.get(key, ()) != value}
    updated = len(new.keys() & state.runs.keys())
    return Change(
        state=State(
            runs=new,
            batches=batches,
            found=changed,
            roots={label: marks for label, marks in roots.items() if state.roots.get(label) != marks},
            ledgers={label: rows for label, rows in ledgers.items() if state.ledgers.get(label) != rows},
            retired=_retired(state, parts),
        ),
        added=len(new) - updated,
        updated=updated,
        unchanged=len(incoming) - len(new),
    )


def _parts_of(named: Collection[str], known: Collection[str]) -> dict[str, tuple[()]]:
    """Return the parts (see :attr:`runreport.readers.base.Location.named`) of what was read as a whole now, emptied."""
    parts = (key for key in known if key.endswith("/") and key not in named)
    return {key: () for key in parts if any(key.startswith(f"{whole}/") for whole in named if whole)}


def _retired(state: State, parts: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """Return the runs of a store that share a log with a run of another id among those that were found now."""
    found = {part for run, own in parts.items() for part in (run, *own)}
    joined = (part for own in parts.values() for part in own if part in state.runs)
    split = (run for run, record in state.runs.items() if record.parts and not found.isdisjoint(record.parts))
    return frozenset(run for run in (*joined, *split) if run not in parts)


def _incoming(additions: Sequence[BatchFiles], parts: Mapping[str, tuple[str, ...]]) -> dict[str, RunRecord]:
    records: dict[str, RunRecord] = {}
    logs: dict[str, int] = {}
    for addition in {addition.batch_id: addition for addition in additions}.values():
        for run in addition.runs:
            earlier = records.get(run.run_id)
            if earlier is not None and earlier.fingerprint != run.fingerprint:
                msg = f"run {run.run_id} has two fingerprints in one commit"
                raise ValueError(msg)
            batches = (*(earlier.batches if earlier else ()), addition.batch_id)
            records[run.run_id] = RunRecord(
                fingerprint=run.fingerprint, batches=batches, parts=parts.get(run.run_id, ())
            )
            logs[run.run_id] = logs.get(run.run_id, 0) + run.has_log
    if wrong := sorted(run for run, count in logs.items() if count != 1):
        msg = f"every run needs exactly one log in its commit, unlike {wrong}"
        raise ValueError(msg)
    return records


def _batch(addition: BatchFiles) -> Batch:
    return Batch(run_count=len(addition.runs), files={file.table: file for file in addition.files})


def encode(manifest: Manifest) -> bytes:
    """Return a manifest as JSON, the same bytes for the same content."""
    state = manifest.state
    content = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "written_by": __version__,
        "number": manifest.number,
        "kind": "checkpoint" if manifest.is_checkpoint else "delta",
        "runs": {
            run: {"fingerprint": it.fingerprint, "batches": it.batches, "parts": it.parts}
            for run, it in state.runs.items()
        },
        "batches": {name: _encoded_batch(batch) for name, batch in state.batches.items()},
        "found": {key: [asdict(notice) for notice in notices] for key, notices in state.found.items()},
        "roots": dict(state.roots),
        "retired": sorted(state.retired),
        "ledgers": {label: [asdict(row) for row in rows] for label, rows in state.ledgers.items()},
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _encoded_batch(batch: Batch) -> dict[str, object]:
    files = {table: {"name": file.name, "rows": file.rows} for table, file in batch.files.items()}
    return {"run_count": batch.run_count, "files": files}


def decode(content: bytes) -> Manifest:
    """Return the manifest that was written as these bytes.

    Raises:
        StoreVersionError: a newer version wrote it.
        ValueError, KeyError, TypeError, AttributeError: it is cut short or no manifest.
    """
    raw = json.loads(content)
    if raw["format"] != FORMAT:
        msg = f"format {raw['format']!r}"
        raise ValueError(msg)
    _check_version(raw)
    state = State(
        runs={
            run: RunRecord(fingerprint=it["fingerprint"], batches=tuple(it["batches"]), parts=tuple(it["parts"]))
            for run, it in raw["runs"].items()
        },
        batches={name: _decoded_batch(batch) for name, batch in raw["batches"].items()},
        found={key: tuple(_notice(row) for row in rows) for key, rows in raw["found"].items()},
        roots={label: tuple(marks) for label, marks in raw["roots"].items()},
        ledgers={label: tuple(LedgerRow(**row) for row in rows) for label, rows in raw["ledgers"].items()},
        retired=frozenset(raw["retired"]),
    )
    return Manifest(number=raw["number"], is_checkpoint=raw["kind"] == "checkpoint", state=state)


def _check_version(raw: Mapping[str, Any]) -> None:
    if raw["schema_version"] > SCHEMA_VERSION:
        sentence = (
            f"The store was written by runreport {raw['written_by']} with schema version {raw['schema_version']}; "
            f"this is runreport {__version__}, which reads up to version {SCHEMA_VERSION}."
        )
        raise StoreVersionError(sentence, hint=f"Install runreport {raw['written_by']} or newer.")


def _decoded_batch(raw: Mapping[str, Any]) -> Batch:
    files = [TableFile(table=table, name=_inside(it["name"]), rows=it["rows"]) for table, it in raw["files"].items()]
    return Batch(run_count=raw["run_count"], files={file.table: file for file in files if file.table in SCHEMAS})


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts:
        msg = f"{name!r} lies outside of the store"
        raise ValueError(msg)
    return name


def _notice(row: Mapping[str, Any]) -> Notice:
    return Notice(**{**row, "severity": Severity(row["severity"])})
