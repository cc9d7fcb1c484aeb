import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from runreport.joining import Joint, Part
from runreport.merging import merged
from runreport.model import keys
from runreport.model.entities import Artifact, CodeVersion, MetricInfo, Run, RunBatch, RunLog, Tag
from runreport.model.tables import POINTS
from runreport.names import Direction, RunStatus, Severity
from runreport.notices import Notice
from runreport.readers.base import Certainty, Joining, Source
from runreport.readers.common.series import RunPoints

Series = Mapping[str, Sequence[tuple[int, float]]]


def part(reader: str, path: str = "a", joining: Joining = Joining.FOLDER) -> Part:
    source = Source(run_id=reader, path=path, fingerprint=reader, joining=joining)
    return Part(reader_name=reader, certainty=Certainty.SURE, source=source)


def log(reader: str, name: str = "a", params: Mapping[str, str] | None = None, **facts: object) -> RunLog:
    run = Run(run_id=reader, experiment=str(facts.pop("experiment", "e")), name=name, source_id=reader, path="a")
    whole = RunLog(run=run, params=tuple(keys.param(reader, key, text) for key, text in (params or {}).items()))
    for fact, value in facts.items():
        whole = (
            replace(whole, **{fact: value})
            if fact in RunLog.__slots__
            else replace(whole, run=replace(whole.run, **{fact: value}))
        )
    return whole


def batch(whole: RunLog, series: Series | None = None, samples: Series | None = None) -> RunBatch:
    points = RunPoints()
    for metric, values in (series or {}).items():
        for step, value in values:
            points.add(metric, step, value)
    for metric, values in (samples or {}).items():
        for step, value in values:
            points.add_sample(metric, step, "0", value)
    run_id = whole.run.run_id
    return RunBatch(
        logs=(whole,),
        points=points.table(run_id) if len(points) else POINTS.empty_table(),
        samples=points.samples(run_id),
    )


def together(*read: RunBatch, parts: Sequence[Part] = (), shares_layer: bool = False) -> RunBatch:
    own = tuple(parts) or tuple(part(one.logs[0].run.run_id) for one in read)
    return merged([Joint(parts=own, shares_layer=shares_layer)], {one.logs[0].run.run_id: [one] for one in read})


def points_of(found: RunBatch) -> dict[str, list[tuple[int, float]]]:
    series: dict[str, list[tuple[int, float]]] = {}
    for row in found.points.to_pylist():
        series.setdefault(str(row["metric"]), []).append((int(row["step"]), float(row["value"])))
    return series


def codes(found: RunBatch) -> list[str]:
    return [notice.code for notice in found.logs[0].notices]


def params_of(found: RunBatch) -> dict[str, str]:
    return {param.param: param.value for param in found.logs[0].params}


def test_a_run_of_one_log_is_left_as_it_is() -> None:
    whole = log("x", params={"lr": "1"})
    found = together(batch(whole, {"loss": [(0, 1.0)]}))
    assert found.logs == (whole,)
    assert points_of(found) == {"loss": [(0, 1.0)]}


def test_the_metrics_of_all_logs_are_those_of_the_run() -> None:
    found = together(batch(log("x"), {"loss": [(0, 1.0)]}), batch(log("y"), {"acc": [(0, 0.5)]}))
    assert points_of(found) == {"loss": [(0, 1.0)], "acc": [(0, 0.5)]}
    assert set(found.points.column("run_id").to_pylist()) == {"x"}
    assert codes(found) == ["joined-logs"]


def test_a_metric_that_agrees_is_taken_from_the_first_log() -> None:
    exact, single = 0.1, 0.10000000149011612
    found = together(
        batch(log("x"), {"loss": [(0, exact), (1, math.nan), (2, math.inf)]}),
        batch(log("y"), {"loss": [(0, single), (1, math.nan), (2, math.inf)]}),
    )
    assert points_of(found)["loss"][0] == (0, exact)
    assert codes(found) == ["joined-logs", "agreeing-logs"]


