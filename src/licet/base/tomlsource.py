"""TOML that can say where a fault stands: file, line, cause and what to write instead.

`tomllib` tells the line of a syntax error and forgets every other line. People who write rules and
settings by hand need the line of a wrong *value* too, so it is found again by scanning the text,
and only once there is a fault to report: a correct file pays nothing.

It refuses to know what any table means.

Rules
1. Strings and comments are blanked before scanning, so that a header inside a string is no header.
2. A path is what a reader would say: `("upstream", 1, "connect_s")` is the second `[[upstream]]`.
3. Where the very key cannot be found (it is missing, or inside an inline table), the nearest line
   that contains it is named: the parent's key, then the header, then line 1.
4. A fault never repeats a value unless the caller puts it there: values may be secrets.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import Any

from licet.base.trouble import BadInput

Path = tuple[str | int, ...]
"""Table names, positions in arrays of tables (from 0) and a key, outermost first."""

_OPAQUE = re.compile(
    r'"""(?:\\.|[^\\])*?"""'
    r"|'''.*?'''"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|\#[^\n]*",
    re.DOTALL,
)
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_HEADER = re.compile(r"^[ \t]*\[{1,2}[ \t]*([^\[\]\n]+?)[ \t]*\]{1,2}[ \t]*$")
_NAME = re.compile(r"\"([^\"]*)\"|'([^']*)'|([^.\s\"']+)")
_KEY = re.compile(r"^[ \t]*([^=\n\[\]{},]+?)[ \t]*=")


@dataclass(frozen=True, slots=True)
class TomlSource:
    """One TOML text and the name by which its reader knows it."""

    name: str
    text: str

    def parse(self) -> dict[str, Any]:
        """The document. Raises BadInput with the line of a syntax error (TOML 1.0)."""
        try:
            return tomllib.loads(self.text)
        except tomllib.TOMLDecodeError as error:
            place = _PLACE.search(str(error))
            cause = _PLACE.sub("", str(error))
            line = int(place[1]) if place and place[1] else self.text.count("\n") + 1
            raise BadInput(
                f"{self.name}, line {line}: not TOML: {cause}.",
                hint=_remedy(cause),
            ) from None
        except RecursionError:
            raise BadInput(
                f"{self.name}: not TOML that we read: nested too deep.",
                hint="Write the lists without other lists in them.",
            ) from None

    def fault(self, path: Path, cause: str, hint: str) -> BadInput:
        """The error to raise for the value at `path`: names file, line and cause."""
        return BadInput(f"{self.name}, line {self.line_of(path)}: {cause}", hint=hint)

    def line_of(self, path: Path) -> int:
        """The line (from 1) on which `path` stands, or the nearest that contains it (rule 3)."""
        lines = _OPAQUE.sub(_blank, self.text).split("\n")
        raw = self.text.split("\n")
        for depth in range(len(path), -1, -1):
            block = _block(lines, raw, path[:depth])
            if block is not None:
                first, last = block
                line = _key_line(lines, raw, first, last, path[depth:])
                return (line if line is not None else max(first - 1, 0)) + 1
        return 1


def _remedy(cause: str) -> str:
    if "overwrite" in cause or "twice" in cause:
        return "Write each key once in its table, and each [table] once in the file."
    return 'Write key = "value" on one line; put text in quotes, lists in [ ].'


def _blank(match: re.Match[str]) -> str:
    """A string or comment of the same lines with nothing in it (comments vanish)."""
    found = match[0]
    if found[0] == "#":
        return ""
    return '"' + "\n" * found.count("\n") + '"'


def _names(text: str) -> tuple[str, ...]:
    return tuple(a or b or c for a, b, c in _NAME.findall(text))


def _block(lines: list[str], raw: list[str], path: Path) -> tuple[int, int] | None:
    """First and past-the-last line (from 0) under the header for `path`; None without one."""
    wanted = tuple(part for part in path if isinstance(part, str))
    turns = [part for part in path if isinstance(part, int)]
    turn = turns[-1] if turns and isinstance(path[-1], int) else 0
    start = 0 if not path else None
    for number, line in enumerate(lines):
        header = _HEADER.match(line)
        if header is None:
            continue
        if start is not None:
            return start, number
        if _names(_shown(header[1], raw[number])) == wanted:
            if turn == 0:
                start = number + 1
            turn -= 1
    return None if start is None else (start, len(lines))


def _key_line(lines: list[str], raw: list[str], first: int, last: int, path: Path) -> int | None:
    """The line of the longest written form of `path` (`a.b.c`, then `a.b`, then `a`)."""
    names = tuple(part for part in path if isinstance(part, str))
    for length in range(len(names), 0, -1):
        for number in range(first, last):
            key = _KEY.match(lines[number])
            if key is not None and _names(_shown(key[1], raw[number])) == names[:length]:
                return number
    return None


def _shown(masked: str, raw: str) -> str:
    """A name as written: where quotes were blanked, read it from the raw line."""
    if '"' not in masked:
        return masked
    return raw.partition("=")[0].strip().strip("[]").strip()
