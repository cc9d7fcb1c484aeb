"""What looks like a secret is not stored."""

import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from runreport.ingestion import ingest
from runreport.model import keys
from runreport.model.entities import (
    Artifact,
    CodeVersion,
    Dataset,
    Edge,
    EnvironmentItem,
    Run,
    RunBatch,
    RunLog,
    Tag,
)
from runreport.model.tables import POINTS
from runreport.names import ParamKind, Relation, Severity
from runreport.secrets import REMOVED, clean_text, names_a_secret, without_secrets

CANARY = "canary0123456789"
RUN = Run(run_id="r", experiment="e", name="n", source_id="s", path="runs/1")


def cleaned(log: RunLog) -> RunLog:
    return without_secrets(RunBatch(logs=(log,), points=POINTS.empty_table())).logs[0]


@pytest.mark.parametrize(
    "name",
    [
        "api_key", "apikey", "logger.api-key", "wandb/API_KEY", "access_token", "auth_tokens", "secret_key", "private_key",
        "db.password", "db_passwd", "ssh-passphrase", "client_secret", "credentials", "HF_TOKEN", "OPENAI_KEY",
    ],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize(
    "name",
    [
        "max_tokens", "num_tokens", "pad_token", "eos_token", "tokenizer", "key", "query_key", "primary_key", "token",
        "PAD_TOKEN", "MODEL.QUERY_KEY", "password_length", "secretary", "api_key.length", "monkey", "keys",
    ],
)  # fmt: skip
def test_ordinary_names_are_no_secrets(name: str) -> None:
    assert not names_a_secret(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://oauth2:X@github.com/a/b.git", "https://github.com/a/b.git"),
        ("git+https://X@host/a", "git+https://host/a"),
        ("postgresql://me:p@X@db/a", "postgresql://db/a"),
        ("run --api-key X --lr 1", "run --api-key # --lr 1"),
        ("run --api_key=X", "run --api_key=#"),
        ("run --token 'X y' -v", "run --token '#' -v"),
        ("--password X --secret X --access-token X", "--password # --secret # --access-token #"),
        ('["--token", "X"]', '["--token", "#"]'),
        ("lr=1,+logger.api_key=X,b=2", "lr=1,+logger.api_key=#,b=2"),
        ("WANDB_API_KEY=X python train.py", "WANDB_API_KEY=# python train.py"),
        ('[{"api_key": "X", "b": 1}]', '[{"api_key": "#", "b": 1}]'),
        ("{'password' : 'X'}", "{'password' : '#'}"),
        ("--url=https://h/a?token=X&b=1", "--url=https://h/a?token=#&b=1"),
        ("https://h/a?sig=X", "https://h/a?sig=#"),
    ],
)
def test_secrets_inside_of_texts(text: str, expected: str) -> None:
    wanted = expected.replace("#", REMOVED)
    assert clean_text(text.replace("X", CANARY)) == wanted
    assert clean_text(wanted) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "https://host/a@b", "ssh://git@host/a", "git@github.com:a/b.git", "abfss://container@account.dfs.core.net/a",
        "--token --lr 1", "--pad-token X", "--max-tokens 5", "--api-key $KEY", "api_key=${oc.env:KEY}", "api_key=None",
        "--tokenizer bpe", "a == b", '{"max_tokens": 5, "token": "x"}', "",
    ],
)  # fmt: skip
def test_other_texts_stay_as_they_are(text: str) -> None:
    assert clean_text(text) == text


@pytest.mark.parametrize(
    "piece", ["-", "a", "a=", "://", '"', "api_key=", "--a ", "--", " ", '"a":', "://a@", "\\", "--token '"]
)
def test_long_texts_take_little_time(piece: str) -> None:
    start = time.perf_counter()
    clean_text("x://--=':\":" + piece * 100_000)
    assert time.perf_counter() - start < 2


