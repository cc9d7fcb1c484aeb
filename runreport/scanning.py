"""What the readers find at the places they claimed, each run once, and which logs are one run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from runreport import cycles
from runreport.errors import ServerError, UnknownNameError, UsageError
from runreport.joining import Joint, Part, joints
from runreport.names import Severity, content_hash
from runreport.notices import UNREADABLE, Notice
from runreport.readers.base import Certainty, Location, Reader, Source
from runreport.readers.registry import Claim
from runreport.reading import failure, where

_FINGERPRINT_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One location with its logs, and what was left out there: logs that are broken, and second ones of a run."""

    reader_name: str
    certainty: Certainty
    location: Location
    sources: tuple[Source, ...]
    notices: tuple[Notice, ...]
    unreadable: int = 0
    repeated: int = 0


@cycles.held_back()
def scan_all(claims: Iterable[Claim], readers: Sequence[Reader]) -> list[Place]:
    """List the logs at each place; of several logs of one run only the largest."""
    return _without_repeats(_scan(claim, readers) for claim in claims)


def runs_of(places: Sequence[Place]) -> list[tuple[Location, Joint]]:
    """Return the runs that the logs below each root make up, with that root."""
    parts: dict[Location, list[Part]] = {}
    for place in places:
        root = replace(place.location, relative="", folders=(), files=())
        parts.setdefault(root, []).extend(
            Part(reader_name=place.reader_name, certainty=place.certainty, source=source) for source in place.sources
        )
    return [(root, joint) for root, found in parts.items() for joint in joints(found)]


def withheld(runs: Iterable[tuple[Location, Joint]]) -> tuple[Notice, ...]:
    """Return a notice for each job whose settings were given to none of the runs below, and why."""
    return tuple(_withheld(where(root, joint.path), joint.withheld_from) for root, joint in runs if joint.withheld_from)


def _withheld(place: str, count: int) -> Notice:
    return Notice(
        severity=Severity.WARNING,
        code="settings-not-given",
        location=place,
        message=f"The settings here were given to none of the {count} runs below, because other jobs used this folder, "
        "too, or may have, and nothing says which of the runs they belong to.",
        hint="Name the folder of the job's own runs alone, or keep each job in a folder of its own.",
    )


def _scan(claim: Claim, readers: Sequence[Reader]) -> Place:
    """List the runs at a place; a log that cannot be opened becomes a notice, an address that is wrong an error."""
    reader = next(reader for reader in readers if reader.name == claim.reader_name)
    try:
        scan = reader.scan(claim.location, claim.match)
    except (ServerError, UnknownNameError, UsageError):
        raise
    except Exception as error:  # noqa: BLE001 - one bad log, or a fault in one reader, must not stop the others
        notice = failure(claim.location, claim.location.relative, UNREADABLE, error)
        return Place(
            reader_name=reader.name,
            certainty=claim.match.certainty,
            location=claim.location,
            sources=(),
            notices=(notice,),
            unreadable=1,
        )
    # A corrected reader must read its old logs again, so its version is part of what a log is known by.
    sources = tuple(
        replace(source, fingerprint=_fingerprint(reader, claim.location, source)) for source in scan.sources
    )
    return Place(
        reader_name=reader.name,
        certainty=claim.match.certainty,
        location=claim.location,
        sources=sources,
        notices=scan.notices,
        unreadable=scan.runs_skipped,
    )


def _fingerprint(reader: Reader, location: Location, source: Source) -> str:
    """Return what a log is known by, the settings for its files included."""
    asked = source.files if location.rules else ()
    rules = sorted({rule.model_dump_json() for file in asked if (rule := location.rule(file))})
    return content_hash(reader.version, source.fingerprint, *rules, length=_FINGERPRINT_LENGTH)


def _without_repeats(places: Iterable[Place]) -> list[Place]:
    """Keep of several logs of one run the largest, and of equally large ones the first in the order of the walk."""
    found = list(places)
    kept: dict[str, Source] = {}
    kept_at: dict[str, str] = {}
    for place in found:
        for source in place.sources:
            if source.run_id not in kept or source.size_bytes > kept[source.run_id].size_bytes:
                kept[source.run_id], kept_at[source.run_id] = source, where(place.location, source.path)
    return [_first_of_each(place, kept, kept_at) for place in found]


def _first_of_each(place: Place, kept: Mapping[str, Source], kept_at: Mapping[str, str]) -> Place:
    repeats = [source for source in place.sources if source is not kept[source.run_id]]
    notices = [_repeat(where(place.location, source.path), kept_at[source.run_id]) for source in repeats]
    return replace(
        place,
        sources=tuple(source for source in place.sources if source is kept[source.run_id]),
        notices=(*place.notices, *notices),
        repeated=len(repeats),
    )


def _repeat(found_at: str, first: str) -> Notice:
    return Notice(
        severity=Severity.WARNING,
        code="repeated-run",
        location=found_at,
        message=f"This run was also found at {first}, where its log is the largest; it is counted once.",
    )
