"""``runreport stats``: a sentence, a table, JSON, and what is said of input that cannot be used."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from scipy import stats

Command = Callable[..., subprocess.CompletedProcess[str]]


def answer(runreport: Command, *words: object) -> dict[str, object]:
    found = json.loads(runreport("stats", *words, "--json", check=True).stdout)
    assert isinstance(found, dict)
    return found


def test_two_groups_are_compared(runreport: Command) -> None:
    found = answer(runreport, "compare", "--a", "1,2,3,nan", "--b", "4,5,7")
    theirs = stats.ttest_ind([1, 2, 3], [4, 5, 7], equal_var=False)
    assert found["test"]["p"] == pytest.approx(theirs.pvalue)  # type: ignore[index]
    assert str(found["sentence"]).startswith("A is lower than B: A - B is -3.33333")
    shown = runreport("stats", "compare", "--a", "1,2,3,nan", "--b", "4,5,7", check=True).stdout
    assert shown.startswith(str(found["sentence"]))
    assert "1 of 4 runs of A has no value" in shown
    assert "- Welch's t test, because the runs are independent and their spreads need not be equal." in shown


def test_pairs_come_from_columns_of_a_file(runreport: Command, tmp_path: Path) -> None:
    file = tmp_path / "runs.csv"
    file.write_text("old,new\n1,2\n2,4\n3,6.5\n")
    words = ("compare", "--csv", file, "--a-column", "new", "--b-column", "old", "--paired")
    theirs = stats.ttest_rel([2, 4, 6.5], [1, 2, 3])
    assert answer(runreport, *words)["test"]["p"] == pytest.approx(theirs.pvalue)  # type: ignore[index]
    missing = runreport("stats", "compare", "--csv", file, "--a-column", "newer", "--b-column", "old")
    assert (missing.returncode, missing.stderr) == (
        8,
        "error: There is no column 'newer'.\nhint: Did you mean new?\n",
    )


def test_a_pair_without_a_value_is_left_out(runreport: Command) -> None:
    words = ("compare", "--a", "1,2,3,9,nan", "--b", "2,4,3.5,nan,1", "--paired")
    found = answer(runreport, *words)
    assert found["test"]["p"] == pytest.approx(stats.ttest_rel([1, 2, 3], [2, 4, 3.5]).pvalue)  # type: ignore[index]
    assert found["plan"]["test"] == "paired t"  # type: ignore[index]
    shown = runreport("stats", *words, check=True).stdout
    assert "- Paired t test over the 3 seeds that both sides have:" in shown
    assert "1 seed of A and 1 of B have no value on the other side" in shown


def test_two_pairs_are_too_few(runreport: Command) -> None:
    found = answer(runreport, "compare", "--a", "1,2,nan", "--b", "2,4,5", "--paired")
    assert found["plan"]["why"] == (  # type: ignore[index]
        "Welch's t test, because only 2 seeds are common and pairing needs at least 3."
    )
    assert str(found["sentence"]).startswith("Only two runs on side A: the interval is shown")
    equal = answer(runreport, "compare", "--a", "1,2,3", "--b", "2,3,4", "--paired")
    assert str(equal["sentence"]).startswith("Every pair differs by exactly the same amount")


def test_the_other_answers(runreport: Command) -> None:
    met = answer(runreport, "target", "--x", "3.27,3.271,3.272", "--below", "3.28", "--alpha", "0.01")
    assert met["verdict"] == "met"
    assert answer(runreport, "target", "--x", "3.27", "--above", "3.2")["verdict"] == "cannot tell"
    power = answer(runreport, "power", "--effect", "1.0", "--n", "5")
    assert (power["runs_needed"], power["smallest_effect_at_n"]) == (17, pytest.approx(2.02444, abs=1e-5))
    shares = answer(runreport, "proportions", "--a", "18/20", "--b", "15/20")
    assert shares["delta"]["value"] == pytest.approx(0.15)  # type: ignore[index]
    never = runreport("stats", "proportions", "--a", "0/10", "--b", "0/12", check=True).stdout
    assert "The share of A is at most 25.9% (95%); this bound is one-sided, the intervals above are two-sided." in never
    assert answer(runreport, "adjust", "--p", "0.01,0.04")["adjusted"] == [0.02, 0.04]
    assert answer(runreport, "adjust", "--p", "0.01,0.04,0.03", "--method", "bh")["adjusted"] == pytest.approx(
        stats.false_discovery_control([0.01, 0.04, 0.03])
    )


def test_a_tiny_effect_needs_more_runs_than_are_counted(runreport: Command) -> None:
    tiny = answer(runreport, "power", "--effect", "1e-5")
    assert (tiny["runs_needed"], tiny["sentence"]) == (
        None,
        "A difference of 1e-05 sd is found with 80% power by more than 1,000,000,000 runs per side.",
    )
    small = answer(runreport, "power", "--effect", "2e-4")["runs_needed"]
    assert small == pytest.approx(2 * ((stats.norm.ppf(0.975) + stats.norm.ppf(0.8)) / 2e-4) ** 2, rel=1e-3)
    assert str(answer(runreport, "power", "--effect", "0")["sentence"]).endswith("by no number of runs.")


def test_a_p_that_was_not_tested_does_not_count(runreport: Command) -> None:
    found = answer(runreport, "adjust", "--p", "0.01,nan,0.04")
    assert (found["p"], found["adjusted"]) == ([0.01, None, 0.04], [0.02, None, 0.04])
    shown = runreport("stats", "adjust", "--p", "0.01,nan,0.04", check=True).stdout
    assert shown.startswith("2 of 2 adjusted p-values are below 0.05.")
    assert "not tested   not tested" in shown
    assert "- 1 p-value (nan) was not tested: it does not count among those adjusted for." in shown


def test_a_p_beyond_double_precision_is_a_bound(runreport: Command) -> None:
    words = ("compare", "--a", "1,1.0000001,1.0000002,1,1", "--b", "9,9.0000001,9,9,9.0000003")
    shown = runreport("stats", *words, check=True).stdout
    assert "(p < 1e-15)." in shown
    assert [line.split() for line in shown.splitlines() if line.startswith("p ")] == [["p", "<", "1e-15"]]
    below = runreport("stats", "target", "--x", words[2], "--below", "100000000", check=True).stdout
    assert "(one-sided t test, p < 1e-15, less than 0.05)" in below


def test_three_or_four_runs_are_few(runreport: Command) -> None:
    shown = runreport("stats", "compare", "--a", "1,2,3,4", "--b", "2,3,5", check=True).stdout
    mde = answer(runreport, "compare", "--a", "1,2,3,4", "--b", "2,3,5")["mde"]
    remark = f"- Few seeds (4 and 3): only differences above about {mde:.3g} are found with 80% power; 5 or more per side are advised."
    assert remark in shown
    pairs = runreport("stats", "compare", "--a", "1,2,3", "--b", "2,3,5", "--paired", check=True).stdout
    assert "- Few seeds (3): only differences above about " in pairs
    assert "; 5 or more are advised." in pairs
    enough = runreport("stats", "compare", "--a", "1,2,3,4,5", "--b", "2,3,5,6,7", check=True).stdout
    assert "Few seeds" not in enough


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("compare", "--a", "1,x", "--b", "2"), "'x' in --a is not a number."),
        (("compare", "--a", "1,2"), "It is not clear where the numbers of --b are."),
        (("compare", "--a", "1,2", "--b", "1", "--paired"), "2 values of a cannot be paired with 1 of b."),
        (("target", "--x", "1,2"), "A target lies on one side."),
        (("target", "--x", "1,2", "--below", "1", "--alpha", "5"), "alpha must be between 0 and 1, not 5.0."),
        (("proportions", "--a", "half", "--b", "1/2"), "'half' in --a is not a count of all."),
        (("proportions", "--a", "3/2", "--b", "1/2"), "3 of 2 cannot have succeeded."),
        (("adjust", "--p", "0.1,2"), "a p-value lies between 0 and 1, not at 2.0."),
        (("adjust", "--p", "0.1,inf"), "a p-value lies between 0 and 1, not at inf."),
        (("power", "--effect", "nan"), "the effect must be a finite number of standard deviations, not nan."),
        (("power", "--effect=-inf"), "the effect must be a finite number of standard deviations, not -inf."),
        (("power", "--effect", "1", "--n", "1"), "1 and 1 runs leave no degree of freedom."),
        (("compare", "--csv", "gone.csv", "--a-column", "a", "--b-column", "b"), "gone.csv cannot be read as CSV:"),
    ],
)
def test_what_cannot_be_used_is_named(runreport: Command, words: tuple[str, ...], sentence: str) -> None:
    done = runreport("stats", *words)
    assert done.returncode == 2
    assert sentence in done.stderr.splitlines()[0]
    assert done.stderr.startswith("error: ")
    assert done.stdout == ""
