import re

from markdown_pages import REPOSITORY

TEXT = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
KINDS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")


def versions() -> list[str]:
    return re.findall(r"^## (.+)$", TEXT, re.MULTILINE)


def test_it_begins_with_what_is_not_released_yet() -> None:
    assert TEXT.startswith("# Changelog\n")
    assert versions()[0] == "[Unreleased]"


def test_every_release_has_a_version_and_a_day_newest_first() -> None:
    releases = [re.fullmatch(r"\[(\d+)\.(\d+)\.(\d+)\] - \d{4}-\d{2}-\d{2}", head) for head in versions()[1:]]
    assert all(releases)
    numbers = [tuple(map(int, release.groups())) for release in releases if release]
    assert numbers == sorted(set(numbers), reverse=True)


def test_changes_are_lists_below_the_kinds_of_keep_a_changelog() -> None:
    parts = re.split(r"^### (.+)$", TEXT, flags=re.MULTILINE)
    kinds, bodies = parts[1::2], parts[2::2]
    assert kinds
    assert set(kinds) <= set(KINDS)
    assert all(re.match(r"\n+- \S", body) for body in bodies)
