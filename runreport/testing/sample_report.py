"""A made-up report with everything in it that pages can show: for tests of themes, not of numbers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np

from runreport.compare.analysis import analyse
from runreport.config.options import MetricOptions, MetricsOptions, Settings, SiteOptions
from runreport.frames.align import AlignedCurves, align
from runreport.frames.values import Curve, ExperimentFrame, Floats, Ints, MetricColumns, RunFacts
from runreport.model.entities import Artifact, CodeVersion, Dataset, EnvironmentItem, Model, Param, Run, Tag
from runreport.model.keys import param_kind, run_id
from runreport.names import Direction, ModelKind, RunStatus, Severity
from runreport.notices import Notice
from runreport.pages.site import Page, plan_site
from runreport.pages.surroundings import InputSource, Provenance
from runreport.testing.sample_media import sample_media

STEPS = 60
SEEDS = 5
_RUNS_WITH_MEDIA = 2
_START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_METHODS = {"baseline": (0.921, 0.004), "mixup": (0.934, 0.005), "wide": (0.9235, 0.007)}
_SWEEP_RATES = (1e-4, 1e-3, 1e-2)
_SWEEP_WIDTHS = (16, 32, 64)
_NOTE = "Trained on the *bundled* data; see [the plan](https://example.org/plan).\n\n- batch of 64\n- no warm-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleReport:
    """Frames with the curves behind them, and the settings they are analysed with."""

    frames: tuple[ExperimentFrame, ...]
    curves: Mapping[tuple[str, str], AlignedCurves]
    settings: Settings
    notices: tuple[Notice, ...]
    kept: Mapping[str, bytes]

    def pages(self) -> tuple[Page, ...]:
        """Return the plan of the site."""
        analysis = analyse(self.frames, self.settings, snapshot=7, notices=self.notices)
        return plan_site(
            analysis,
            self.frames,
            lambda experiment, metric: self.curves[experiment, metric],
            provenance(),
            self.settings,
            kept=self.kept.__getitem__,
        )


def provenance() -> Provenance:
    """Return a provenance that is the same on every machine."""
    return Provenance(
        version="1.2.3",
        python="3.11.7",
        libraries=(("numpy", "2.4.6"), ("scipy", "1.17.1")),
        inputs=(InputSource(label="mlruns", reader="mlflow_file", runs=17),),
        command="runreport build mlruns --out site",
        config='[metrics]\nprimary = "val/acc"\n',
        date=_START + timedelta(hours=30),
    )


def sample_report(*, hostile: str = "", experiments: int = 2) -> SampleReport:
    """Return a report of methods over seeds and, as second experiment, a sweep.

    Args:
        hostile: put into every name and text that could come from a log.
        experiments: 1 for the methods alone.
    """
    made = (_methods(hostile), _sweep(hostile))[:experiments]
    frames = tuple(_frame(f"{name}{hostile}", runs, hostile) for name, runs in made)
    accuracy = f"val/acc{hostile}"
    metrics = MetricsOptions(primary=accuracy, by_name={accuracy: MetricOptions(direction=Direction.UP, unit=hostile)})
    settings = Settings(
        metrics=metrics, site=SiteOptions(title=f"Digits{hostile}", description=f"Which augmentation?{hostile}")
    )
    return SampleReport(
        frames=tuple(frame for frame, _ in frames),
        curves={key: align(curves) for _, found in frames for key, curves in found.items()},
        settings=settings,
        notices=_notices(frames[0][0].runs, hostile),
        kept=sample_media("", hostile)[1],
    )


def _methods(hostile: str) -> tuple[str, list[RunFacts]]:
    runs = [
        _run("digits", f"{method}-{seed}", {"method": method, "seed": str(seed), "batch_size": "64"}, hostile, number)
        for number, (method, seed) in enumerate((m, s) for m in _METHODS for s in range(SEEDS))
    ]
    failed = _run("digits", "wide-5", {"method": "wide", "seed": "5", "batch_size": "64"}, hostile, 15)
    running = _run("digits", "mixup-5", {"method": "mixup", "seed": "5", "batch_size": "64"}, hostile, 16)
    runs.append(replace(failed, run=replace(failed.run, status=RunStatus.FAILED)))
    runs.append(replace(running, run=replace(running.run, status=RunStatus.RUNNING, ended=None, duration_s=None)))
    return "digits", runs


def _sweep(hostile: str) -> tuple[str, list[RunFacts]]:
    settings = [(rate, width) for rate in _SWEEP_RATES for width in _SWEEP_WIDTHS]
    runs = [
        _run("sweep", f"sweep-{number}", {"lr": f"{rate:g}", "width": str(width), "seed": "0"}, hostile, 40 + number)
        for number, (rate, width) in enumerate(settings)
    ]
    return "sweep", runs


def _run(experiment: str, name: str, params: Mapping[str, str], hostile: str, number: int) -> RunFacts:
    run = _header(experiment, name, int(params["seed"]), hostile, number)
    identity = run.run_id
    return RunFacts(
        run=run,
        params={f"{key}{hostile}": _param(identity, f"{key}{hostile}", text + hostile) for key, text in params.items()},
        tags={f"author{hostile}": Tag(run_id=identity, tag=f"author{hostile}", value=f"ada{hostile}")},
        artifacts=(
            Artifact(run_id=identity, path=f"model.npz{hostile}", size_bytes=48213, sha256="9f" * 32),
            Artifact(run_id=identity, path=f"confusion.svg{hostile}", location=f"javascript:alert(1){hostile}"),
            *(sample_media(identity, hostile)[0] if number < _RUNS_WITH_MEDIA else ()),
        ),
        datasets=(
            Dataset(
                run_id=identity, dataset=f"digits{hostile}", role="train", digest="c0ffee12", source=f"bundled{hostile}"
            ),
        ),
        models=(
            Model(
                run_id=identity, model=f"net{hostile}", kind=ModelKind.REGISTERED, version="3", aliases=f"live{hostile}"
            ),
        ),
        environment={
            f"numpy{hostile}": EnvironmentItem(
                run_id=identity, item=f"numpy{hostile}", kind="package", value=f"2.{number % 2}"
            )
        },
        code=CodeVersion(
            run_id=identity,
            vcs="git",
            commit=("4be1" if "mixup" in name else "77d0") * 10,
            branch=f"main{hostile}",
            dirty=False,
        ),
    )


def _header(experiment: str, name: str, seed: int, hostile: str, number: int) -> Run:
    started = _START + timedelta(minutes=17 * number)
    return Run(
        run_id=run_id("sample", f"{experiment}/{name}"),
        experiment=f"{experiment}{hostile}",
        name=f"{name}{hostile}",
        source_id=f"{name}{hostile}",
        path=f"mlruns/1/{name}{hostile}",
        status=RunStatus.FINISHED,
        started=started,
        ended=started + timedelta(seconds=431 + number),
        duration_s=431.0 + number,
        seed=seed,
        user=f"ada{hostile}",
        host=f"node7{hostile}",
        reader="mlflow_file",
        reader_version="1",
        note=_NOTE + hostile,
    )


def _param(identity: str, param: str, text: str) -> Param:
    kind, number = param_kind(text)
    return Param(run_id=identity, param=param, value=text, kind=kind, number=number)


def _frame(
    experiment: str, runs: list[RunFacts], hostile: str
) -> tuple[ExperimentFrame, dict[tuple[str, str], list[Curve]]]:
    logged = {f"{name}{hostile}": curves for name, curves in _logged(runs).items()}
    metrics = {metric: _columns(curves, runs) for metric, curves in logged.items()}
    frame = ExperimentFrame(experiment=experiment, runs=tuple(runs), metrics=metrics)
    return frame, {(experiment, metric): curves for metric, curves in logged.items()}


def _logged(runs: list[RunFacts]) -> dict[str, list[Curve]]:
    """Accuracy and loss of every run over steps; latency once; one loss with a NaN; runs that ended early are short."""
    drawn = [(facts.run, *_points(facts)) for facts in runs]
    return {
        "val/acc": [Curve(run_id=run.run_id, steps=_grid(accuracy), values=accuracy) for run, accuracy, _ in drawn],
        "val/loss": [Curve(run_id=run.run_id, steps=_grid(loss), values=loss) for run, _, loss in drawn],
        "latency_ms": [
            Curve(run_id=run.run_id, steps=np.zeros(1, dtype=np.int64), values=3 + 10 * accuracy[-1:])
            for run, accuracy, _ in drawn
        ],
    }


def _grid(values: Floats) -> Ints:
    return np.arange(1, len(values) + 1, dtype=np.int64) * 10


def _points(facts: RunFacts) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(int(facts.run.run_id[:8], 16))
    top, spread = next((law for name, law in _METHODS.items() if facts.run.name.startswith(name)), (0.0, 0.002))
    if not top:
        rate, width = (next(_numbers(facts, key)) for key in ("lr", "width"))
        top = 0.95 - 0.02 * abs(np.log10(rate) + 2.5) + 0.004 * np.log2(width / 16)
    length = STEPS if facts.run.status is RunStatus.FINISHED else STEPS // 2
    progress = 1 - np.exp(-np.arange(1, length + 1) / 9)
    end = top + spread * rng.standard_normal()
    accuracy = 0.1 + (end - 0.1) * progress + 0.003 * rng.standard_normal(length)
    loss = 2.3 - 2.2 * progress + 0.03 * rng.standard_normal(length)
    if facts.run.status is RunStatus.FAILED:
        loss[-4:] = np.nan
    return accuracy, loss


def _numbers(facts: RunFacts, key: str) -> Iterator[float]:
    text = next(param.value for name, param in facts.params.items() if name.startswith(key))
    digits = text[: next((at for at, sign in enumerate(text) if sign not in "0123456789.e-+"), len(text))]
    yield float(digits)


def _columns(curves: list[Curve], runs: list[RunFacts]) -> MetricColumns:
    by_run = {curve.run_id: curve for curve in curves}
    rows = [_summary(by_run[facts.run.run_id]) for facts in runs]

    def floats(name: str) -> Floats:
        return np.array([row[name] for row in rows], dtype=np.float64)

    def ints(name: str) -> Ints:
        return np.array([row[name] for row in rows], dtype=np.int64)

    return MetricColumns(
        first=floats("first"),
        last=floats("last"),
        min=floats("min"),
        max=floats("max"),
        mean=floats("mean"),
        tail_mean=floats("tail_mean"),
        argmin_step=ints("argmin_step"),
        argmax_step=ints("argmax_step"),
        count=ints("count"),
        nan_count=ints("nan_count"),
        inf_count=ints("inf_count"),
        first_step=ints("first_step"),
        last_step=ints("last_step"),
    )


def _summary(curve: Curve) -> dict[str, float]:
    values, finite = curve.values, curve.values[np.isfinite(curve.values)]
    return {
        "first": values[0],
        "last": values[-1],
        "min": finite.min(),
        "max": finite.max(),
        "mean": finite.mean(),
        "tail_mean": finite[-6:].mean(),
        "argmin_step": curve.steps[np.nanargmin(values)],
        "argmax_step": curve.steps[np.nanargmax(values)],
        "count": len(values),
        "nan_count": int(np.isnan(values).sum()),
        "inf_count": 0,
        "first_step": curve.steps[0],
        "last_step": curve.steps[-1],
    }


def _notices(runs: tuple[RunFacts, ...], hostile: str) -> tuple[Notice, ...]:
    run = runs[-2].run.run_id
    return (
        Notice(
            severity=Severity.WARNING,
            code="cut-line",
            location=f"mlruns/1/wide-5/metrics/val/loss:61{hostile}",
            message=f"The last line is cut; it was left out.{hostile}",
            hint=f"The run was probably killed while it wrote.{hostile}",
            run_id=run,
        ),
        Notice(severity=Severity.INFO, code="unknown-file", location=f"notes.txt{hostile}", message="Not a run log."),
    )
