"""Lines of bounded length, and the objects of JSON lines."""

import os
from pathlib import Path

import pytest

from runreport.formats.lines import Line, lines
from runreport.notices import Notice
from runreport.readers.common.jsonlines import json_objects


def test_lines_are_counted_and_the_last_one_may_be_cut(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"\xef\xbb\xbfa\r\n\nb\xff\nlast")
    assert list(lines(path)) == [
        Line(1, "a", is_whole=True),
        Line(2, "", is_whole=True),
        Line(3, "b\ufffd", is_whole=True),
        Line(4, "last", is_whole=False),
    ]


def test_a_line_that_is_too_long_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"x" * 35 + b"\nshort\n" + b"y" * 10 + b"\n" + b"z" * 11)
    assert [(line.text, line.is_long, line.is_whole) for line in lines(path, longest_bytes=10)] == [
        ("", True, True),
        ("short", False, True),
        ("y" * 10, False, True),
        ("", True, False),
    ]


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    assert list(lines(tmp_path / "log")) == []


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        list(lines(tmp_path / "log"))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert list(lines(tmp_path / "pipe")) == []


def test_lines_without_an_object_are_told_about_once(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"a": NaN}\n\n[1]\nno\n{"b": 1}\n{"c"')
    notices: list[Notice] = []
    found = list(json_objects(path, "log.jsonl", notices))
    assert [(number, sorted(value)) for number, value in found] == [(1, ["a"]), (5, ["b"])]
    assert [(notice.code, notice.location) for notice in notices] == [
        ("cut-line", "log.jsonl:6"),
        ("broken-lines", "log.jsonl:3"),
    ]


def test_a_whole_object_without_a_line_end_counts(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"a": 1}')
    notices: list[Notice] = []
    assert list(json_objects(path, "log.jsonl", notices)) == [(1, {"a": 1})]
    assert not notices
