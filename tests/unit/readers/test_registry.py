import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from runreport.errors import NoRunsError, UnknownNameError, UsageError
from runreport.model.entities import RunBatch
from runreport.names import Severity
from runreport.readers import registry
from runreport.readers.base import Certainty, Location, Match, Scan, Source

GOLDEN = Path(__file__).resolve().parents[2] / "golden"


@dataclass
class SuffixReader:
    """Takes files of one suffix, or the whole tree below a file of that suffix."""

    name: str
    suffix: str
    certainty: Certainty = Certainty.LIKELY
    whole_tree: bool = False
    version = "1"
    formats = ("files",)

    def match(self, location: Location) -> Match | None:
        takes = frozenset(name for name in location.files if name.endswith(self.suffix))
        reason = f"files ending in {self.suffix}"
        return (
            Match(certainty=self.certainty, reason=reason, takes=None if self.whole_tree else takes) if takes else None
        )

    def scan(self, location: Location, match: Match) -> Scan:
        del location, match
        return Scan(sources=())

    def read(self, location: Location, sources: Sequence[Source]) -> Iterator[RunBatch]:
        del location, sources
        yield from ()


class FailingReader(SuffixReader):
    def match(self, location: Location) -> Match | None:
        raise KeyError(location.relative)


def lay(folder: Path, *files: str) -> Path:
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    return folder


def taken(findings: registry.Findings) -> dict[str, set[str]]:
    claimed: dict[str, set[str]] = {}
    for claim in findings.claims:
        names = claim.match.takes if claim.match.takes is not None else ["**"]
        claimed.setdefault(claim.reader_name, set()).update(claim.location.child(name) for name in names)
    return claimed


def test_files_go_to_the_surest_reader_and_to_no_other(tmp_path: Path) -> None:
    lay(tmp_path, "a.log", "b.txt", "deep/c.log")
    sure = SuffixReader("sure", ".log", Certainty.SURE)
    greedy = SuffixReader("greedy", "", Certainty.POSSIBLE)
    found = registry.find([tmp_path], [greedy, sure])
    assert taken(found) == {"sure": {"a.log", "deep/c.log"}, "greedy": {"b.txt"}}
    (rest,) = [claim for claim in found.claims if claim.reader_name == "greedy"]
    assert rest.location.files == ("b.txt",)


def test_at_equal_certainty_the_name_decides_whatever_the_order_of_readers(tmp_path: Path) -> None:
    lay(tmp_path, "a.log")
    one, two = SuffixReader("one", ".log"), SuffixReader("two", ".log")
    assert registry.find([tmp_path], [one, two]) == registry.find([tmp_path], [two, one])
    assert taken(registry.find([tmp_path], [two, one])) == {"one": {"a.log"}}


def test_a_reader_that_takes_the_tree_ends_the_descent(tmp_path: Path) -> None:
    lay(tmp_path, "runs/root.tree", "runs/deep/a.log", "other/b.log")
    tree = SuffixReader("tree", ".tree", Certainty.SURE, whole_tree=True)
    found = registry.find([tmp_path], [tree, SuffixReader("log", ".log")])
    assert taken(found) == {"log": {"other/b.log"}, "tree": {"runs/**"}}


def test_a_less_sure_reader_does_not_get_the_tree_of_taken_files(tmp_path: Path) -> None:
    lay(tmp_path, "a.log", "root.tree", "deep/b.log")
    tree = SuffixReader("tree", ".tree", Certainty.POSSIBLE, whole_tree=True)
    found = registry.find([tmp_path], [tree, SuffixReader("log", ".log")])
    assert taken(found) == {"log": {"a.log", "deep/b.log"}}
    assert "not used" in next(line.outcome for line in registry.explain(found) if line.reader_name == "tree")


def test_a_named_file_is_the_only_one_of_its_folder(tmp_path: Path) -> None:
    lay(tmp_path, "logs/a.log", "logs/b.log", "logs/deep/c.log")
    found = registry.find([tmp_path / "logs" / "b.log"], [SuffixReader("log", ".log")])
    (claim,) = found.claims
    assert (claim.location.label, claim.location.files, claim.location.folders) == ("logs", ("b.log",), ())


