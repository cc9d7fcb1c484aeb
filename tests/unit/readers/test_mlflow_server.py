"""A tracking server: questions, pages, retries and what is never sent or shown; against real servers on loopback."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loopback import Question, Reply, Server, Tracking, as_json, serving, tracking

from runreport import open_store
from runreport.errors import ServerError, UnknownNameError, UsageError
from runreport.ingestion import IngestResult, ingest
from runreport.readers import addresses, registry
from runreport.readers.mlflow import client as mlflow_client
from runreport.readers.mlflow.client import AnswerError, Client


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What would have been waited between attempts; no credentials of whoever runs the tests are used."""
    waited: list[float] = []
    monkeypatch.setattr(mlflow_client.time, "sleep", waited.append)
    for name in ("TOKEN", "USERNAME", "PASSWORD"):
        monkeypatch.delenv(f"MLFLOW_TRACKING_{name}", raising=False)
    return waited


def once(*replies: Reply) -> Callable[[Question], Reply]:
    """Answer with these one after the other, and then with an empty object."""
    waiting = list(replies)
    return lambda _question: waiting.pop(0) if waiting else Reply()


def ask(address: str) -> dict[str, Any]:
    with closing(Client(address)) as client:
        return client.get("runs/get")


@pytest.fixture
def two_runs() -> Iterator[tuple[Server, Tracking]]:
    served = tracking(2)
    with serving(served.answer) as server:
        yield server, served


def run_all(server: Server, store: Path) -> IngestResult:
    return ingest([server.address], store=store, jobs=1)


def test_the_whole_history_of_every_run_is_read(two_runs: tuple[Server, Tracking], tmp_path: Path) -> None:
    server, _ = two_runs
    result = run_all(server, tmp_path / "store")
    frames = open_store(tmp_path / "store")
    runs = frames.runs()
    assert (result.runs_added, result.points) == (2, 8)
    assert list(runs["name"]) == ["run0", "run1"]
    assert set(runs["experiment"]) == {"digits"}
    assert list(runs["path"]) == ["experiments/1/runs/run0", "experiments/1/runs/run1"]
    first = frames.metrics(runs=[runs["run_id"][0]])
    assert np.array_equal(first["value"], [0.0, np.nan, 0.2, 0.3], equal_nan=True)
    assert list(first["step"]) == [0, 1, 2, 3]
    assert sorted(frames.artifacts()["path"].unique()) == ["model/MLmodel", "plot.png"]
    assert [notice.message for notice in result.notices if notice.code == "deleted-runs"] == [
        "1 deleted runs were left out."
    ]


def test_runs_that_did_not_change_are_not_asked_for_again(two_runs: tuple[Server, Tracking], tmp_path: Path) -> None:
    server, served = two_runs
    run_all(server, tmp_path)
    server.asked.clear()
    assert run_all(server, tmp_path).runs_unchanged == 2
    assert "runs/get" not in server.paths()
    served.runs[0]["info"]["status"] = "FAILED"
    server.asked.clear()
    assert run_all(server, tmp_path).runs_updated == 1
    assert server.paths().count("runs/get") == 1


def test_a_new_alias_of_a_version_makes_its_run_be_read_again(
    two_runs: tuple[Server, Tracking], tmp_path: Path
) -> None:
    server, served = two_runs
    served.versions.append({"name": "net", "version": "1", "run_id": "run1", "aliases": []})
    run_all(server, tmp_path)
    served.versions[0]["aliases"] = ["champion"]
    assert run_all(server, tmp_path).runs_updated == 1
    assert list(open_store(tmp_path).models()["aliases"]) == ["champion"]


def test_an_ingest_that_broke_off_goes_on_where_it_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runreport.ingestion._TASK_RUNS", 1)
    served = tracking(3)
    with serving(served.answer) as server:
        served.fails = lambda asked: Reply(status=503) if asked.values.get("run_id") == "run2" else None
        with pytest.raises(ServerError, match="status 503"):
            run_all(server, tmp_path)
        assert len(open_store(tmp_path).runs()) == 2
        served.fails = lambda _asked: None
        result = run_all(server, tmp_path)
    assert (result.runs_added, result.runs_unchanged) == (1, 2)