def test_a_run_without_secrets_is_handed_on_as_it_is() -> None:
    log = RunLog(run=RUN, params=(keys.param("r", "lr", "0.1"), keys.param("r", "api_key", "None")))
    assert cleaned(log) is log


def test_everything_a_run_says_is_cleaned_and_one_notice_names_the_places() -> None:
    url = f"https://u:{CANARY}@host/x"
    log = RunLog(
        run=Run(run_id="r", experiment="e", name=f"api_key={CANARY}", source_id="s", path="runs/1", note=url),
        params=(keys.param("r", "api_key", "12345"), keys.param("r", "lr", "0.1")),
        tags=(Tag(run_id="r", tag="command", value=f"t.py --token {CANARY}"),),
        environment=(EnvironmentItem(run_id="r", item="HF_TOKEN", kind="variable", value=CANARY),),
        artifacts=(Artifact(run_id="r", path="m.pt", location=url),),
        datasets=(Dataset(run_id="r", dataset="d", source=url),),
        code=CodeVersion(run_id="r", repo_url=url, entry_point=f"a.py --password={CANARY}"),
        edges=(Edge(run_id="r", from_node=f"dataset:{url}", to_node="run:r", relation=Relation.USED),),
    )
    found = cleaned(log)
    assert CANARY not in repr(found)
    assert [(one.value, one.kind, one.number) for one in found.params] == [
        (REMOVED, ParamKind.TEXT, None),
        ("0.1", ParamKind.FLOAT, 0.1),
    ]
    (notice,) = found.notices
    assert (notice.severity, notice.code, notice.location, notice.run_id) == (
        Severity.WARNING, "removed-secret", "runs/1", "r",
    )  # fmt: skip
    assert "10 places" in notice.message
    for place in ("param api_key", "tag command", "variable HF_TOKEN", "artifact m.pt", "data set d", "its repository"):
        assert place in notice.message
    assert cleaned(found) is found


def test_no_secret_of_a_log_reaches_the_store(tmp_path: Path) -> None:
    logs, store = tmp_path / "logs", tmp_path / "store"
    hidden = logs / "job" / ".hydra"
    hidden.mkdir(parents=True)
    (hidden / "config.yaml").write_text(
        f"lr: 0.1\nlogger:\n  api_key: {CANARY}\nremote: https://oauth2:{CANARY}@git.org/a\n"
    )
    (hidden / "overrides.yaml").write_text(f"- logger.api_key={CANARY}\n")
    (hidden / "hydra.yaml").write_text(f"hydra:\n  job:\n    name: app\n    env_set:\n      MODE: {CANARY}\n")
    (logs / "job" / "metrics.csv").write_text("step,loss\n0,1.0\n1,0.5\n")
    wandb = logs / "wandb" / "run-20260101_000000-abcd1234" / "files"
    wandb.mkdir(parents=True)
    (wandb / "wandb-metadata.json").write_text(
        f'{{"program": "train.py", "args": ["--api-key", "{CANARY}", "--lr", "1"], '
        f'"git": {{"remote": "https://{CANARY}@git.org/a", "commit": "abc"}}}}'
    )
    (wandb / "wandb-summary.json").write_text('{"loss": 0.5, "_step": 1}')
    (wandb / "config.yaml").write_text(f"wandb_version: 1\nsecret_key:\n  value: {CANARY}\n")
    result = ingest([logs], store=store, jobs=1)
    tables = {path.relative_to(store).as_posix(): path for path in store.rglob("*") if path.is_file()}
    assert [one.code for one in result.notices].count("removed-secret") == 2
    for name, path in tables.items():
        assert CANARY.encode() not in path.read_bytes(), name
        if path.suffix == ".parquet":  # compressed
            assert CANARY not in repr(pq.read_table(path).to_pylist()), name
    texts = repr([pq.read_table(path).to_pylist() for path in tables.values() if path.suffix == ".parquet"])
    assert REMOVED in texts
    assert "https://git.org/a" in texts
