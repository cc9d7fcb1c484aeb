"""Folders with small logs, read by one reader, for the tests of the readers of training and benchmark logs."""

from dataclasses import dataclass
from pathlib import Path

from runreport.model.entities import RunLog
from runreport.notices import Notice
from runreport.readers import registry

Series = list[tuple[int, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRun:
    """What a reader says about one run: its log, its points by metric, and its samples by metric and name."""

    log: RunLog
    points: dict[str, Series]
    samples: dict[tuple[str, str], float]

    @property
    def params(self) -> dict[str, str]:
        return {param.param: param.value for param in self.log.params}

    @property
    def tags(self) -> dict[str, str]:
        return {tag.tag: tag.value for tag in self.log.tags}

    @property
    def codes(self) -> set[str]:
        return {notice.code for notice in self.log.notices}

    def notice(self, code: str) -> Notice:
        (found,) = [notice for notice in self.log.notices if notice.code == code]
        return found


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def claims(folder: Path, name: str) -> dict[str, frozenset[str]]:
    """What the reader takes, by folder."""
    found = registry.find([folder], registry.readers(name).readers).claims
    return {claim.location.relative: claim.match.takes or frozenset() for claim in found}


def read_all(folder: Path, name: str) -> dict[str, ReadRun]:
    """The runs the reader finds, by path or, where several share one, by path and handle."""
    (reader,) = registry.readers(name).readers
    runs: dict[str, ReadRun] = {}
    for claim in registry.find([folder], [reader]).claims:
        for source in reader.scan(claim.location, claim.match).sources:
            (batch,) = reader.read(claim.location, [source])
            points: dict[str, Series] = {}
            for row in batch.points.to_pylist():
                points.setdefault(row["metric"], []).append((row["step"], row["value"]))
            rows = batch.samples.to_pylist() if batch.samples is not None else []
            samples = {(row["metric"], row["sample"]): row["value"] for row in rows}
            runs[f"{source.path}{source.handle}"] = ReadRun(log=batch.logs[0], points=points, samples=samples)
    return runs


def read_one(folder: Path, name: str) -> ReadRun:
    (run,) = read_all(folder, name).values()
    return run