def test_roots_of_the_same_name_are_told_apart_by_their_parents(tmp_path: Path) -> None:
    lay(tmp_path, "one/logs/a.log", "two/logs/a.log", "runs/a.log")
    paths = [tmp_path / "one/logs", tmp_path / "two/logs", tmp_path / "runs"]
    found = registry.find(paths, [SuffixReader("log", ".log")])
    assert [claim.location.label for claim in found.claims] == ["one/logs", "runs", "two/logs"]


def test_a_path_within_another_is_read_once(tmp_path: Path) -> None:
    lay(tmp_path, "logs/deep/a.log")
    found = registry.find(
        [tmp_path / "logs", tmp_path / "logs/deep", tmp_path / "logs/."], [SuffixReader("log", ".log")]
    )
    assert len(found.claims) == 1
    assert [notice.code for notice in found.notices] == ["nested-path"]


def test_a_missing_path_names_its_nearest_sibling(tmp_path: Path) -> None:
    lay(tmp_path, "experiments/a.log")
    with pytest.raises(UsageError, match="There is no") as caught:
        registry.find([tmp_path / "experiment"], [])
    assert "experiments" in caught.value.hint


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    lay(tmp_path, "outside/secret.log", "logs/a.log")
    (tmp_path / "logs" / "out.log").symlink_to(tmp_path / "outside" / "secret.log")
    (tmp_path / "logs" / "outer").symlink_to(tmp_path / "outside")
    (tmp_path / "logs" / "nowhere").symlink_to(tmp_path / "logs" / "gone")
    found = registry.find([tmp_path / "logs"], [SuffixReader("log", ".log")])
    assert taken(found) == {"log": {"a.log"}}
    codes = {notice.location: notice.code for notice in found.notices}
    assert codes == {"out.log": "refused-link", "outer": "refused-link", "nowhere": "dangling-link"}


def test_what_a_link_inside_points_to_is_read_once(tmp_path: Path) -> None:
    lay(tmp_path, "run1/a.log")
    (tmp_path / "latest").symlink_to(tmp_path / "run1")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = registry.find([tmp_path], [SuffixReader("log", ".log")])
    assert taken(found) == {"log": {"run1/a.log"}}
    assert {notice.severity for notice in found.notices} == {Severity.INFO}


def test_a_link_into_a_hidden_cache_is_read_where_it_lies(tmp_path: Path) -> None:
    lay(tmp_path, ".dvc/cache/0a/1b")
    (tmp_path / "a.log").symlink_to(tmp_path / ".dvc" / "cache" / "0a" / "1b")
    found = registry.find([tmp_path], [SuffixReader("log", ".log")])
    assert taken(found) == {"log": {"a.log"}}


def test_hidden_folders_caches_stores_and_sites_are_not_looked_into(tmp_path: Path) -> None:
    lay(tmp_path, ".git/a.log", "node_modules/a.log", "__pycache__/a.log", "a.log")
    lay(tmp_path, "store/manifests/00000001.json", "store/metrics/a.log")
    lay(tmp_path, "site/.runreport-site.json", "site/data/a.log")
    found = registry.find([tmp_path], [SuffixReader("log", ".log")])
    assert taken(found) == {"log": {"a.log"}}
    skipped = {look.place: look.skipped for look in found.looks if look.skipped}
    assert skipped == {
        f"{tmp_path.name}/site": "a site that runreport built",
        f"{tmp_path.name}/store": "a store of runreport",
    }


def test_a_folder_of_manifests_of_another_tool_is_looked_into(tmp_path: Path) -> None:
    lay(tmp_path, "manifests/deploy.json", "a.log")
    assert taken(registry.find([tmp_path], [SuffixReader("log", ".log")])) == {"log": {"a.log"}}


