"""Asking an MLflow tracking server: JSON over HTTP with retries, bounded answers, and credentials that stay here."""

import base64
import http.client
import json
import os
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult, unquote, urlencode, urljoin, urlsplit

from runreport.errors import ReadError, ServerError
from runreport.formats.documents import parse_json
from runreport.readers import addresses

TIMEOUT_S = 60.0
MAX_BYTES = 64 * 1024 * 1024
"""The largest answer that is read."""

_API = "/api/2.0/mlflow/"
_ATTEMPTS = 5
_FIRST_WAIT_S = 0.5
_LONGEST_WAIT_S = 60.0
_MAX_REDIRECTS = 5
_MAX_PAGES = 1_000_000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = 200
_TOO_MANY = 429
_FAULTY = 500
_REFUSED = frozenset({401, 403})
_AGAIN = "What was read so far is in the store; the same command goes on from there."
_Values = Sequence[tuple[str, str]]


class AnswerError(ReadError):
    """The server answers this one question with an error; ``status`` is that of HTTP."""

    def __init__(self, sentence: str, *, status: int = 0) -> None:
        """Keep the status."""
        super().__init__(sentence)
        self.status = status


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class _TryAgainError(Exception):
    """An attempt failed in a way that may pass; ``wait_s`` is how long the server asks to wait."""

    def __init__(self, reason: str, *, status: int = 0, wait_s: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.status, self.wait_s = reason, status, wait_s


class Client:
    """One connection to a tracking server that is kept open between questions."""

    def __init__(self, address: str) -> None:
        """Read the credentials; nothing is sent yet. ``address`` is ``mlflow+http://host:port/path``."""
        self._url = urlsplit(address.partition("+")[2])
        self._shown = addresses.shown(address)
        self._headers = {"Accept": "application/json", "Accept-Encoding": "identity", **_authorization(self._url)}
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def get(self, path: str, values: _Values = (), *, attempts: int = _ATTEMPTS) -> dict[str, Any]:
        """Return the answer to a question whose values stand in the address.

        Raises:
            AnswerError: the server answers with an error.
            ServerError: the server cannot be reached, refuses, or is no MLflow server.
        """
        target = f"{path}?{urlencode(values)}" if values else path
        return self._ask("GET", target, None, attempts)

    def post(self, path: str, body: Mapping[str, object]) -> dict[str, Any]:
        """Return the answer to a question whose values are JSON; raises the errors of :meth:`get`."""
        return self._ask("POST", path, json.dumps(body).encode("utf-8"), _ATTEMPTS)

    def pages(self, path: str, values: _Values, *, attempts: int = _ATTEMPTS) -> Iterator[dict[str, Any]]:
        """Yield all pages of an answer; raises the errors of :meth:`get`."""
        yield from _all_pages(lambda token: self.get(path, [*values, *_token_pair(token)], attempts=attempts))

    def posted_pages(self, path: str, body: Mapping[str, object]) -> Iterator[dict[str, Any]]:
        """Yield all pages of an answer to JSON; raises the errors of :meth:`get`."""
        yield from _all_pages(lambda token: self.post(path, {**body, **dict(_token_pair(token))}))

    def _ask(self, method: str, path: str, body: bytes | None, attempts: int) -> dict[str, Any]:
        answer = self._answer(method, self._url.path.rstrip("/") + _API + path, body, attempts)
        name = path.partition("?")[0]
        if answer.status in _REFUSED:
            hint = "Set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN."
            raise ServerError(f"{self._shown} refuses to answer {name} (status {answer.status}).", hint=hint)
        if answer.status != _OK:
            raise AnswerError(
                f"The server answers {name} with status {answer.status}{_code(answer.body)}.", status=answer.status
            )
        try:
            value = parse_json(answer.body)
        except ReadError as problem:
            value = problem
        if not isinstance(value, dict):
            hint = "Open the address in a browser: it should show MLflow."
            raise ServerError(f"{self._shown} does not answer {name} as a tracking server of MLflow does.", hint=hint)
        return value

    def _answer(self, method: str, target: str, body: bytes | None, attempts: int) -> _Answer:
        wait_s = _FIRST_WAIT_S
        for attempt in range(1, attempts + 1):
            try:
                return self._followed(method, target, body)
            except _TryAgainError as problem:
                self.close()
                if attempt == attempts and problem.status == _FAULTY:
                    raise AnswerError(f"The server {problem.reason}.", status=problem.status) from None
                if attempt == attempts:
                    raise ServerError(f"{self._shown} cannot be read: {problem.reason}.", hint=_AGAIN) from None
                time.sleep(min(wait_s if problem.wait_s is None else problem.wait_s, _LONGEST_WAIT_S))
                wait_s *= 2
        raise AssertionError("unreachable")

    def _followed(self, method: str, target: str, body: bytes | None) -> _Answer:
        """Ask, and ask again where a redirect leads to on the same server."""
        for _ in range(_MAX_REDIRECTS):
            answer = self._asked_once(method, target, body)
            if answer.status not in _REDIRECTS:
                return answer
            target = self._redirected(target, answer.headers.get("location", ""))
        raise ServerError(f"{self._shown} sends from one address to the next without an end.")

    def _redirected(self, target: str, location: str) -> str:
        here = urljoin(f"{self._url.scheme}://{self._url.netloc}", target)
        there = urlsplit(urljoin(here, location))
        if (there.scheme, there.hostname, there.port) != (self._url.scheme, self._url.hostname, self._url.port):
            elsewhere = f"{there.scheme}://{there.hostname}"
            hint = f"If you trust it, name it itself: mlflow+{elsewhere}"
            raise ServerError(f"{self._shown} sends to another server, {elsewhere}, which was not asked.", hint=hint)
        return there._replace(scheme="", netloc="", fragment="").geturl()

    def _asked_once(self, method: str, target: str, body: bytes | None) -> _Answer:
        headers = {**self._headers, **({"Content-Type": "application/json"} if body is not None else {})}
        try:
            connection = self._connected()
            connection.request(method, target, body=body, headers=headers)
            response = connection.getresponse()
            content = response.read(MAX_BYTES + 1)
        except ssl.SSLCertVerificationError as problem:
            hint = "MLFLOW_TRACKING_SERVER_CERT_PATH names a file with the certificate to trust."
            raise ServerError(
                f"The certificate of {self._shown} is not trusted: {problem.verify_message}.", hint=hint
            ) from None
        except (OSError, http.client.HTTPException) as problem:
            raise _TryAgainError(_reason(problem)) from None
        except ValueError:  # its text would show the credentials
            sentence = f"The name of {self._shown} or the credentials for it hold characters that cannot be sent."
            raise ServerError(sentence) from None
        if len(content) > MAX_BYTES:
            self.close()
            raise AnswerError(f"The server's answer is larger than {MAX_BYTES >> 20} MB.")
        if response.length:
            raise _TryAgainError("the answer was cut off")
        found = {name.casefold(): value for name, value in response.getheaders()}
        if response.status == _TOO_MANY or response.status >= _FAULTY:
            reason = f"answers with status {response.status}{_code(content)}"
            raise _TryAgainError(reason, status=response.status, wait_s=_asked_wait(found.get("retry-after", "")))
        if response.will_close:
            self.close()
        return _Answer(response.status, found, content)

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            host, port = self._url.hostname or "", self._url.port
            if self._url.scheme == "https":
                trusted = ssl.create_default_context(cafile=os.environ.get("MLFLOW_TRACKING_SERVER_CERT_PATH") or None)
                self._connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=trusted)
            else:
                self._connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
        return self._connection