def test_a_run_that_the_server_cannot_give_is_told_and_the_others_are_read(
    two_runs: tuple[Server, Tracking], tmp_path: Path
) -> None:
    server, served = two_runs

    def fails(asked: Question) -> Reply | None:
        is_bad = asked.path.endswith("get-history") and asked.values["run_id"] == "run0"
        return as_json({"error_code": "INTERNAL_ERROR", "message": "secret"}, status=500) if is_bad else None

    served.fails = fails
    result = run_all(server, tmp_path)
    [broken] = [notice for notice in result.notices if notice.code == "broken-run"]
    assert broken.message == ("The run could not be read. The server answers with status 500, INTERNAL_ERROR.")
    assert sorted(open_store(tmp_path).runs()["status"]) == ["finished", "running"]


def test_artifacts_that_cannot_be_listed_are_told(two_runs: tuple[Server, Tracking], tmp_path: Path) -> None:
    server, served = two_runs
    served.fails = lambda asked: Reply(status=500) if asked.path.endswith("artifacts/list") else None
    result = run_all(server, tmp_path)
    assert result.points == 8
    assert [notice.code for notice in result.notices].count("unlisted-artifacts") == 2


def test_an_unknown_experiment_names_its_neighbours(two_runs: tuple[Server, Tracking], tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError) as problem:
        ingest([f"{two_runs[0].address}/?experiment=digit"], store=tmp_path)
    assert problem.value.hint == "Did you mean digits?"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("mlflow+http://", "no host"),
        ("mlflow+http://host:port", "no host"),
        ("mlflow+http://host?token=1", "'token'"),
        ("mlflow+ftp://host", "mlflow\\+ftp://"),
    ],
)
def test_an_address_that_cannot_be_is_refused(address: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=sentence):
        ingest([address], store=tmp_path)


def test_credentials_are_in_no_label_notice_or_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "tokensecret")
    served = tracking(1)
    with serving(served.answer) as server:
        address = server.address.replace("127.0.0.1", "ada:pass%20word@127.0.0.1")
        result = ingest([address], store=tmp_path / "store")
        sent = base64.b64decode(server.asked[0].headers["Authorization"].removeprefix("Basic ")).decode()
    assert sent == "ada:pass word"
    kept = b"".join(path.read_bytes() for path in sorted((tmp_path / "store").rglob("*")) if path.is_file())
    told = repr(result)
    for secret in ("tokensecret", "pass%20word", "pass word", "ada:"):
        assert secret not in told
        assert secret.encode() not in kept
    with pytest.raises(ServerError) as problem:
        ingest([address], store=tmp_path / "other")
    assert "pass" not in f"{problem.value.sentence}{problem.value.hint}"


def test_a_token_of_the_environment_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", " abc\n")
    with serving(once()) as server:
        ask(server.address)
        assert server.asked[0].headers["Authorization"] == "Bearer abc"


def test_a_token_that_cannot_be_sent_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abc\ndef")
    with serving(once()) as server, pytest.raises(ServerError) as problem:
        ask(server.address)
    assert "abc" not in problem.value.sentence


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_busy_server_is_asked_again_later_and_later(status: int, waits: list[float]) -> None:
    with serving(once(*[Reply(status=status)] * 3, as_json({"a": 1}))) as server:
        assert ask(server.address) == {"a": 1}
    assert waits == [0.5, 1.0, 2.0]


def test_a_server_says_how_long_to_wait_within_bounds(waits: list[float]) -> None:
    replies = [Reply(status=429, headers=[("Retry-After", text)]) for text in ("7", "100000", "soon")]
    past = Reply(status=503, headers=[("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT")])
    with serving(once(*replies, past)) as server:
        ask(server.address)
    assert waits == [7.0, 60.0, 2.0, 0.0]


def test_the_attempts_have_an_end(waits: list[float]) -> None:
    with serving(lambda _question: Reply(status=503)) as server, pytest.raises(ServerError, match="status 503"):
        ask(server.address)
    assert len(waits) == 4


def test_a_server_that_is_not_there_is_an_error_with_the_address(waits: list[float]) -> None:
    with pytest.raises(ServerError, match="cannot be read: Connection refused"):
        ask("mlflow+http://ada:secret@127.0.0.1:9")
    assert len(waits) == 4


@pytest.mark.parametrize("sent_bytes", [0, 1, 7])
def test_an_answer_that_is_cut_off_is_asked_for_again(sent_bytes: int) -> None:
    whole = as_json({"a": "bcdef"})
    cut = Reply(body=whole.body, sent_bytes=sent_bytes)
    with serving(once(cut, cut, whole)) as server:
        assert ask(server.address) == {"a": "bcdef"}
        assert len(server.asked) == 3


