"""The standard error of a single value is shown only where it is that of the value."""

from dataclasses import replace

import numpy as np
import pytest
from made_experiments import MadeRun, make_frame

from runreport.compare.analysis import analyse
from runreport.config.options import Settings
from runreport.frames.values import ExperimentFrame
from runreport.pages.dossier import Dossier
from runreport.pages.own_errors import own_error
from runreport.pages.places import run_places
from runreport.pages.surroundings import Surroundings


def dossier_of(frame: ExperimentFrame) -> Dossier:
    analysis = analyse((frame,), Settings(), snapshot=1)
    return Dossier(
        analysis=analysis.experiments[0],
        frame=frame,
        places=run_places(analysis, (frame,), limit=10),
        notices={},
        site=Surroundings(site_title="t", ledger="", generator="", date=""),
        is_alone=True,
    )


def shown(frame: ExperimentFrame, value: float | None = 0.5) -> str:
    dossier = dossier_of(frame)
    return own_error(dossier, dossier.definitions["t/acc"], "r0", value)


def evaluated(error: float) -> ExperimentFrame:
    return make_frame([MadeRun(metrics={"t/acc": 0.5, "t/acc_stderr": error})])


@pytest.mark.parametrize(("error", "text"), [(0.0123, "± 0.012"), (0.00045, "± 0.00045"), (0.0, "± 0")])
def test_it_has_two_digits(error: float, text: str) -> None:
    assert shown(evaluated(error)) == text


def test_a_value_that_is_not_the_last_one_has_none() -> None:
    assert shown(evaluated(0.01), 0.75) == ""
    assert shown(evaluated(0.01), None) == ""


@pytest.mark.parametrize("error", [float("nan"), float("inf"), -0.1])
def test_what_is_no_error_is_not_shown(error: float) -> None:
    assert shown(evaluated(error)) == ""


def test_the_error_of_another_step_is_not_shown() -> None:
    frame = evaluated(0.01)
    later = replace(frame.metrics["t/acc"], last_step=np.array([7]))
    assert shown(replace(frame, metrics={**frame.metrics, "t/acc": later})) == ""


def test_a_metric_without_one_has_none() -> None:
    assert shown(make_frame([MadeRun(metrics={"t/acc": 0.5})])) == ""