def _all_pages(ask: Callable[[str], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    token: object = ""
    seen: set[str] = set()
    for _ in range(_MAX_PAGES):
        page = ask(str(token))
        yield page
        token = page.get("next_page_token")
        if not isinstance(token, str) or not token:
            return
        if token in seen:
            raise AnswerError("The server names the same next page twice.")
        seen.add(token)


def _token_pair(token: str) -> list[tuple[str, str]]:
    return [("page_token", token)] if token else []


def _authorization(url: SplitResult) -> dict[str, str]:
    """Return the header that the address or the environment gives credentials for."""
    user = unquote(url.username or "") or os.environ.get("MLFLOW_TRACKING_USERNAME", "")
    password = unquote(url.password or "") or os.environ.get("MLFLOW_TRACKING_PASSWORD", "")
    token = os.environ.get("MLFLOW_TRACKING_TOKEN", "").strip()
    if user and password:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode("ascii")
        return {"Authorization": f"Basic {pair}"}
    return {"Authorization": f"Bearer {token}"} if token else {}


def _asked_wait(text: str) -> float | None:
    """Return for how many seconds a server asks to wait: a number, or a date."""
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError):
        return None


def _code(body: bytes) -> str:
    """Return MLflow's own word for an error, never its message, which may quote anything."""
    try:
        value = parse_json(body)
    except ReadError:
        return ""
    code = value.get("error_code") if isinstance(value, dict) else None
    return f", {code}" if isinstance(code, str) and code.replace("_", "").isalnum() and code.isascii() else ""


def _reason(problem: Exception) -> str:
    if isinstance(problem, TimeoutError):
        return f"it did not answer within {TIMEOUT_S:g} s"
    if isinstance(problem, http.client.IncompleteRead):
        return "the answer was cut off"
    text = problem.strerror if isinstance(problem, OSError) else ""
    return (text or type(problem).__name__).rstrip(".")
