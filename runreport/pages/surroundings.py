"""What surrounds every page: navigation, breadcrumbs, the ledger, where the report comes from."""

from dataclasses import dataclass
from datetime import datetime

from runreport.model.ledger import LedgerRow
from runreport.pages import numbers, urls
from runreport.pages.parts import Frame, Link

_PARTS = (("Overview", urls.OVERVIEW), ("Runs", urls.RUNS), ("Lineage", urls.LINEAGE), ("Notices", urls.NOTICES))


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """How a report was made.

    Attributes:
        version: of runreport.
        python: version of Python.
        libraries: (name, version) of the libraries behind the numbers.
        inputs: what was read; labels and paths are relative, never those of the machine.
        command: the command line.
        ledger: what was found in the logs and what became of it.
        config: the settings that were in force, as TOML.
        date: SOURCE_DATE_EPOCH, or when the newest run ended; None when no run says.
    """

    version: str
    python: str
    libraries: tuple[tuple[str, str], ...]
    inputs: tuple["InputSource", ...]
    command: str
    ledger: tuple[LedgerRow, ...] = ()
    config: str = ""
    date: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSource:
    """One folder or file that was read: its label, the reader that took it and how many runs it gave."""

    label: str
    reader: str
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """The same on every page of a site."""

    site_title: str
    ledger: str
    generator: str
    date: datetime | None

    def frame(self, url: str, title: str, breadcrumbs: tuple[Link, ...] = ()) -> Frame:
        """Return the frame of one page; the first page carries the title of the report alone."""
        is_first = url == urls.OVERVIEW
        return Frame(
            url=url,
            root=urls.root_of(url),
            lang="en",
            title=self.site_title if is_first else f"{title} – {self.site_title}",
            site_title=self.site_title,
            navigation=_navigation(url),
            breadcrumbs=breadcrumbs,
            ledger=self.ledger,
            generator=self.generator,
            date=numbers.moment(self.date) if self.date else "",
        )


def _navigation(url: str) -> tuple[Link, ...]:
    parts = (*_PARTS, ("How to read this", urls.READING), ("About", urls.ABOUT))
    return tuple(Link(label=label, url=place, is_current=place == url) for label, place in parts)
