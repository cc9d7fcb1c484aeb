"""Counting what an ingest found and what became of it, so that nothing is lost without being counted."""

from collections import Counter
from collections.abc import Iterable, Sequence

from runreport.joining import Joint
from runreport.model.ledger import LedgerRow
from runreport.readers.base import Location
from runreport.readers.registry import Claim, Findings
from runreport.reading import Task, TaskResult
from runreport.scanning import Place

_Key = tuple[str, str]  # the folder as it was named, the reader


def make_ledger(
    findings: Findings,
    places: Sequence[Place],
    runs: Sequence[tuple[Location, Joint]],
    done: Sequence[tuple[Task, TaskResult]],
) -> dict[str, tuple[LedgerRow, ...]]:
    """Return the rows of each folder by its label, by reader, with the files that nobody takes last."""
    firsts: Counter[_Key] = Counter((root.named, joint.parts[0].reader_name) for root, joint in runs)
    joined = _joined(runs)
    repeated: Counter[_Key] = Counter()
    broken: Counter[_Key] = Counter()
    for place in places:
        key = (place.location.named, place.reader_name)
        repeated[key] += place.repeated
        broken[key] += place.unreadable
    for task, result in done:
        key = (task.location.named, task.joints[0].parts[0].reader_name)
        broken[key] += result.runs_skipped
        firsts[key] -= result.runs_skipped
    files = _files(findings.claims, places)
    unread: Counter[str] = Counter()
    for look in findings.looks:
        unread[look.named] += look.unread_count
    rows = [
        LedgerRow(
            folder=label,
            reader=reader,
            files=files[label, reader],
            logs=firsts[label, reader] + joined[label, reader] + repeated[label, reader] + broken[label, reader],
            runs=firsts[label, reader],
            joined=joined[label, reader],
            repeated=repeated[label, reader],
            unreadable=broken[label, reader],
        )
        for label, reader in sorted(files.keys() | firsts.keys() | joined.keys() | broken.keys())
    ]
    rows += [LedgerRow(folder=label, reader="", files=count) for label, count in sorted(unread.items()) if count]
    return {label: tuple(row for row in rows if row.folder == label) for label in findings.noticed if label}


def _joined(runs: Iterable[tuple[Location, Joint]]) -> Counter[_Key]:
    """Count the logs behind the first of each run; a layer over several runs is one log."""
    seen: set[tuple[str, str, str]] = set()
    for root, joint in runs:
        seen |= {(root.named, part.reader_name, part.source.run_id) for part in joint.parts[1:]}
    return Counter((label, reader) for label, reader, _ in seen)


def _files(claims: Iterable[Claim], places: Iterable[Place]) -> Counter[_Key]:
    """Count the files each reader takes; of a tree it takes whole, those its logs consist of."""
    taken: dict[_Key, set[str]] = {}
    for claim in claims:
        key = (claim.location.named, claim.reader_name)
        taken.setdefault(key, set()).update(map(claim.location.child, claim.match.takes or ()))
    for place in places:
        key = (place.location.named, place.reader_name)
        taken.setdefault(key, set()).update(file for source in place.sources for file in source.files)
    return Counter({key: len(files) for key, files in taken.items()})
