"""Reading what a test wrote with one reader, for the tests of the trackers' readers."""

from dataclasses import dataclass
from pathlib import Path

from runreport.model.entities import RunLog
from runreport.notices import Notice
from runreport.readers import registry
from runreport.readers.base import Reader, Source

Points = dict[str, list[tuple[int, float]]]


@dataclass(frozen=True, kw_only=True)
class Found:
    """Everything a reader says about a folder; the points by the names of the runs."""

    sources: tuple[Source, ...]
    logs: tuple[RunLog, ...]
    points: dict[str, Points]
    notices: tuple[Notice, ...]

    @property
    def log(self) -> RunLog:
        """The only run."""
        (log,) = self.logs
        return log

    @property
    def series(self) -> Points:
        """The points of the only run."""
        return self.points[self.log.run.run_id]

    @property
    def codes(self) -> list[str]:
        """The kinds of notices."""
        return sorted(notice.code for notice in self.notices)

    @property
    def params(self) -> dict[str, str]:
        """The params of the only run."""
        return {param.param: param.value for param in self.log.params}

    @property
    def tags(self) -> dict[str, str]:
        """The tags of the only run."""
        return {tag.tag: tag.value for tag in self.log.tags}

    @property
    def environment(self) -> dict[tuple[str, str], str]:
        """The environment of the only run."""
        return {(item.kind, item.item): item.value for item in self.log.environment}


def read(reader: Reader, folder: Path) -> Found:
    """Walk a folder with one reader alone and read everything it claims."""
    findings = registry.find([folder], [reader])
    scans = [(claim.location, reader.scan(claim.location, claim.match)) for claim in findings.claims]
    batches = [batch for location, scan in scans for batch in reader.read(location, scan.sources)]
    points: dict[str, Points] = {}
    for batch in batches:
        for log in batch.logs:
            points.setdefault(log.run.run_id, {})
        for row in batch.points.to_pylist():
            points[row["run_id"]].setdefault(row["metric"], []).append((row["step"], row["value"]))
    logs = tuple(log for batch in batches for log in batch.logs)
    told = (notice for log in logs for notice in log.notices)
    scanned = (notice for _, scan in scans for notice in scan.notices)
    return Found(
        sources=tuple(source for _, scan in scans for source in scan.sources),
        logs=logs,
        points=points,
        notices=(*findings.notices, *scanned, *told),
    )


def claims(reader: Reader, folder: Path) -> dict[str, str]:
    """Return how sure a reader is of each folder that it claims."""
    found = registry.find([folder], [reader]).claims
    return {claim.location.relative: claim.match.certainty.name for claim in found}
