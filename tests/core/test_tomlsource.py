"""A fault in a TOML file is named by the line that its writer must change."""

from __future__ import annotations

import pytest

from licet.base.tomlsource import Path, TomlSource
from licet.base.trouble import BadInput

DOCUMENT = '''\
default = "[[upstream]]"
[server]
port = 3
[[upstream]]
name = "a"
[[upstream]]   # [server]
name = "b"
note = """
[[upstream]]
name = 2
"""
[[upstream]]
name = "c"
[guard]
on_judge_failure = { token = "x" }
limits.rate = 2
[models]
"gpt.4" = { upstream = "a" }
[models."x y"]
upstream = "b"
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("default",), 1),
        (("server", "port"), 3),
        (("server", "missing"), 2),
        (("upstream", 0, "name"), 5),
        (("upstream", 1, "note"), 8),
        (("upstream", 2, "name"), 13),
        (("upstream", 2), 12),
        (("guard", "on_judge_failure", "token"), 15),
        (("guard", "limits", "rate"), 16),
        (("models", "gpt.4"), 18),
        (("models", "gpt.4", "upstream"), 18),
        (("models", "x y", "upstream"), 20),
        (("nowhere", "at", "all"), 1),
        ((), 1),
    ],
)
def test_a_path_is_found_on_its_line(path: Path, line: int) -> None:
    assert TomlSource("x.toml", DOCUMENT).line_of(path) == line


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = 1\nb = \n", 2),
        ("a = 1\n[[rule]\n", 2),
        ('a = 1\n\nb = "open\n', 3),
        ("a = 1\na = 2\n", 2),
        ('x = """\n\n', 3),
    ],
)
def test_a_syntax_error_names_its_line(text: str, line: int) -> None:
    with pytest.raises(BadInput, match=rf"^rules\.toml, line {line}: not TOML: ") as caught:
        TomlSource("rules.toml", text).parse()
    assert caught.value.hint


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(BadInput, match="nested too deep"):
        TomlSource("deep.toml", "a = " + "[" * 100_000).parse()
