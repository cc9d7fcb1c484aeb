"""Which reader reads what: the installed readers, and a walk through folders that gives each file to one of them."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from runreport import plugins
from runreport.config.options import SourceOptions
from runreport.errors import NoRunsError, ReadError, UnknownNameError, UsageError
from runreport.names import Severity, content_hash
from runreport.notices import Notice
from runreport.readers import addresses, walk
from runreport.readers.base import Location, Match, Reader
from runreport.readers.walk import Visit

_NAMED_FILES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class InstalledReaders:
    """One instance of each reader by name, and what is to be said about those that cannot be used."""

    readers: tuple[Reader, ...]
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What one reader is to read: the location holds no files that another reader reads."""

    reader_name: str
    location: Location
    match: Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one reader said about a folder, and what came of it."""

    reader_name: str
    match: Match
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One folder in which a reader recognised something or files were left.

    ``unread`` names at most five of the files that nobody took, ``unread_count`` counts them; ``skipped`` says why
    the folder was not looked into at all, and is empty otherwise.
    """

    label: str
    relative: str
    named: str = ""
    offers: tuple[Offer, ...] = ()
    unread: tuple[str, ...] = ()
    unread_count: int = 0
    skipped: str = ""

    @property
    def place(self) -> str:
        """The folder as it is shown: below the label of its root."""
        return f"{self.label}/{self.relative}" if self.relative else self.label


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything a walk found: what is to be read, why, and what was passed over.

    For what was named, as :attr:`runreport.readers.base.Location.named` tells it, ``noticed`` holds what was noticed on
    the walk through it (under the empty text: about the paths themselves). ``roots`` are the marks by which folders are
    known again, by their labels, where they are new.
    """

    claims: tuple[Claim, ...]
    looks: tuple[Look, ...]
    noticed: Mapping[str, tuple[Notice, ...]] = field(default_factory=dict)
    roots: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Everything noticed, sorted."""
        return tuple(sorted({notice for notices in self.noticed.values() for notice in notices}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One line of ``readers --explain``: who (empty: nobody) takes what at a place, how surely, and why."""

    place: str
    reader_name: str
    certainty: str
    reason: str
    outcome: str


def readers(only: str | None = None) -> InstalledReaders:
    """Return an instance of each installed reader sorted by name, or just the one called ``only``.

    Raises:
        UnknownNameError: there is no reader of that name, or it cannot be used.
    """
    found = plugins.load(plugins.READERS, only=only)
    usable: list[Reader] = []
    notices = list(found.notices)
    for plugin in found.loaded:
        reader, reason = _instance(plugin)
        usable += [reader] if reader else []
        notices += [] if reader else [plugins.failure(plugin, reason)]
    if only is not None and not usable:
        raise _unknown_reader(only, notices)
    return InstalledReaders(readers=tuple(usable), notices=tuple(notices))


def find(
    paths: Sequence[str | Path],
    readers: Sequence[Reader],
    known: Mapping[str, Collection[str]] = MappingProxyType({}),
    rules: Sequence[SourceOptions] = (),
) -> Findings:
    """Walk each path and give every file to the surest reader that recognises it, and to no other.

    A text with ``://`` in it is an address; it goes to the reader of its scheme.

    ``known`` are the labels and marks of folders read before (see :class:`Findings`); they keep their labels, and what
    lies below one of them is read below it.
    ``rules`` are the user's settings for single files; one that names a reader hides its files from the others.

    A reader that takes a whole tree ends the descent there. Links out of a named folder are refused with a notice.
    The order of the claims depends on names only.

    Raises:
        UsageError: a path does not exist, or no reader reads an address.
        UnknownNameError: a rule names a reader that there is not.
    """
    _check_names(rules, readers)
    named = sorted({str(path) for path in paths if addresses.is_address(str(path))})
    folders = walk.KnownFolders.of(known)
    starts, nested = walk.starts([Path(path) for path in paths if str(path) not in named], folders)
    noticed: dict[str, list[Notice]] = {"": nested}
    roots: dict[str, tuple[str, ...]] = {}
    claims: list[Claim] = []
    looks: list[Look] = []
    of_folders = [reader for reader in readers if not getattr(reader, "schemes", ())]
    for start in starts:
        steps = walk.walk(start, folders)
        for visit in (_with_rules(found, rules) for found in steps):
            settled = _settled(visit, of_folders)
            claims += settled.claims
            looks += settled.looks
            noticed.setdefault(visit.location.named, []).extend(settled.notices)
            if visit.marks and not set(visit.marks) <= set(known.get(visit.location.label, ())):
                roots[visit.location.label] = visit.marks
            if any(claim.match.takes is None for claim in settled.claims):
                steps.stay_out()
            for claim in settled.claims:
                steps.stay_out(claim.match.folders)
    for address in named:
        settled = _settled_address(address, [reader for reader in readers if _reads(reader, address)], tuple(rules))
        claims += settled.claims
        looks += settled.looks
        noticed[addresses.shown(address)] = []
    return Findings(
        claims=tuple(claims),
        looks=tuple(looks),
        noticed={label: tuple(sorted(set(found))) for label, found in noticed.items()},
        roots=roots | {addresses.shown(address): (content_hash(addresses.shown(address)),) for address in named},
    )


def explain(findings: Findings) -> tuple[Explanation, ...]:
    """Return who takes what and why, folder by folder, the files that nobody takes included."""
    return tuple(line for look in findings.looks for line in _explanations(look))


def no_runs(paths: Sequence[str | Path]) -> NoRunsError:
    """Return the error for a walk that found nothing to read."""
    texts = [addresses.shown(str(path)) if addresses.is_address(str(path)) else str(path) for path in paths]
    named = ", ".join(texts)
    shown = texts[0] if texts else "PATH"
    sentence = f"Nothing in {named} looks like a run log."
    return NoRunsError(sentence, hint=f"`runreport readers --explain {shown}` says what was looked at and why.")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Settled:
    claims: tuple[Claim, ...] = ()
    looks: tuple[Look, ...] = ()
    notices: tuple[Notice, ...] = ()


def _instance(plugin: plugins.LoadedPlugin) -> tuple[Reader | None, str]:
    try:
        reader = plugin.value()
    except Exception as error:  # noqa: BLE001 - a plugin's constructor may raise anything, and must not stop the others
        return None, f"{type(error).__name__}: {error}"
    if not isinstance(reader, Reader):
        return None, "it has not all members of runreport.readers.base.Reader"
    if reader.name != plugin.name:
        return None, f"its entry point is named {plugin.name!r} but the reader {reader.name!r}"
    return reader, ""


def _unknown_reader(name: str, notices: Sequence[Notice]) -> UnknownNameError:
    if notices:
        return UnknownNameError(f"The reader {name!r} cannot be used.", hint=notices[0].message)
    known = plugins.names(plugins.READERS)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(known)}."
    return UnknownNameError(f"There is no reader {name!r}.", hint=hint)


def _with_rules(visit: Visit, rules: Sequence[SourceOptions]) -> Visit:
    return replace(visit, location=replace(visit.location, rules=tuple(rules))) if rules else visit


def _settled(visit: Visit, readers: Sequence[Reader]) -> _Settled:
    location = visit.location
    if visit.skipped:
        skipped = Look(label=location.label, relative=location.relative, named=location.named, skipped=visit.skipped)
        return _Settled(looks=(skipped,), notices=visit.notices)
    matches, failures = _matches(location, readers)
    claims: list[Claim] = []
    offers: list[Offer] = []
    free = set(location.files)
    for reader_name, match in matches:
        claim, outcome = _claim(reader_name, match, location, free)
        offers.append(Offer(reader_name=reader_name, match=match, outcome=outcome))
        if claim:
            claims.append(claim)
            free = set() if match.takes is None else free - match.takes
    if any(match.reads_above for _, match in matches):
        free = set()
    look = Look(
        label=location.label,
        relative=location.relative,
        named=location.named,
        offers=tuple(offers),
        unread=tuple(sorted(free)[:_NAMED_FILES]),
        unread_count=len(free),
    )
    looks = (look,) if offers or free else ()
    given = tuple(_not_recognised(location, free))
    return _Settled(claims=tuple(claims), looks=looks, notices=(*visit.notices, *failures, *given))


def _reads(reader: Reader, address: str) -> bool:
    return addresses.scheme(address) in getattr(reader, "schemes", ())


def _settled_address(address: str, readers: Sequence[Reader], rules: tuple[SourceOptions, ...]) -> _Settled:
    """Give an address to the first reader of its scheme.

    Raises:
        UsageError: there is none, or the address is not as it should be.
    """
    label = addresses.shown(address)
    location = Location(root=Path(), label=label, relative="", folders=(), files=(), rules=rules, address=address)
    for reader in readers:
        match = reader.match(location)
        if match is not None:
            offer = Offer(reader_name=reader.name, match=match, outcome="reads all runs there")
            claim = Claim(reader_name=reader.name, location=location, match=match)
            return _Settled(claims=(claim,), looks=(Look(label=label, relative="", named=label, offers=(offer,)),))
    sentence = f"No reader reads addresses that begin with {addresses.scheme(address)}://."
    raise UsageError(sentence, hint="`runreport readers` lists what is read.")


def _matches(location: Location, readers: Sequence[Reader]) -> tuple[list[tuple[str, Match]], list[Notice]]:
    """Return what each reader says, the surest first; at equal certainty whole trees and then names decide."""
    matches: list[tuple[str, Match]] = []
    failures: list[Notice] = []
    for reader in readers:
        try:
            match = reader.match(_offered(location, reader.name))
        except Exception as error:  # noqa: BLE001 - foreign input and foreign readers must not stop the walk
            failures.append(_match_failed(reader.name, location, error))
            continue
        if match is not None:
            matches.append((reader.name, match))
    matches.sort(key=lambda named: (-named[1].certainty, named[1].takes is not None, named[0]))
    return matches, failures


def _offered(location: Location, reader_name: str) -> Location:
    """Return the location without the files that the user gave to another reader."""
    if not location.rules:
        return location
    return replace(
        location, files=tuple(file for file in location.files if _given_to(location, file) in {"", reader_name})
    )


def _given_to(location: Location, file: str) -> str:
    rule = location.rule(location.child(file))
    return rule.reader if rule else ""


def _check_names(rules: Sequence[SourceOptions], readers: Sequence[Reader]) -> None:
    named = [rule for rule in rules if rule.reader]
    known = {reader.name for reader in readers} | set(plugins.names(plugins.READERS) if named else ())
    for rule in named:
        if rule.reader not in known:
            raise _unknown_reader(rule.reader, ())


def _not_recognised(location: Location, free: Collection[str]) -> Iterator[Notice]:
    """Yield a notice for each file that the user gave to a reader which did not take it."""
    for file in sorted(free) if location.rules else ():
        if reader_name := _given_to(location, file):
            yield Notice(
                severity=Severity.WARNING,
                code="not-recognised",
                location=location.child(file),
                message=f"The settings give this file to the reader {reader_name!r}, which does not recognise it.",
                hint="`runreport readers --explain` says what it looks for.",
            )


def _claim(reader_name: str, match: Match, location: Location, free: set[str]) -> tuple[Claim | None, str]:
    """Return what a reader gets of the files that are still free, and the outcome in words."""
    if match.takes is None:
        if len(free) < len(location.files):
            return None, "not used: files of the tree are read by a surer reader"
        own = replace(location, heads={}, checked=set())
        return Claim(reader_name=reader_name, location=own, match=match), "reads the whole tree"
    granted = frozenset(name for name in match.takes if name in free or "/" in name)
    if not match.takes:
        return None, "read with the folder above" if match.reads_above else "takes nothing here"
    if not granted:
        return None, "not used: a surer reader takes these files"
    own = replace(location, heads={}, checked=set(), files=tuple(file for file in location.files if file in free))
    claim = Claim(reader_name=reader_name, location=own, match=replace(match, takes=granted))
    return claim, f"reads {_listed(sorted(granted), len(granted))}"


def _match_failed(reader_name: str, location: Location, error: Exception) -> Notice:
    reason = error.sentence if isinstance(error, ReadError) else f"{type(error).__name__}: {error}"
    return Notice(
        severity=Severity.ERROR,
        code="match-failed",
        location=f"{location.label}/{location.relative}".rstrip("/"),
        message=f"The reader {reader_name!r} failed on this folder and was passed over: {reason}",
    )


def _explanations(look: Look) -> Iterator[Explanation]:
    for offer in look.offers:
        yield Explanation(
            place=look.place,
            reader_name=offer.reader_name,
            certainty=offer.match.certainty.name.lower(),
            reason=offer.match.reason,
            outcome=offer.outcome,
        )
    if look.skipped:
        yield Explanation(
            place=look.place, reader_name="", certainty="", reason=look.skipped, outcome="not looked into"
        )
    if look.unread_count:
        outcome = f"not read: {_listed(look.unread, look.unread_count)}"
        yield Explanation(
            place=look.place, reader_name="", certainty="", reason="no reader takes them", outcome=outcome
        )


def _listed(names: Sequence[str], count: int) -> str:
    shown = ", ".join(names[:_NAMED_FILES])
    rest = count - min(len(names), _NAMED_FILES)
    return f"{shown} and {rest} more" if rest else shown
