"""What looks like a secret is taken out of the logs before they are stored, because reports are made to be shown.

It is known by its place, never by its looks: the name of a setting, the option it follows on a command line, the part of
a URL before the host. A value that is not set, a truth value, or one that only refers to a variable, is none.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeVar, cast

from runreport.model import keys
from runreport.model.entities import Dataset, Model, Param, RunBatch, RunLog
from runreport.names import Severity
from runreport.notices import Notice

_Entity = TypeVar("_Entity")

REMOVED = "(removed: looks like a secret)"
"""What is stored in the place of a secret."""

_MOST_NAMED = 10
_NAME = re.compile(
    r"(api|access|secret|private|auth|hf|hub|wandb|github)[_-]?(key|token)s?$|(^|[_.-])(password|passwd|passphrase|secret|credentials?)$",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*_(KEY|TOKEN|SECRET|PASSWORD)")
_ORDINARY = re.compile(
    r"(.*_)?(PAD|EOS|BOS|UNK|CLS|SEP|MASK|IMAGE|NUM|MAX|QUERY|PRIMARY|FOREIGN|SORT)_(KEY|TOKEN)", re.DOTALL
)
_OPTION = re.compile(r"(^|[_-])token$", re.IGNORECASE)
_ORDINARY_OPTION = re.compile(r"(^|[_-])(pad|eos|bos|unk|cls|sep|mask|image|num|max)[_-]token$", re.IGNORECASE)
_QUERY = frozenset({"token", "sig", "signature", "x-amz-signature", "x-amz-security-token", "x-goog-signature"})

_USER_OF_URL = re.compile(r"://([^\s/?#\"'<>]+)@")
_NAMES_BEFORE_AT = ("abfs", "abfss", "wasb", "wasbs", "ssh", "docker")
"""Schemes in which a name before the ``@`` is a container, an account or an image, and no secret."""

_OPTION_BEFORE = re.compile(r"""(?<![\w.-])--([\w.-]+)(?:=|\s+(?!-)|["'],\s*(?=["']))""")
_NAME_BEFORE = re.compile(r"""(?<![\w./-])([\w./-]+)(?:=|\\?["']\s*:\s*\\?)""")
_VALUE = re.compile(r"""\$\{[^}$\s]*\}|"[^"]*"?|'[^']*'?|[^\s"',;&}\]]+""")
_NO_SECRET = re.compile(r"(none|null|true|false|\?\?\?|\$\{.*\}|\$[A-Z_][A-Z0-9_]*)?", re.IGNORECASE | re.DOTALL)


def without_secrets(batch: RunBatch) -> RunBatch:
    """Return the batch with :data:`REMOVED` for what looks like a secret, and a notice on each run that held one.

    Points, samples and kept bytes are handed on as they are.
    """
    return replace(batch, logs=tuple(_cleaned(log) for log in batch.logs))


@lru_cache(maxsize=65_536)  # the runs of an experiment share their names
def names_a_secret(name: str) -> bool:
    """Return whether the last part of a dotted or slashed name is that of a secret.

    >>> names_a_secret("logger.api_key"), names_a_secret("HF_TOKEN"), names_a_secret("model.max_tokens")
    (True, True, False)
    """
    last = re.split(r"[./]", name)[-1]
    is_variable = _VARIABLE.fullmatch(last) is not None and _ORDINARY.fullmatch(last) is None
    return is_variable or _NAME.search(last) is not None


def clean_text(text: str) -> str:
    """Return a text without the credentials in its URLs, its command lines and its assignments.

    >>> clean_text("train.py --api-key abc --lr 1 --data https://me:abc@host/x")
    'train.py --api-key (removed: looks like a secret) --lr 1 --data https://host/x'
    """
    if "://" in text:
        text = _USER_OF_URL.sub(_without_user, text)
    if "--" in text:
        text = _without_values(text, _OPTION_BEFORE, _is_secret_option)
    if "=" in text or (":" in text and ('"' in text or "'" in text)):
        text = _without_values(text, _NAME_BEFORE, _is_secret_name)
    return text


def _without_user(found: re.Match[str]) -> str:
    scheme = re.split(r"[^a-z]", found.string[max(0, found.start() - 8) : found.start()].casefold())[-1]
    return found[0] if scheme in _NAMES_BEFORE_AT and ":" not in found[1] else "://"


def _without_values(text: str, before: re.Pattern[str], is_secret: Callable[[re.Match[str]], bool]) -> str:
    """Return a text without the values that stand after a name; names inside of other values count as well."""
    parts: list[str] = []
    done = 0
    for found in before.finditer(text):
        if found.start() < done or not is_secret(found) or text.startswith(REMOVED, found.end()):
            continue
        value = _VALUE.match(text, found.end())
        if value is None or not _is_set(value[0].strip("\"'")):
            continue
        quote = value[0][0] if value[0][0] in "\"'" else ""
        parts += [text[done : found.end()], quote, REMOVED, quote]
        done = value.end()
    return "".join([*parts, text[done:]])


def _is_secret_option(found: re.Match[str]) -> bool:
    is_token = _OPTION.search(found[1]) is not None and _ORDINARY_OPTION.search(found[1]) is None
    return is_token or names_a_secret(found[1])


def _is_secret_name(found: re.Match[str]) -> bool:
    is_query = found.string[max(0, found.start() - 1) : found.start()] in ("?", "&")
    return names_a_secret(found[1]) or (is_query and found[1].casefold() in _QUERY)


def _is_set(value: str) -> bool:
    return value != REMOVED and _NO_SECRET.fullmatch(value.strip()) is None


class _Cleaner:
    """Cleans the texts of one run and remembers where something was removed."""

    def __init__(self) -> None:
        self.places: dict[str, None] = {}

    def named(self, kind: str, name: str, value: str) -> str:
        """Return the value of a named thing, without a secret."""
        cleaned = REMOVED if names_a_secret(name) and _is_set(value) else clean_text(value)
        if cleaned != value:
            self.places[f"{kind} {name}"] = None
        return cleaned

    def text(self, place: str, value: str) -> str:
        """Return a text without secrets; ``place`` says in words what it is."""
        cleaned = clean_text(value)
        if cleaned != value:
            self.places[place] = None
        return cleaned

    def optional(self, place: str, value: str | None) -> str | None:
        """Return a text that may be missing, without secrets."""
        return None if value is None else self.text(place, value)


def _cleaned(log: RunLog) -> RunLog:
    cleaner = _Cleaner()
    text, optional = cleaner.text, cleaner.optional
    code = log.code
    cleaned = _with(
        log,
        run=_with(log.run, name=text("its name", log.run.name), note=optional("its note", log.run.note)),
        params=tuple(_param(one, cleaner) for one in log.params),
        tags=tuple(_with(one, value=cleaner.named("tag", one.tag, one.value)) for one in log.tags),
        environment=tuple(_with(one, value=cleaner.named(one.kind, one.item, one.value)) for one in log.environment),
        artifacts=tuple(_with(one, location=optional(f"artifact {one.path}", one.location)) for one in log.artifacts),
        datasets=tuple(_dataset(one, cleaner) for one in log.datasets),
        models=tuple(_model(one, cleaner) for one in log.models),
        code=code
        and _with(
            code,
            repo_url=optional("its repository", code.repo_url),
            entry_point=optional("its entry point", code.entry_point),
        ),
        edges=tuple(
            _with(one, from_node=text("its lineage", one.from_node), to_node=text("its lineage", one.to_node))
            for one in log.edges
        ),
        notices=tuple(_with(one, message=text("a notice", one.message)) for one in log.notices),
    )
    return replace(cleaned, notices=(*cleaned.notices, _notice(log, [*cleaner.places]))) if cleaner.places else log


def _with(entity: _Entity, **values: object) -> _Entity:
    """Return an entity with other values; itself where they are the same, for so they nearly always are."""
    if all(getattr(entity, name) == value for name, value in values.items()):
        return entity
    changed: _Entity = replace(cast("Any", entity), **values)
    return changed


def _param(param: Param, cleaner: _Cleaner) -> Param:
    value = cleaner.named("param", param.param, param.value)
    return param if value == param.value else keys.param(param.run_id, param.param, value)


def _dataset(dataset: Dataset, cleaner: _Cleaner) -> Dataset:
    name = cleaner.text("the name of a data set", dataset.dataset)
    return replace(dataset, dataset=name, source=cleaner.optional(f"data set {name}", dataset.source))


def _model(model: Model, cleaner: _Cleaner) -> Model:
    place = f"model {model.model}"
    return replace(model, source=cleaner.optional(place, model.source), details=cleaner.optional(place, model.details))


def _notice(log: RunLog, places: list[str]) -> Notice:
    named = ", ".join(places[:_MOST_NAMED])
    more = f" and {len(places) - _MOST_NAMED} more" if len(places) > _MOST_NAMED else ""
    count = "1 place" if len(places) == 1 else f"{len(places)} places"
    return Notice(
        severity=Severity.WARNING,
        code="removed-secret",
        location=log.run.path or ".",
        message=f"What looks like a secret was removed in {count}: {named}{more}.",
        hint="The log itself still holds it. If others can read the log, replace the secret.",
        run_id=log.run.run_id,
    )
