"""How the report was made, and the page for a wrong address."""

from runreport.compare.comparison import Analysis
from runreport.compare.words import format_level
from runreport.config.options import Settings
from runreport.pages import cells, numbers, urls
from runreport.pages.contexts import AboutPage, NotFoundPage
from runreport.pages.parts import Cell, Column, Fact, Link
from runreport.pages.surroundings import Provenance, Surroundings


def about_page(site: Surroundings, analysis: Analysis, provenance: Provenance, settings: Settings) -> AboutPage:
    """Return the page that says where the numbers come from."""
    title = "About this report"
    libraries = cells.table(
        "libraries",
        "Libraries behind the numbers",
        cells.columns("Library", "Version"),
        (
            (cells.text_cell(name), cells.code_cell(version))
            for name, version in (("Python", provenance.python), *provenance.libraries)
        ),
    )
    return AboutPage(
        frame=site.frame(urls.ABOUT, title, (Link(label="Overview", url=urls.OVERVIEW),)),
        title=title,
        facts=_facts(analysis, provenance),
        inputs=cells.table(
            "inputs",
            "What was read",
            (*cells.columns("Log", "Reader"), Column(key="runs", label="Runs", is_number=True)),
            (
                (cells.code_cell(source.label), cells.text_cell(source.reader), cells.count_cell(source.runs))
                for source in provenance.inputs
            ),
        ),
        libraries=libraries,
        methods=_methods(settings),
        config=provenance.config,
    )


def not_found_page(site: Surroundings) -> NotFoundPage:
    """Return the page for a wrong address; a server may show it at any depth, so it links to nothing."""
    title = "Page not found"
    return NotFoundPage(frame=site.frame(urls.NOT_FOUND, title), title=title)


def _facts(analysis: Analysis, provenance: Provenance) -> tuple[Fact, ...]:
    found = (
        ("Made by", cells.text_cell(f"runreport {provenance.version}")),
        ("Command", cells.code_cell(provenance.command)),
        ("Snapshot of the store", cells.text_cell(str(analysis.snapshot))),
        ("Newest run", cells.text_cell(numbers.moment(provenance.date) if provenance.date else None)),
        ("Network", Cell(text="No telemetry, no network: these pages load nothing from outside their folder.")),
        (
            "Repeatable",
            Cell(text="The same store, settings and versions give the same bytes; the time of the build is not used."),
        ),
    )
    return tuple(Fact(label=label, cell=cell) for label, cell in found)


def _methods(settings: Settings) -> tuple[Fact, ...]:
    options = settings.comparisons
    level = format_level(options.level)
    found = (
        ("Groups", "Runs that differ only in their seed and in ignored keys form a group; the run is the unit of n."),
        ("Runs in a mean", "Finished runs, and runs whose log records no status. All others are counted beside it."),
        ("Intervals", f"Student's t for means and Welch's t for differences, at {level}; bands of curves: pointwise."),
        ("Tests", f"Two-sided Welch t; p adjusted by Holm over the candidates of a metric; alpha {options.alpha:g}."),
        ("Effect size", "Hedges g: the difference in pooled standard deviations, corrected for small samples."),
        ("Verdicts", "There is no word for “the same”: too few runs to tell and no difference look alike."),
    )
    return tuple(Fact(label=label, cell=Cell(text=text)) for label, text in found)
