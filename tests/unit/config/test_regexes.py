import pytest

from runreport.config.load import load_settings
from runreport.config.regexes import checked_metric_regex, checked_regex
from runreport.errors import ConfigError


@pytest.mark.parametrize(
    "text",
    [
        r"step (?P<step>\d+)",
        r"(?:train|val) loss[:=]\s*(?P<loss>[-+\d.eE]+)",
        r"[(*+)]{3}(?P<a>x+)",
        r"\(a\)+(?P<a>b)?",
        r"(?P<a>\d{1,3}(?:,\d{3}){0,3})",
    ],
)
def test_usual_expressions_are_taken(text: str) -> None:
    assert checked_regex(text) == text


@pytest.mark.parametrize("text", ["(a+)+", "(a*)*b", "(?:a|b)*", "((a+)b?)+", "(a{2,}){3,}", "(a|ab)+c", "((a|b)c)*"])
def test_a_group_that_repeats_within_a_repeat_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="repeats a group"):
        checked_regex(text)


@pytest.mark.parametrize(("text", "reason"), [("(", "no regular expression"), ("a" * 1001, "longer than")])
def test_what_is_no_expression_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        checked_regex(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (r"\d+", "no named group"),
        (r"(?P<metric>\w+)", "needs a group value"),
        (r"(?P<value>\w+)", "needs a group value"),
    ],
)
def test_an_expression_for_metrics_needs_named_groups(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        checked_metric_regex(text)


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("metric_patterns", ["(?P<loss>"], "sources.0.metric_patterns.0 = "),
        ("finished_pattern", "(", "it is no regular expression"),
        ("pattern", "mine", "there is no such ready pattern; there are: key-value, python-logging, nnunet"),
    ],
)
def test_a_wrong_pattern_is_an_error_that_names_the_option(option: str, value: object, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(overrides={"sources": [{"path": "*.log", option: value}]}, environment={})
    (problem,) = caught.value.problems
    assert problem.startswith(f"sources.0.{option}")
    assert sentence in problem