def test_an_answer_that_is_too_large_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mlflow_client, "MAX_BYTES", 100)
    with serving(once(Reply(body=b" " * 1000))) as server, pytest.raises(AnswerError, match="larger"):
        ask(server.address)


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"\xff", b"", b"[" * 100_000])
def test_an_answer_that_is_no_object_is_an_error(body: bytes) -> None:
    with serving(once(Reply(body=body))) as server, pytest.raises(ServerError, match="as a tracking server"):
        ask(server.address)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refusal_says_how_to_give_credentials(status: int) -> None:
    with serving(once(Reply(status=status))) as server, pytest.raises(ServerError) as problem:
        ask(server.address)
    assert "MLFLOW_TRACKING_TOKEN" in problem.value.hint


def test_a_redirect_on_the_same_server_is_followed() -> None:
    with serving(once(Reply(status=307, headers=[("Location", "/ml/x?y=1")]), as_json({"a": 1}))) as server:
        assert ask(server.address) == {"a": 1}
        assert (server.asked[1].path, server.asked[1].values) == ("/ml/x", {"y": "1"})


@pytest.mark.parametrize("place", ["https://127.0.0.1/", "//elsewhere.example/x", "http://127.0.0.1:1/x", "file:///x"])
def test_a_redirect_to_another_server_is_refused(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "abc")
    with serving(once(Reply(status=302, headers=[("Location", place)]))) as server:
        with pytest.raises(ServerError, match="was not asked"):
            ask(server.address)
        assert len(server.asked) == 1


def test_a_circle_of_redirects_has_an_end() -> None:
    circle = Reply(status=302, headers=[("Location", "/x")])
    with serving(lambda _question: circle) as server, pytest.raises(ServerError, match="without an end"):
        ask(server.address)


def test_pages_that_lead_back_have_an_end() -> None:
    with (
        serving(lambda _question: as_json({"next_page_token": "a"})) as server,
        closing(Client(server.address)) as client,
        pytest.raises(AnswerError),
    ):
        list(client.pages("runs/search", []))


def test_a_connection_is_kept_for_the_next_question() -> None:
    with serving(lambda _question: Reply()) as server:
        client = Client(server.address)
        for _ in range(3):
            client.get("runs/get")
        client.close()
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "broken",
    [
        {"runs": [None, 3, {"info": 3}, {"info": {"run_id": []}}]},
        {"runs": {"a": 1}},
        {"metrics": [None, {"value": {}}, {"step": "x", "value": 1}, {"value": 1, "step": 1 << 70}]},
        {"files": [None, {"path": 3}, {"path": "..", "is_dir": True}, {"path": "a/b", "is_dir": "yes"}]},
        {"run": {"info": {"run_id": "run0", "start_time": "x", "status": {}}, "data": {"params": [[1]]}}},
        {"experiments": [{"experiment_id": {}, "name": []}]},
    ],
    ids=["runs", "no list", "points", "files", "info", "experiments"],
)
def test_answers_of_any_shape_end_in_notices(broken: dict[str, object], tmp_path: Path) -> None:
    served = tracking(1)
    name = next(iter(broken))
    ends = {"run": "runs/get", "runs": "runs/search", "metrics": "get-history", "files": "artifacts/list"}
    served.fails = lambda asked: as_json(broken) if asked.path.endswith(ends.get(name, "experiments/search")) else None
    with serving(served.answer) as server:
        try:
            result = run_all(server, tmp_path)
        except ServerError:
            return
    assert "fault of the reader" not in json.dumps([notice.hint for notice in result.notices])


def test_the_address_is_its_label_and_known_again() -> None:
    installed = registry.readers("mlflow_server").readers
    findings = registry.find(["mlflow+http://ada:x@localhost:5000/?experiment=a b&experiment_id=3"], installed)
    label = "mlflow+http://localhost:5000?experiment=a+b&experiment_id=3"
    assert [claim.location.label for claim in findings.claims] == [label]
    assert list(findings.roots) == [label]
    assert "ada" not in repr(registry.explain(findings)) + repr(registry.no_runs(["mlflow+http://ada:x@localhost"]))


@pytest.mark.parametrize("address", ["mlflow+http://[::1]:5000/ml/", "mlflow+http://HOST:99999999", "mlflow+http://["])
def test_any_address_can_be_shown(address: str) -> None:
    try:
        assert "@" not in addresses.shown(address)
    except ValueError:
        with pytest.raises(UsageError):
            addresses.check(address)
