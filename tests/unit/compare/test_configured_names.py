"""Names in the settings that no run of a report has: an error where they apply to all, else a notice."""

import pytest
from made_experiments import MadeRun, make_frame

from runreport.compare.analysis import analyse
from runreport.compare.configured_names import check_names
from runreport.config.options import Settings
from runreport.errors import UnknownNameError
from runreport.names import Severity

FRAME = make_frame([MadeRun(params={"lr": "1"}, metrics={"val/acc": 1}, tags={"team": "x"})])


@pytest.mark.parametrize(
    ("settings", "hint"),
    [
        ({"metrics": {"primary": "val/ac"}}, "Did you mean val/acc?"),
        ({"groups": {"by": ("tags.tea",)}}, "Did you mean tags.team?"),
        ({"experiments": {"digits": {"group_by": ("l",)}}}, "Did you mean lr?"),
    ],
)
def test_what_applies_to_the_runs_must_exist(settings: dict[str, object], hint: str) -> None:
    with pytest.raises(UnknownNameError) as caught:
        check_names([FRAME], Settings.model_validate(settings))
    assert caught.value.hint == hint


def test_settings_for_what_is_not_in_the_report_are_notices() -> None:
    settings = Settings(
        experiments={"digit": {"group_by": ("absent",), "baseline": "m=z", "primary": "none"}, "digits": {}},
        metrics={"by_name": {"Val/acc": {}, "val/acc": {}}},
    )
    notices = analyse((FRAME,), settings, snapshot=1).notices
    assert [(one.severity, one.code, one.location) for one in notices] == [
        (Severity.WARNING, "unused-setting", "runreport.toml")
    ] * 2
    assert [(one.message, one.hint) for one in notices] == [
        ("The setting experiments.'digit' is not used: this report has no experiment of that name.",
         "Did you mean digits?"),
        ("The setting metrics.by_name.'Val/acc' is not used: this report has no metric of that name.",
         "Did you mean val/acc?"),
    ]  # fmt: skip


def test_settings_that_are_used_give_no_notice() -> None:
    settings = Settings(experiments={"digits": {"group_by": ("tags.team",)}}, metrics={"primary": "val/acc"})
    assert analyse((FRAME,), settings, snapshot=1).notices == ()
