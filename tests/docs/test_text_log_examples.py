"""The logs and settings shown for text logs give what the pages say."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from markdown_pages import DOCS, blocks

import runreport
from runreport.config.options import Settings
from runreport.ingestion import ingest

PAGES = (DOCS / "reference" / "formats" / "text.md", DOCS / "how-to" / "read-text-logs.md")


@dataclass(frozen=True)
class Example:
    """A log with the settings that stand behind it and the points that are promised."""

    file: str
    log: str
    settings: str
    points: tuple[str, ...]


def examples() -> Iterator[Example]:
    for page in PAGES:
        shown = [block for block in blocks(page) if block.mark or block.language == "toml"]
        for log, settings, expected in zip(shown[::3], shown[1::3], shown[2::3], strict=True):
            assert expected.mark == "file: expected"
            yield Example(log.mark.removeprefix("file: "), log.body, settings.body, tuple(expected.body.splitlines()))


@pytest.mark.parametrize("example", list(examples()), ids=lambda example: example.file)
def test_the_settings_read_the_log_as_shown(example: Example, tmp_path: Path) -> None:
    log = tmp_path / "logs" / example.file
    log.parent.mkdir(parents=True)
    log.write_text(example.log, encoding="utf-8")
    settings = Settings.model_validate(tomllib.loads(example.settings))
    result = ingest([tmp_path / "logs"], store=tmp_path / "store", sources=settings.sources, jobs=1)
    assert not result.notices
    store = runreport.open_store(tmp_path / "store")
    found = store.metrics().sort_values(["metric", "step"])
    rows = zip(found["metric"], found["step"], found["value"], strict=True)
    assert tuple(f"{metric} {step} {value}" for metric, step, value in rows) == example.points
    for pattern in settings.sources[0].param_patterns:
        assert any(f"<{name}>" in pattern for name in store.params()["param"])
    if settings.sources[0].finished_pattern:
        assert set(store.runs()["status"]) == {"finished"}


def test_every_page_has_an_example() -> None:
    assert len(list(examples())) >= len(PAGES)
