import dataclasses
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.errors import QueryError
from runreport.store.expression import Scalar
from runreport.store.query import matches, parse


@dataclass
class Row:
    fields: dict[str, Scalar] = dataclasses.field(default_factory=dict)
    params: dict[str, str] = dataclasses.field(default_factory=dict)
    tags: dict[str, str] = dataclasses.field(default_factory=dict)
    metrics: dict[tuple[str, str], float] = dataclasses.field(default_factory=dict)

    def field(self, name: str) -> Scalar:
        return self.fields.get(name)

    def param(self, name: str) -> str | None:
        return self.params.get(name)

    def tag(self, name: str) -> str | None:
        return self.tags.get(name)

    def metric(self, name: str, statistic: str) -> float | None:
        return self.metrics.get((name, statistic))


ROW = Row(
    fields={"name": "resnet-7", "status": "finished", "seed": 7, "started": datetime(2024, 5, 1, 12, tzinfo=UTC)},
    params={"lr": "1e-3", "opt.name": "adam", "a b": "x", "flag": "True", "clip": "None", "big": "9007199254740993"},
    tags={"commit": "12e3", "note": 'say "hi"', "epochs": "10"},
    metrics={("val/acc", "last"): 0.75, ("loss", "min"): float("nan")},
)


@pytest.mark.parametrize(
    "text",
    [
        "params.lr == 0.001",
        "params.lr == '0.001'",
        "0.0005 < params.lr",
        "params.opt.name == 'adam'",
        'params["a b"] == "x"',
        "params.flag == true and params.flag == 'True'",
        "params.big != 9007199254740992",
        "tags.commit != '120e2'",
        "tags.commit == 12000",
        "tags.epochs > 9",
        r'tags.note == "say \"hi\""',
        'metrics["val/acc"].last >= .75',
        "seed in [1, 7]",
        "seed not in (1, 2,)",
        "status == 'failed' or name =~ '^res.*-\\d$' and not seed == 8",
        "started >= '2024-05-01' and started < '2024-05-01T14:00:00+00:00'",
        "started in ['2024-05-01T12:00:00']",
        "started =~ '^2024-05'",
        "not (seed == 1 or seed == 2)",
        "params.none_such == none",
        "params.lr != none",
        "params.clip == none and params.clip == 'None'",
        "params.gone in [none, 1]",
        "metrics.loss.min != 3",
    ],
)
def test_it_holds(text: str) -> None:
    assert matches(parse(text), ROW)


@pytest.mark.parametrize(
    "text",
    [
        "params.gone == 1",
        "params.gone != 1",
        "params.gone < 1",
        "params.gone == params.missing",
        "params.gone =~ ''",
        "params.gone in [1, 2]",
        "params.lr == none",
        "params.opt.name < 3",
        "params.opt.name == 0",
        "metrics.loss.min == metrics.loss.min",
        "name =~ '^net'",
        "started == none",
        "seed == 8 or seed == 7 and status == 'failed'",
        "params.lr < none",
    ],
)
def test_it_does_not_hold(text: str) -> None:
    assert not matches(parse(text), ROW)


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "expected a value"),
        ("statu == 3", 1, "did you mean 'status'"),
        ("params == 3", 8, "expected params.NAME"),
        ("params.lr", 10, "expected a comparison"),
        ("params.lr = 3", 11, "equality is written =="),
        ("params.lr == ", 14, "expected a value"),
        ("params.lr == 3 4", 16, "expected 'and', 'or' or the end"),
        ("1 < seed < 3", 10, "expected 'and', 'or' or the end"),
        ("(seed == 1", 11, "expected ')'"),
        ("name == 'a", 9, "never closed"),
        ("seed in 3", 9, "expected a list"),
        ("seed in [1 2]", 12, "expected ','"),
        ("seed in [name]", 10, "expected a value"),
        ("metrics.loss > 1", 14, "needs a statistic"),
        ("metrics.loss.lst > 1", 14, "did you mean 'last'"),
        ("name =~ '(a'", 9, "regular expression"),
        ("name =~ (3)", 9, "pattern in quotes"),
        ("name =~ '(a)\\\\1'", 9, "regular expression"),
        ("name =~ '" + "a" * 300 + "'", 9, "more than 200 characters"),
        ("started > 'yesterday'", 11, "expected a time"),
        ("seed == 1 and", 14, "expected a value"),
        ("import('os')", 1, "there is no name 'import'"),
        ("seed == 3x", 9, "cannot be read"),
        ("(" * 40 + "seed == 1" + ")" * 40, 31, "levels"),
    ],
)
def test_errors_point_at_the_column(text: str, column: int, message: str) -> None:
    with pytest.raises(QueryError, match=f"column {column}:") as error:
        parse(text)
    assert message in error.value.sentence
    shown, caret = error.value.hint.split("\n")
    assert (shown, caret) == (text, " " * (column - 1) + "^")


def test_endless_expressions_are_refused() -> None:
    with pytest.raises(QueryError, match="at most 2000"):
        parse("seed == 1 or " * 1000 + "seed == 1")


def test_hostile_patterns_take_no_time() -> None:
    row = Row(fields={"name": "a" * 100_000 + "!"})
    assert not matches(parse("name =~ '^(a+)+$'"), row)
    assert not matches(parse("name =~ '.*a.*a.*a.*a.*a.*b'"), row)


@given(st.text(alphabet="ab.\"'\\ =<>!~()[],-1e9\t\n日notandrisemp", max_size=40))
def test_any_text_parses_or_is_a_query_error(text: str) -> None:
    try:
        query = parse(text)
    except QueryError:
        return
    assert matches(query, ROW) in {True, False}


@given(st.text(max_size=20), st.sampled_from("\"'"))
def test_any_text_can_be_quoted(text: str, quote: str) -> None:
    quoted = quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote
    assert matches(parse(f"name == {quoted}"), Row(fields={"name": text}))


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_compare_as_numbers_however_written(left: float, right: float) -> None:
    row = Row(params={"x": repr(left)})
    assert matches(parse(f"params.x < {right!r}"), row) == (left < right)
    assert matches(parse(f"params.x == {right!r}"), row) == (left == right)


def test_a_query_knows_the_names_it_uses() -> None:
    names = parse("not params.lr == 1 and (metrics.loss.min < 2 or seed in [1] or tags.a =~ 'b')").names()
    assert {(name.origin.value, name.name, name.statistic) for name in names} == {
        ("params", "lr", ""),
        ("metrics", "loss", "min"),
        ("field", "seed", ""),
        ("tags", "a", ""),
    }