@pytest.mark.parametrize("other", [[(0, 1.5)], [(0, math.nan)], [(-1, 1.0)]])
def test_a_metric_that_differs_is_told_about(other: list[tuple[int, float]]) -> None:
    found = together(batch(log("x"), {"loss": [(0, 1.0)]}), batch(log("y"), {"loss": other}))
    assert points_of(found) == {"loss": [(0, 1.0)]}
    notice = found.logs[0].notices[-1]
    assert (notice.code, notice.severity, notice.run_id) == ("differing-logs", Severity.WARNING, "x")
    assert "loss" in notice.message


@pytest.mark.parametrize("other", [[(1, 1.0)], [(0, 1.0), (1, 0.5)], [(0, 1.0), (0, 1.5)]])
def test_a_metric_that_goes_on_for_longer_in_another_log_is_taken_from_there(other: list[tuple[int, float]]) -> None:
    found = together(batch(log("x"), {"loss": [(0, 1.0)]}), batch(log("y"), {"loss": other}))
    assert points_of(found) == {"loss": other}
    notice = found.logs[0].notices[-1]
    assert (notice.code, notice.severity) == ("differing-logs", Severity.WARNING)
    assert "goes on for longer" in notice.message


def test_samples_of_a_metric_come_from_one_log_only() -> None:
    found = together(
        batch(log("x"), {"eval": [(0, 1.0)]}, {"eval": [(0, 1.0)]}),
        batch(log("y"), {"eval": [(0, 1.0)]}, {"eval": [(0, 1.0)], "other": [(0, 2.0)]}),
    )
    assert found.samples is not None
    rows = [(row["run_id"], row["metric"], row["value"]) for row in found.samples.to_pylist()]
    assert rows == [("x", "eval", 1.0), ("x", "other", 2.0)]


def test_params_are_put_together_and_conflicts_told_about() -> None:
    found = together(
        batch(log("x", params={"lr": "0.1", "opt": "adam"})),
        batch(log("y", params={"lr": "0.10", "opt": "sgd", "seed": "3"})),
    )
    assert params_of(found) == {"lr": "0.1", "opt": "adam", "seed": "3"}
    assert {param.run_id for param in found.logs[0].params} == {"x"}
    conflict = next(notice for notice in found.logs[0].notices if notice.code == "conflicting-settings")
    assert "opt" in conflict.message
    assert "lr" not in conflict.message


def test_the_stem_is_left_out_when_a_log_has_params() -> None:
    assert params_of(together(batch(log("x", params={"stem": "a"})), batch(log("y", params={"lr": "1"})))) == {
        "lr": "1"
    }
    assert params_of(together(batch(log("x", params={"stem": "a"})), batch(log("y", params={"stem": "b"})))) == {
        "stem": "a"
    }


def test_what_the_first_log_does_not_say_comes_from_the_others() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    found = together(
        batch(log("x")),
        batch(log("y", started=moment, status=RunStatus.FAILED, host="h", code=CodeVersion(run_id="y", commit="c"))),
    ).logs[0]
    assert (found.run.started, found.run.status, found.run.host) == (moment, RunStatus.FAILED, "h")
    assert (found.run.run_id, found.run.fingerprint) == ("x", Joint(parts=(part("x"), part("y"))).fingerprint)
    assert found.code == CodeVersion(run_id="x", commit="c")


