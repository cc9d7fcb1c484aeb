import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runreport.errors import StoreVersionError
from runreport.names import Severity
from runreport.notices import Notice
from runreport.store.parquet import BatchFiles, BatchRun, TableFile
from runreport.store.state import Manifest, State, apply, decode, encode, plan

RUNS = st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12"), min_size=1)


def batch(runs: dict[str, str], *, name: str = "", has_log: bool = True) -> BatchFiles:
    batch_id = name or "".join(f"{run}{fingerprint}" for run, fingerprint in sorted(runs.items()))
    return BatchFiles(
        batch_id=batch_id,
        files=(TableFile(table="runs", name=f"data/runs/{batch_id}.parquet", rows=len(runs)),),
        runs=tuple(BatchRun(run_id=run, fingerprint=value, has_log=has_log) for run, value in sorted(runs.items())),
    )


def notice(text: str) -> Notice:
    return Notice(severity=Severity.INFO, code="c", location="l", message=text)


@given(st.lists(RUNS, max_size=6))
def test_the_last_commit_of_a_run_wins_and_every_needed_batch_stays(commits: list[dict[str, str]]) -> None:
    state = State()
    for runs in commits:
        change = plan(state, [batch(runs)], {}, {}, ledgers={}, parts={})
        assert change.added + change.updated + change.unchanged == len(runs)
        state = apply(state, change.state)
        assert plan(state, [batch(runs)], {}, {}, ledgers={}, parts={}).is_empty
    expected = {run: fingerprint for runs in commits for run, fingerprint in runs.items()}
    assert {run: record.fingerprint for run, record in state.runs.items()} == expected
    assert set(state.batches) == {name for record in state.runs.values() for name in record.batches}


@given(RUNS, st.dictionaries(st.text(max_size=3), st.lists(st.text(max_size=3).map(notice), min_size=1, max_size=2)))
def test_a_manifest_survives_being_written_down(runs: dict[str, str], found: dict[str, list[Notice]]) -> None:
    change = plan(State(), [batch(runs)], {key: tuple(value) for key, value in found.items()}, {}, ledgers={}, parts={})
    manifest = Manifest(number=7, is_checkpoint=False, state=change.state)
    assert decode(encode(manifest)) == manifest


def test_a_run_over_several_batches_keeps_them_all() -> None:
    change = plan(
        State(), [batch({"a": "1"}), batch({"a": "1"}, name="more", has_log=False)], {}, {}, ledgers={}, parts={}
    )
    assert change.state.runs["a"].batches == ("a1", "more")


@pytest.mark.parametrize(
    ("additions", "message"),
    [
        ([batch({"a": "1"}), batch({"a": "1"}, name="copy")], "exactly one log"),
        ([batch({"a": "1"}, has_log=False)], "exactly one log"),
        ([batch({"a": "1"}), batch({"a": "2"}, has_log=False)], "two fingerprints"),
    ],
)
def test_contradictory_additions_are_refused(additions: list[BatchFiles], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        plan(State(), additions, {}, {}, ledgers={}, parts={})


def test_notices_of_a_place_replace_earlier_ones_and_can_go() -> None:
    state = apply(State(), plan(State(), [], {"place": (notice("b"), notice("a"))}, {}, ledgers={}, parts={}).state)
    assert plan(state, [], {"place": (notice("a"), notice("b"), notice("a"))}, {}, ledgers={}, parts={}).is_empty
    assert plan(state, [], {"other": ()}, {}, ledgers={}, parts={}).is_empty
    cleared = plan(state, [], {"place": ()}, {}, ledgers={}, parts={})
    assert apply(state, cleared.state).found == {}


def test_a_newer_store_is_refused_with_the_version_it_needs() -> None:
    raw = json.loads(encode(Manifest(number=0, is_checkpoint=True, state=State())))
    newer = json.dumps({**raw, "schema_version": 9, "written_by": "7.1.0"}).encode()
    with pytest.raises(StoreVersionError, match="schema version 9") as error:
        decode(newer)
    assert "7.1.0" in error.value.hint


@pytest.mark.parametrize("name", ["/etc/passwd", "data/../../secret"])
def test_a_manifest_cannot_name_files_outside_of_the_store(name: str) -> None:
    outside = TableFile(table="runs", name=name, rows=1)
    bad = BatchFiles(batch_id="x", files=(outside,), runs=batch({"a": "1"}).runs)
    content = encode(
        Manifest(number=1, is_checkpoint=False, state=plan(State(), [bad], {}, {}, ledgers={}, parts={}).state)
    )
    with pytest.raises(ValueError, match="outside"):
        decode(content)
