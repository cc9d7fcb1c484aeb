"""The Markdown pages of the repository as the tests of the documentation see them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
DOCS = REPOSITORY / "docs"
PAGES = (
    REPOSITORY / "README.md",
    REPOSITORY / "CHANGELOG.md",
    REPOSITORY / "CONTRIBUTING.md",
    REPOSITORY / "example_runs" / "README.md",
    REPOSITORY / "benchmarks" / "README.md",
    *sorted(DOCS.rglob("*.md")),
)

_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>[^\n]*?) -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block; ``mark`` is the comment in the line before it, such as ``not run: reason``."""

    language: str
    body: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A line typed at a prompt and the lines shown below it."""

    line: str
    shown: str


def page_name(page: Path) -> str:
    return page.relative_to(REPOSITORY).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    for found in _BLOCK.finditer(page.read_text(encoding="utf-8")):
        yield Block(language=found["language"], body=found["body"], mark=found["mark"] or "")


def commands(block: Block) -> Iterator[Command]:
    for part in re.split(r"^\$ ", block.body, flags=re.MULTILINE)[1:]:
        line, _, shown = part.partition("\n")
        yield Command(line=line, shown=shown)


def without_blocks(page: Path) -> str:
    return _BLOCK.sub("", page.read_text(encoding="utf-8"))


def section(page: Path, heading: str) -> str:
    """Return what stands below a heading, up to the next one of its level or above."""
    level = heading.partition(" ")[0]
    text = page.read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", text, re.DOTALL | re.MULTILINE)
    assert found, f"{page_name(page)} has no heading {heading!r}"
    return found[1]


def headings(page: Path, level: int) -> list[str]:
    marks = "#" * level
    return re.findall(rf"^{marks} (.+)$", without_blocks(page), re.MULTILINE)


def first_cells(text: str) -> list[str]:
    """Return what the first cells of table rows hold between backticks."""
    return [cell.replace("\\|", "|") for cell in re.findall(r"^\| `((?:[^`])+)` \|", text, re.MULTILINE)]
