"""Text logs: those of a known style by themselves, all others by the settings in ``[[sources]]``."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import ClassVar

from runreport.config.options import SourceOptions
from runreport.errors import ReadError
from runreport.formats.files import suffix_of
from runreport.model.entities import RunBatch
from runreport.readers.base import Certainty, Joining, Location, Match, Scan, Source
from runreport.readers.common.logs import RunFacts, read_each, source_of
from runreport.readers.common.series import RunPoints
from runreport.readers.text import nnunet
from runreport.readers.text.lines import ends
from runreport.readers.text.log import read_log
from runreport.readers.text.patterns import is_step_line

_SUFFIXES = frozenset({".txt", ".log", ".out"})
_HEAD_BYTES = 4096
_TAIL_BYTES = 4096
_LEAST_LINES = 3
_USUAL_STEMS = frozenset(
    {"log", "logs", "train", "training", "train_log", "output", "main", "stdout", "cout", "console", "run"}
)
_FOLD = "fold"
_HYDRA = ".hydra"
_MIN_LINE = 4
_SHOWN = 60


class TextReader:
    """Reads text logs by pattern."""

    name: ClassVar[str] = "text"
    version: ClassVar[str] = "1"
    formats: ClassVar[tuple[str, ...]] = (
        "Text logs of `step:N/TOTAL key:value ...` lines, as of modded-nanogpt and llm.c",
        "nnU-Net: `training_log_*.txt` of a fold, `debug.json` and the summary of the validation",
        "Any other text log, by a ready pattern or regular expressions named in `[[sources]]`",
    )

    def match(self, location: Location) -> Match | None:
        """Claim logs that the settings describe, and those whose first or last lines are steps with values."""
        kinds = {name: reason for name in location.files if (reason := _reason(location, name, _LEAST_LINES))}
        if not kinds:
            return None
        for name in location.files:  # a run that died early lies beside those that did not
            if name not in kinds and (reason := _reason(location, name, least=1)):
                kinds[name] = reason
        fold = [name for name in kinds if nnunet.FILE_NAME.fullmatch(name)]
        takes = set(kinds)
        if fold and nnunet.DEBUG in location.files:
            takes.add(nnunet.DEBUG)
        folders = {path.partition("/")[0] for path in nnunet.SUMMARIES} & set(location.folders) if fold else set()
        first = next(iter(kinds))
        more = f" and {len(kinds) - 1} more like it" if len(kinds) > 1 else ""
        is_sure = any(reason.startswith(_SURE) for reason in kinds.values())
        return Match(
            certainty=Certainty.SURE if is_sure else Certainty.LIKELY,
            reason=f"{first}{more}: {kinds[first]}",
            takes=frozenset(takes),
            folders=frozenset(folders),
        )

    def scan(self, location: Location, match: Match) -> Scan:
        """Return a run for each log; the logs of a fold of nnU-Net are one."""
        names = sorted(match.takes or ())
        fold = [name for name in names if _is_fold_log(location, name)]
        single = [name for name in names if name not in fold and name != nnunet.DEBUG]
        sources = [_log_source(location, name, is_only=len(single) == 1 and not fold) for name in single]
        if fold:
            sources.append(_fold_source(location, fold))
        return Scan(sources=tuple(sources))

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        """Yield the runs one after the other."""
        return read_each(self, location, sources, _read_run)


_SURE = ("the settings", "nnU-Net")


def _read_run(location: Location, source: Source, points: RunPoints) -> RunFacts:
    if source.handle == _FOLD:
        return nnunet.read_fold(location, source, points)
    return read_log(location, source, points)


def _reason(location: Location, name: str, least: int) -> str:
    """Return why a file is a text log, empty when it is none; ``least`` is how many lines must show it."""
    rule = location.rule(location.child(name))
    if rule is not None and _describes_text(rule):
        return "the settings say how its lines are read"
    if suffix_of(name) not in _SUFFIXES:
        return ""
    try:
        head, tail = ends(location.listed(name), _HEAD_BYTES, _TAIL_BYTES)
    except ReadError:
        return ""
    if nnunet.FILE_NAME.fullmatch(name) and (nnunet.MARK in head or b"Epoch" in head or b"epoch" in head):
        return "nnU-Net's log of a training"
    lines = _step_lines(tail, least, is_head=False) or _step_lines(head, least, is_head=True)
    return f"lines such as {lines[0]!r}" if lines else ""


def _describes_text(rule: SourceOptions) -> bool:
    return rule.reader == TextReader.name or bool(rule.pattern or rule.metric_patterns or rule.param_patterns)


def _step_lines(data: bytes, least: int, *, is_head: bool) -> list[str]:
    """Return the lines that are a step and values, shortened, when there are enough of them."""
    lines = data.decode("utf-8", "replace").splitlines()
    whole = lines[:-1] if is_head and not data.endswith((b"\n", b"\r")) else lines
    found = [line[:_SHOWN] for line in whole if len(line) >= _MIN_LINE and is_step_line(line)]
    return found if len(found) >= least else []


def _is_fold_log(location: Location, name: str) -> bool:
    rule = location.rule(location.child(name))
    if rule is not None and _describes_text(rule) and (rule.pattern or rule.metric_patterns):
        return rule.pattern == "nnunet"
    return nnunet.FILE_NAME.fullmatch(name) is not None


def _log_source(location: Location, name: str, *, is_only: bool) -> Source:
    """Return the run of one log.

    The only one of a folder is the log of that folder when its name says nothing, or when Hydra made the folder.
    """
    place = location.child(name)
    is_usual = PurePosixPath(name).stem.lower() in _USUAL_STEMS or _HYDRA in location.folders
    if is_only and location.relative and is_usual:
        return source_of(location, TextReader.name, location.relative, [place], joining=Joining.FOLDER)
    return source_of(location, TextReader.name, place, [place])


def _fold_source(location: Location, names: Sequence[str]) -> Source:
    logs = nnunet.log_files(names)
    others = [name for name in sorted(names) if name not in logs]
    files = [*logs, *others, nnunet.DEBUG, *nnunet.SUMMARIES]
    return source_of(
        location,
        TextReader.name,
        location.relative,
        [location.child(name) for name in files],
        handle=_FOLD,
        joining=Joining.FOLDER,
    )
