from runreport import errors
from runreport.errors import RunreportError, UnknownNameError


def classes() -> list[type[RunreportError]]:
    return [value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, RunreportError)]


def test_every_error_has_an_exit_code_of_its_own() -> None:
    codes = [error.exit_code for error in classes()]
    assert len(codes) == len(set(codes))
    assert all(0 < code < 64 for code in codes)


def test_a_near_name_is_suggested() -> None:
    assert UnknownNameError.near("metric", "val/ac", ["val/acc", "loss"]).hint == "Did you mean val/acc?"


def test_without_a_near_name_the_known_ones_are_listed() -> None:
    error = UnknownNameError.near("metric", "zzz", [f"name{index}" for index in range(12)])
    assert error.hint.endswith("and 4 more.")
