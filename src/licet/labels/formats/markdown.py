"""Labels in Markdown: a map `AIGC:` in the front matter.

It refuses to know YAML beyond that map: quoted or plain values, one a line, or JSON on its line.
TC260-PG-20258A.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from licet.base.trouble import BadInput
from licet.labels.formats.model import LABEL_BYTES_MAX, Copy, Format, Names, broken

_FENCE = "---"
_FIELD = re.compile(r"\s+([A-Za-z][A-Za-z0-9]*):[ \t]*(.*)")
_FRONT_CHARACTERS_MAX = LABEL_BYTES_MAX


def _split(data: bytes) -> tuple[list[str], str]:
    """The lines of the front matter and the text behind it."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"byte {error.start + 1} is not UTF-8.", hint="Save the text as UTF-8.")
    if "\0" in text[:4096]:
        broken("Markdown", "it is no text")
    first, newline, rest = text.partition("\n")
    if first.rstrip() != _FENCE or not newline:
        return [], text
    end = re.search(r"^(?:---|\.\.\.)[ \t\r]*(?:\n|\Z)", rest[:_FRONT_CHARACTERS_MAX], re.M)
    if end is None:
        return [], text  # a rule across the page, no front matter
    return rest[: end.start()].splitlines(), rest[end.end() :]


def _maps(lines: list[str], names: Names) -> Iterator[tuple[int, int, str]]:
    """(first line, line behind, text as JSON) of every map of a label."""
    at = 0
    while at < len(lines):
        line, start = lines[at], at
        at += 1
        if not line.startswith(f"{names.key}:"):
            continue
        inline = line[len(names.key) + 1 :].strip()
        values: dict[str, str] = {}
        while at < len(lines) and lines[at][:1] in {" ", "\t"}:
            field = _FIELD.fullmatch(lines[at].rstrip())
            if field:
                values[field[1]] = _value(field[2].strip())
            at += 1
        yield start, at, inline or json.dumps(values, ensure_ascii=False)


def _value(written: str) -> str:
    if written.startswith('"'):
        try:
            value = json.loads(written)
        except ValueError:
            return written
        return value if isinstance(value, str) else written
    if len(written) > 1 and written[0] == written[-1] == "'":
        return written[1:-1].replace("''", "'")
    return written


def front_and_body(data: bytes) -> tuple[str, str]:
    """A text's front matter, fences and all ("" where it has none), and the text behind it. Raises
    BadInput for what is not UTF-8."""
    lines, body = _split(data)
    return "\n".join([_FENCE, *lines, f"{_FENCE}\n"]) if lines else "", body


def read(data: bytes, names: Names) -> tuple[Copy, ...]:
    """Every copy of a label in a text's front matter. Raises BadInput."""
    lines, _ = _split(data)
    return tuple(Copy(f"front matter {names.key}", text) for _, _, text in _maps(lines, names))


def write(data: bytes, text: str, names: Names) -> bytes:
    """The text with this label in its front matter and no other. Raises BadInput."""
    lines, body = _split(data)
    said = [f"{names.key}:"]
    said += [f"    {name}: {json.dumps(value)}" for name, value in json.loads(text).items()]
    front = "\n".join([_FENCE, *_without(lines, names), *said, _FENCE])
    return f"{front}\n{body}".encode()


def content(data: bytes, names: Names) -> Iterator[bytes]:
    """The text, and every line of its front matter that is not a label's."""
    lines, body = _split(data)
    yield from (line.encode() + b"\n" for line in _without(lines, names))
    yield body.encode()


def _without(lines: list[str], names: Names) -> list[str]:
    taken = {n for start, stop, _ in _maps(lines, names) for n in range(start, stop)}
    return [line for number, line in enumerate(lines) if number not in taken]


MARKDOWN = Format(
    "markdown", "text", "text/markdown", (".md", ".markdown", ".txt"), read, write, content
)