@pytest.mark.skipif(os.geteuid() == 0, reason="the system's superuser can list every folder")
def test_a_folder_that_cannot_be_listed_is_a_notice(tmp_path: Path) -> None:
    lay(tmp_path, "closed/a.log", "b.log")
    (tmp_path / "closed").chmod(0)
    found = registry.find([tmp_path], [SuffixReader("log", ".log")])
    (tmp_path / "closed").chmod(0o700)
    assert taken(found) == {"log": {"b.log"}}
    assert [(notice.code, notice.location) for notice in found.notices] == [("unreadable-folder", "closed")]


def test_a_reader_that_fails_to_match_does_not_stop_the_others(tmp_path: Path) -> None:
    lay(tmp_path, "a.log")
    found = registry.find([tmp_path], [FailingReader("bad", ".log"), SuffixReader("log", ".log")])
    assert taken(found) == {"log": {"a.log"}}
    (notice,) = found.notices
    assert (notice.severity, notice.code, notice.location) == (Severity.ERROR, "match-failed", tmp_path.name)
    assert "KeyError" in notice.message


def test_claims_come_in_the_order_of_their_names_parents_first(tmp_path: Path) -> None:
    lay(tmp_path, "b/a.log", "a/z/a.log", "a/a.log", "c.log", "a/b/a.log")
    found = registry.find([tmp_path], [SuffixReader("log", ".log")])
    assert [claim.location.relative for claim in found.claims] == ["", "a", "a/b", "a/z", "b"]


def test_the_explanation_says_who_takes_what_and_what_is_left(tmp_path: Path) -> None:
    lay(tmp_path, "a.log", *[f"{number}.txt" for number in range(7)])
    found = registry.find([tmp_path], [SuffixReader("log", ".log"), SuffixReader("late", ".log", Certainty.POSSIBLE)])
    lines = [(line.reader_name, line.certainty, line.outcome) for line in registry.explain(found)]
    assert lines == [
        ("log", "likely", "reads a.log"),
        ("late", "possible", "not used: a surer reader takes these files"),
        ("", "", "not read: 0.txt, 1.txt, 2.txt, 3.txt, 4.txt and 2 more"),
    ]


class FoldingReader(SuffixReader):
    def match(self, location: Location) -> Match | None:
        if not location.relative:
            return SuffixReader.match(self, location)
        return Match(certainty=self.certainty, reason="of the run above", takes=frozenset(), reads_above=True)


def test_files_that_are_read_with_the_folder_above_are_not_called_unread(tmp_path: Path) -> None:
    lay(tmp_path, "a.log", "hparams/b.log")
    lines = registry.explain(registry.find([tmp_path], [FoldingReader("log", ".log")]))
    assert [(line.reader_name, line.outcome) for line in lines] == [
        ("log", "reads a.log"),
        ("log", "read with the folder above"),
    ]


def test_an_unknown_reader_is_refused_with_the_nearest_names() -> None:
    with pytest.raises(UnknownNameError) as caught:
        registry.readers("tabluar")
    assert "tabular" in caught.value.hint


def test_nothing_found_is_an_error_that_says_how_to_look_closer(tmp_path: Path) -> None:
    error = registry.no_runs([tmp_path])
    assert isinstance(error, NoRunsError)
    assert f"--explain {tmp_path}" in error.hint


def test_folders_that_belong_to_a_database_are_not_searched(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "mlflow_sqlite_store" / "input", tmp_path / "logs")
    database = next((tmp_path / "logs").rglob("*.db"))
    before = registry.find([tmp_path / "logs"], registry.readers().readers)
    artifacts = [claim.match.folders for claim in before.claims if claim.match.folders]
    assert artifacts, "the golden database keeps no artifacts beside it: this test shows nothing"
    table = database.parent / min(artifacts[0]) / "1" / "abc" / "artifacts" / "metrics.csv"
    table.parent.mkdir(parents=True)
    table.write_text("step,loss\n0,1\n1,2\n")
    after = registry.find([tmp_path / "logs"], registry.readers().readers)
    assert [claim.reader_name for claim in after.claims] == [claim.reader_name for claim in before.claims]