def test_of_entities_with_the_same_key_the_first_is_kept() -> None:
    found = together(
        batch(
            log(
                "x",
                tags=(Tag(run_id="x", tag="t", value="1"),),
                metric_infos=(MetricInfo(run_id="x", experiment="e", metric="m"),),
            )
        ),
        batch(
            log(
                "y",
                experiment="other",
                tags=(Tag(run_id="y", tag="t", value="2"), Tag(run_id="y", tag="u", value="3")),
                artifacts=(Artifact(run_id="y", path="p"),),
                metric_infos=(
                    MetricInfo(run_id="y", experiment="other", metric="m", direction=Direction.UP),
                    MetricInfo(run_id="y", experiment="other", metric="n"),
                ),
                notices=(Notice(severity=Severity.INFO, code="c", location="y", message="m.", run_id="y"),),
            )
        ),
    ).logs[0]
    assert [(tag.run_id, tag.tag, tag.value) for tag in found.tags] == [("x", "t", "1"), ("x", "u", "3")]
    assert [(one.run_id, one.path) for one in found.artifacts] == [("x", "p")]
    assert [(info.experiment, info.metric, info.direction) for info in found.metric_infos] == [
        ("e", "m", Direction.UNKNOWN),
        ("e", "n", Direction.UNKNOWN),
    ]
    assert {notice.run_id for notice in found.notices} == {"x"}


def test_a_run_of_which_a_log_cannot_be_read_is_left_out() -> None:
    found = merged([Joint(parts=(part("x"), part("y")))], {"x": [batch(log("x"))], "y": []})
    assert not found.logs
    assert found.points.num_rows == 0


JOB = (part("x", "sweep/3"), part("hydra", "sweep/3", Joining.LAYER))


def test_a_layer_names_a_run_that_is_known_by_its_place_only() -> None:
    found = together(
        batch(log("x", "sweep/3", {"stem": "sweep"}, seed=3)),
        batch(log("hydra", "lr=1", {"lr": "1"}, experiment="sweep")),
        parts=JOB,
    )
    run = found.logs[0].run
    assert (run.name, run.experiment, run.seed) == ("lr=1", "sweep", None)
    assert params_of(found) == {"lr": "1"}


def test_a_run_with_a_name_of_its_own_keeps_it() -> None:
    found = together(batch(log("x", "happy-owl", seed=7)), batch(log("hydra", "lr=1", experiment="sweep")), parts=JOB)
    assert (found.logs[0].run.name, found.logs[0].run.experiment, found.logs[0].run.seed) == ("happy-owl", "e", 7)


def test_runs_below_one_layer_are_told_apart_by_their_places() -> None:
    runs = [(part("x", f"job/{name}"), part("hydra", "job", Joining.LAYER)) for name in ("a_s1", "b_s1")]
    found = [
        together(
            batch(log("x", name, {"stem": name[0]}, seed=1, experiment="job")),
            batch(log("hydra", "lr=1", {"lr": "1"}, experiment="jobs")),
            parts=parts,
            shares_layer=True,
        )
        for name, parts in zip(("a_s1", "b_s1"), runs, strict=True)
    ]
    assert [one.logs[0].run.name for one in found] == ["lr=1/a_s1", "lr=1/b_s1"]
    assert [one.logs[0].run.seed for one in found] == [1, 1]
    assert [params_of(one)["stem"] for one in found] == ["a", "b"]


def test_one_layer_serves_many_runs() -> None:
    layer = part("hydra", "job", Joining.LAYER)
    runs = [Joint(parts=(replace_id(part("x", f"job/{n}"), f"x{n}"), layer), shares_layer=True) for n in "ab"]
    read = {
        "x": [batch(log(f"x{n}", n), {"loss": [(0, 1.0)]}) for n in "ab"],
        "hydra": [batch(log("hydra", "lr=1", {"lr": "1"}))],
    }
    found = merged(runs, read)
    assert [one.run.run_id for one in found.logs] == ["xa", "xb"]
    assert all("lr" in {param.param for param in one.params} for one in found.logs)
    assert found.points.num_rows == 2


def replace_id(one: Part, run_id: str) -> Part:
    return replace(one, source=replace(one.source, run_id=run_id))


def test_merging_twice_gives_the_same() -> None:
    read = (batch(log("x"), {"a": [(0, 1.0)], "b": [(0, 2.0)]}), batch(log("y"), {"c": [(0, 3.0)], "a": [(0, 1.0)]}))
    first, second = together(*read), together(*read)
    assert first.logs == second.logs
    assert first.points.equals(second.points)
    assert list(points_of(first)) == ["a", "b", "c"]
