"""Single runs compared on the same test examples, as a table."""

from collections.abc import Iterator, Sequence
from itertools import islice

from runreport.compare.examples import ExampleContrast, MetricExamples, has_few_discordant
from runreport.compare.words import format_level, half_width
from runreport.pages import cells, numbers
from runreport.pages.dossier import Dossier
from runreport.pages.parts import Cell, Column, Row, Table, Tone
from runreport.stats.examples import FEW_DISCORDANT, TWO_CHECKPOINTS
from runreport.stats.words import counted


def examples_table(dossier: Dossier, table_id: str, *, at_most: int) -> Table | None:
    """Return every run that is compared example by example, the primary metric first; None where there is none."""
    families = dossier.analysis.examples
    rows = tuple(islice(_rows(dossier, families), at_most))
    whole = sum(len(family.contrasts) for family in families)
    caption = "Single runs on the same test examples"
    return cells.table(
        table_id,
        caption if len(rows) == whole else f"{caption}: the first {len(rows):,} of {whole:,} comparisons",
        _heads(families),
        rows,
        note=_note(families),
    )


def _heads(families: Sequence[MetricExamples]) -> tuple[Column, ...]:
    found = (contrast.answer.difference for family in families for contrast in family.contrasts)
    level = next((format_level(one.interval.level) for one in found if one), format_level(0.95))
    return (
        Column(key="run", label="Run"),
        Column(key="reference", label="Reference"),
        Column(key="metric", label="Metric"),
        Column(key="examples", label="Examples", is_number=True),
        Column(key="delta", label="Difference", detail="run − ref.", is_number=True),
        Column(key="interval", label=f"{level} interval", is_number=True),
        Column(key="discordant", label="Only one right", detail="run : ref.", is_number=True),
        Column(key="p", label="p", detail="on its own", is_number=True),
        Column(key="p-holm", label="p", detail="after Holm", is_number=True),
        Column(key="verdict", label="Verdict", detail="on these runs"),
    )


def _rows(dossier: Dossier, families: Sequence[MetricExamples]) -> Iterator[Row]:
    for family in families:
        spreads = [half_width(one.answer.difference.interval) for one in family.contrasts if one.answer.difference]
        values = [one.answer.difference.value for one in family.contrasts if one.answer.difference]
        places = numbers.places_for_spread(spreads, values)
        for contrast in family.contrasts:
            yield _row(dossier, family, contrast, places)


def _row(dossier: Dossier, family: MetricExamples, contrast: ExampleContrast, places: int | None) -> Row:
    answer = contrast.answer
    found, test = answer.difference, answer.test
    return Row(
        cells=(
            cells.link_cell(contrast.name, dossier.places[contrast.run_id]),
            cells.link_cell(family.reference_name, dossier.places[family.reference_id]),
            dossier.metric_cell(family.metric),
            cells.count_cell(answer.n) if answer.n else cells.text_cell(None),
            cells.number_cell(found.value if found else None, places, sign=True),
            _interval_cell(contrast, places),
            _discordant(contrast),
            cells.p_cell(test.p if test else None),
            cells.p_cell(contrast.p_adjusted),
            _verdict_cell(contrast),
        )
    )


def _interval_cell(contrast: ExampleContrast, places: int | None) -> Cell:
    found = contrast.answer.difference
    if found is None or found.standard_error == 0:
        return cells.text_cell(None)
    low, high = found.interval.low, found.interval.high
    note = "rough" if has_few_discordant(contrast.answer) else ""
    return Cell(text=numbers.interval(low, high, places, sign=True), sort=low, note=note)


def _discordant(contrast: ExampleContrast) -> Cell:
    counts = contrast.answer.counts
    if counts is None:
        return cells.text_cell(None)
    won, lost = counts.only_a_right, counts.only_b_right
    return Cell(text=f"{numbers.number(won, 0)} : {numbers.number(lost, 0)}", sort=float(won - lost))


def _verdict_cell(contrast: ExampleContrast) -> Cell:
    """Return the verdict, with why there is none, or what to be careful about."""
    own = [words for words in contrast.cautions if words != TWO_CHECKPOINTS.words]
    remarks = [contrast.reason] if contrast.answer.refusal else own
    return Cell(
        text=contrast.verdict.value,
        tone=Tone.CAUTION if remarks else cells.verdict_tone(contrast.verdict),
        note=" ".join(remarks),
    )


def _note(families: Sequence[MetricExamples]) -> str:
    plans = dict.fromkeys(one.plan.why for family in families for one in family.contrasts if one.answer.test)
    left_out = max((family.left_out for family in families), default=0)
    sentences = [
        "Each row compares these two checkpoints, not the two methods: how much another seed would change is not in it.",
        *plans,
        "p is adjusted over the runs of a metric, not over metrics.",
    ]
    if any(has_few_discordant(one.answer) for family in families for one in family.contrasts):
        sentences.append(
            f"Rough intervals are those where fewer than {FEW_DISCORDANT} examples differ; the test decides."
        )
    if left_out:
        sentences.append(
            f"{counted(left_out, 'more run')} with examples beyond the limit on a metric are not compared."
        )
    return " ".join(sentences)
