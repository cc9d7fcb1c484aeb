"""Groups against a fixed target, and the scores of MLPerf."""

from collections.abc import Iterator

from runreport.compare.comparison import Target, TargetAnswer, TimeToTrain
from runreport.compare.targets import target_sentence
from runreport.compare.words import format_level, format_p
from runreport.pages import cells, numbers, urls, words
from runreport.pages.contexts import TargetPage
from runreport.pages.dossier import Dossier
from runreport.pages.figures import dot_figure
from runreport.pages.parts import Caution, Cell, Column, Row, Table, Tone
from runreport.stats.target import MET, NOT_SHOWN, AgainstTarget
from runreport.stats.types import Refusal
from runreport.stats.words import counted

_TONES = {MET: Tone.BETTER, NOT_SHOWN: Tone.PLAIN}


def target_page(dossier: Dossier, target: Target) -> TargetPage:
    """Return the page of one target."""
    title = cells.name(_title(target))
    url = urls.target_url(dossier.experiment, target.target_id)
    return TargetPage(
        frame=dossier.site.frame(url, title, dossier.breadcrumbs),
        title=title,
        headline=target_sentence(target),
        why=f"{target.plan.why} {words.metric_reading(target.metric)}",
        answers=_answers_table(dossier, target),
        sentences=tuple(_caution(one, one.answer.sentence) for one in target.answers),
        cautions=tuple(_caution(one, caution.words) for one in target.answers for caution in one.answer.cautions),
        dots=dot_figure(dossier, [one.sample for one in target.answers], target.metric, target),
    )


def _title(target: Target) -> str:
    unit = f" {target.metric.unit}" if target.metric.unit else ""
    return f"{target.name}{unit}"


def _caution(one: TargetAnswer, text: str) -> Caution:
    return Caution(kind=cells.name(one.sample.group_name), sentence=words.sentence(text))


def _answers_table(dossier: Dossier, target: Target) -> Table | None:
    level = format_level(1 - target.alpha)
    bound = "upper" if target.side == "below" else "lower"
    heads = (
        Column(key="group", label="Group"),
        Column(key="n", label="n", detail="runs", is_number=True),
        Column(key="mean", label="Mean", detail=target.metric.unit, is_number=True),
        Column(key="sd", label="sd", is_number=True),
        Column(key="interval", label=f"{level} {bound} bound", detail="of the mean", is_number=True),
        Column(key="margin", label="Margin", detail=f"{target.side} the target", is_number=True),
        Column(key="margin", label="Margin", detail="in sd", is_number=True),
        Column(key="p", label="p", detail="one-sided", is_number=True),
        Column(key="verdict", label="Target"),
        Column(key="target", label="Mean that passes", detail="with this n and sd", is_number=True),
        Column(key="needed", label="Runs needed", detail="90 % power", is_number=True),
    )
    rows = (_answer_row(dossier, one) for one in target.answers)
    return cells.table("answers", f"Groups against {_title(target)}", heads, rows)


def _answer_row(dossier: Dossier, one: TargetAnswer) -> Row:
    answer, about = one.answer, one.answer.description
    places = numbers.places_for_spread([about.sd, answer.margin], [about.mean, answer.target])
    bound = _bound(answer)
    needed = answer.runs_needed
    return Row(
        cells=(
            dossier.group_cell(dossier.groups[one.sample.group_id]),
            cells.count_cell(about.n, note=f"{answer.bad} bad" if answer.bad else ""),
            cells.number_cell(about.mean, places),
            cells.number_cell(about.sd, places, tone=Tone.MUTED),
            cells.number_cell(bound, places),
            cells.number_cell(answer.margin, places, sign=True),
            cells.number_cell(answer.margin_sd, 2, sign=True),
            _p_cell(answer),
            _verdict_cell(answer),
            cells.number_cell(answer.passing_mean, places, tone=Tone.MUTED),
            cells.number_cell(None if needed is None else float(needed), 0),
        )
    )


def _bound(answer: AgainstTarget) -> float | None:
    if answer.bound is None:
        return None
    return answer.bound.high if answer.side == "below" else answer.bound.low


def _p_cell(answer: AgainstTarget) -> Cell:
    if answer.test is None:
        return cells.text_cell(None)
    return Cell(text=format_p(answer.test.p, alpha=answer.alpha).removeprefix("= "), sort=answer.test.p)


def _verdict_cell(answer: AgainstTarget) -> Cell:
    note = f"but {counted(answer.bad, 'run')} bad" if answer.verdict == MET and answer.bad else ""
    return Cell(text=answer.verdict, tone=_TONES.get(answer.verdict, Tone.CAUTION), note=note)


def targets_table(dossier: Dossier, table_id: str) -> Table | None:
    """Return every target of the experiment with every group, in brief."""
    heads = (
        Column(key="target", label="Target"),
        Column(key="group", label="Group"),
        Column(key="n", label="n", detail="runs", is_number=True),
        Column(key="mean", label="Mean", is_number=True),
        Column(key="p", label="p", detail="one-sided", is_number=True),
        Column(key="verdict", label="Target"),
    )
    return cells.table(table_id, "Against the targets", heads, _brief_rows(dossier))


def _brief_rows(dossier: Dossier) -> Iterator[Row]:
    for target in dossier.analysis.targets:
        url = urls.target_url(dossier.experiment, target.target_id)
        for one in target.answers:
            about = one.answer.description
            places = numbers.places_for_spread([about.sd, one.answer.margin], [about.mean])
            yield Row(
                cells=(
                    cells.link_cell(_title(target), url),
                    dossier.group_cell(dossier.groups[one.sample.group_id]),
                    cells.count_cell(about.n),
                    cells.number_cell(about.mean, places),
                    _p_cell(one.answer),
                    _verdict_cell(one.answer),
                )
            )


def times_to_train_table(dossier: Dossier, table_id: str) -> Table | None:
    """Return the MLPerf scores of the groups."""
    heads = (
        Column(key="group", label="Group"),
        Column(key="score", label="MLPerf score", detail="min", is_number=True),
        Column(key="used", label="Runs used", is_number=True),
        Column(key="factor", label="Scaling factor", is_number=True),
        Column(key="remark", label="Remark"),
    )
    rows = (_time_row(dossier, entry) for entry in dossier.analysis.times_to_train)
    note = (
        "Mean time to train without the fastest and slowest tenth of the runs; a run that did not reach the target counts "
        "as the slowest. Recomputed from the logs; only a published result is an MLPerf result."
    )
    return cells.table(table_id, "Time to train by the rules of MLPerf", heads, rows, note=note)


def _time_row(dossier: Dossier, entry: TimeToTrain) -> Row:
    score, group = entry.score, dossier.group_cell(dossier.groups[entry.group_id])
    factor = cells.number_cell(entry.scale, 4, tone=Tone.PLAIN if entry.scale != 1 else Tone.MUTED)
    if isinstance(score, Refusal):
        remark = Cell(text=score.words, tone=Tone.CAUTION)
        return Row(cells=(group, cells.text_cell(None), cells.text_cell(None), factor, remark))
    aborted = f"{counted(score.not_converged, 'run')} did not reach the target." if score.not_converged else ""
    return Row(
        cells=(
            group,
            cells.number_cell(score.score, 4),
            cells.count_cell(score.used, note=f"of {score.started}"),
            factor,
            cells.text_cell(aborted),
        )
    )
