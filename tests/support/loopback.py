"""An HTTP server on loopback whose answers a test scripts, and MLflow's REST interface over a few runs."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

API = "/api/2.0/mlflow/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the server sends. ``sent_bytes`` is how much of the body really comes; None for all."""

    status: int = 200
    body: bytes = b"{}"
    headers: Sequence[tuple[str, str]] = ()
    sent_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the server was asked."""

    method: str
    path: str
    values: dict[str, Any]
    headers: dict[str, str]


@dataclass(slots=True)
class Server:
    """Answers each question with what ``answer`` returns, and keeps the questions."""

    answer: Callable[[Question], Reply]
    asked: list[Question] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        return f"mlflow+http://127.0.0.1:{self.port}"

    def paths(self) -> list[str]:
        return [question.path.removeprefix(API) for question in self.asked]


@contextmanager
def serving(answer: Callable[[Question], Reply]) -> Iterator[Server]:
    server = Server(answer)
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    server.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def as_json(value: object, status: int = 200) -> Reply:
    return Reply(body=json.dumps(value).encode(), status=status)


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            self._reply("GET", split.path, {key: found[0] for key, found in parse_qs(split.query).items()})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self._reply("POST", self.path, json.loads(body))

        def log_message(self, *_arguments: object) -> None:
            pass

        def _reply(self, method: str, path: str, values: dict[str, Any]) -> None:
            question = Question(method=method, path=path, values=values, headers=dict(self.headers))
            server.asked.append(question)
            reply = server.answer(question)
            self.send_response(reply.status)
            self.send_header("Content-Length", str(len(reply.body)))
            for name, value in reply.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(reply.body[: reply.sent_bytes])
            self.close_connection = reply.sent_bytes is not None

    return Handler


@dataclass(slots=True)
class Tracking:
    """The runs of a tracking server, two to a page, three points to a page; ``fails`` overrules its answers."""

    runs: list[dict[str, Any]]
    histories: dict[tuple[str, str], list[dict[str, Any]]]
    fails: Callable[[Question], Reply | None] = lambda _question: None
    versions: list[dict[str, Any]] = field(default_factory=list)

    def answer(self, question: Question) -> Reply:
        return self.fails(question) or self._answer(question)

    def _answer(self, question: Question) -> Reply:
        values = question.values
        answers: dict[str, Callable[[], Reply]] = {
            "experiments/search": lambda: as_json({"experiments": [{"experiment_id": "1", "name": "digits"}]}),
            "runs/search": lambda: _page("runs", self._found(values["run_view_type"]), values, 2),
            "runs/get": lambda: as_json({"run": self._run(values["run_id"])}),
            "metrics/get-history": lambda: _page(
                "metrics", self.histories[values["run_id"], values["metric_key"]], values, 3
            ),
            "artifacts/list": lambda: as_json({"files": _FILES.get(values.get("path", ""), [])}),
            "model-versions/search": lambda: as_json({"model_versions": self.versions}),
        }
        missing = as_json({"error_code": "ENDPOINT_NOT_FOUND"}, status=404)
        return answers.get(question.path.removeprefix(API), lambda: missing)()

    def _found(self, view: str) -> list[dict[str, Any]]:
        stage = "deleted" if view == "DELETED_ONLY" else "active"
        return [run for run in self.runs if run["info"]["lifecycle_stage"] == stage]

    def _run(self, identity: str) -> dict[str, Any]:
        return next(run for run in self.runs if run["info"]["run_id"] == identity)


_FILES: dict[str, list[dict[str, Any]]] = {
    "": [{"path": "model", "is_dir": True}, {"path": "plot.png", "is_dir": False, "file_size": 12}],
    "model": [{"path": "model/MLmodel", "is_dir": False, "file_size": "34"}],
}


def _page(name: str, found: Sequence[object], values: dict[str, Any], size: int) -> Reply:
    start = int(values.get("page_token") or 0)
    page: dict[str, object] = {name: list(found[start : start + size])}
    if start + size < len(found):
        page["next_page_token"] = str(start + size)
    return as_json(page)


def tracking(count: int, *, points: int = 4) -> Tracking:
    """Return a server with some runs of one metric and one deleted run."""
    runs = [_run(f"run{number}", "active", points) for number in range(count)]
    histories = {
        (f"run{number}", "acc"): [
            {
                "key": "acc",
                "value": "NaN" if step == 1 else number + step / 10,
                "step": str(step),
                "timestamp": 1000 + step,
            }
            for step in range(points)
        ]
        for number in range(count)
    }
    return Tracking(runs=[*runs, _run("gone", "deleted", 0)], histories=histories)


def _run(identity: str, stage: str, points: int) -> dict[str, Any]:
    info = {
        "run_id": identity,
        "run_uuid": identity,
        "run_name": identity,
        "experiment_id": "1",
        "status": "FINISHED",
        "start_time": 1_700_000_000_000,
        "end_time": 1_700_000_001_000,
        "lifecycle_stage": stage,
    }
    last = [{"key": "acc", "value": 0.5, "step": points - 1, "timestamp": 1000}] if points else []
    return {"info": info, "data": {"params": [{"key": "lr", "value": "0.1"}], "metrics": last}}
