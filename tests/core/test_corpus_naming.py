"""A name of a data set or a file means one place and no other, on every machine."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import BadInput
from licet.corpus.naming import check_id, check_path, check_paths


@pytest.mark.parametrize("name", ["pub/demo", "a-b_c/D.x-1_y", "0/0", "lab/" + "x" * 95])
def test_ids_that_every_client_keeps_apart(name: str) -> None:
    assert check_id(name) == name


@pytest.mark.parametrize(
    "name",
    ["demo", "a/b/c", "../x", "A/b", "a/..", "a/b--c", "a/b.git", "a/.b", "a/b.", "a /b", "甲/乙",
     "a/" + "x" * 96, "", "/", "a/", "a/b\n"],
)  # fmt: skip
def test_ids_that_would_mean_something_else(name: str) -> None:
    with pytest.raises(BadInput, match="no id of a data set"):
        check_id(name)


@pytest.mark.parametrize("path", ["a", "data/训练.jsonl", "a b/c.d", "x/" * 15 + "y", "é.txt"])
def test_paths_in_plain_sight(path: str) -> None:
    assert check_path(path) == path


@pytest.mark.parametrize(
    "path",
    ["../x", "a/../b", "/etc/passwd", "a//b", ".", "a/.", "", "a\\b", "c:/x", "a\x00b", "a\nb",
     "a\u202eb", "a\u200bb", "con", "AUX.txt", "a/nul.jsonl", ".git/config", "a/.GIT/x",
     "a. /b", "a ", "e\u0301.txt", "a?b", "<script>", "x/" * 16 + "y", "界" * 200, "\ud800"],
)  # fmt: skip
def test_paths_that_lead_elsewhere_or_cannot_be_kept(path: str) -> None:
    with pytest.raises(BadInput):
        check_path(path)


@given(st.text(max_size=40))
def test_a_path_that_passes_stays_below_its_folder(path: str) -> None:
    try:
        check_path(path)
    except BadInput:
        return
    assert (Path("/top") / path).resolve().is_relative_to("/top")
    assert ".." not in PureWindowsPath(path).parts
    assert not PureWindowsPath(path).drive


@pytest.mark.parametrize("pair", [("a", "A"), ("x/y", "X/Y"), ("a", "a/b"), ("B/c", "b")])
def test_two_paths_that_one_file_system_would_mix(pair: tuple[str, str]) -> None:
    with pytest.raises(BadInput):
        check_paths(pair)
