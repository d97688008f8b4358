"""The text in a picture, read by Tesseract, a program of the operator's machine.

It refuses to know what the text means. https://tesseract-ocr.github.io/ (Apache-2.0)

Rules
1. The program is found, and its languages are there, before anything is served.
2. It is given TIMEOUT_S and one thread; without an answer nothing counts as read.
3. What it is not sure of (below SURE of 100) is no text: shapes look like letters.
"""

from __future__ import annotations

import os
import shutil
import subprocess

from licet.base.trouble import BadInput, Unavailable

TIMEOUT_S = 20.0
SURE = 50.0
_LEVEL, _BLOCK, _PAR, _LINE, _CONF, _TEXT = 0, 2, 3, 4, 10, 11
_WORD = "5"
_HINT = 'Install it (Debian: tesseract-ocr, tesseract-ocr-chi-sim), or set media.ocr to "none".'


def find_tesseract(languages: str) -> str:
    """The program's path. Raises BadInput where it, or one of the languages, is not there."""
    program = shutil.which("tesseract")
    if program is None:
        raise BadInput("[media] ocr: there is no program tesseract here.", hint=_HINT)
    listed = subprocess.run(  # noqa: S603 - a fixed program
        [program, "--list-langs"], capture_output=True, check=False, timeout=TIMEOUT_S
    )
    known = set(listed.stdout.decode("utf-8", "replace").split())
    if missing := [name for name in languages.split("+") if name not in known]:
        raise BadInput(f"[media] ocr_languages: tesseract has no {missing[0]!r}.", hint=_HINT)
    return program


def read_text(picture: bytes, program: str, languages: str) -> str:
    """The text in a picture (PNG), a line each line. Raises Unavailable where there was no answer
    in time."""
    command = [program, "stdin", "stdout", "-l", languages, "--psm", "11", "tsv"]
    try:
        run = subprocess.run(  # noqa: S603 - a fixed program
            command, input=picture, capture_output=True, check=True, timeout=TIMEOUT_S,
            env={**os.environ, "OMP_THREAD_LIMIT": "1"},
        )  # fmt: skip
    except (subprocess.SubprocessError, OSError):
        raise Unavailable("the text in a picture could not be read.", hint="Try again later.")
    return lines_of(run.stdout.decode("utf-8", "replace"))


def lines_of(table: str) -> str:
    """The words of a table as Tesseract writes it (TSV), line by line."""
    lines: dict[tuple[str, ...], list[str]] = {}
    for row in table.splitlines():
        cells = row.split("\t")
        if len(cells) <= _TEXT or cells[_LEVEL] != _WORD or not cells[_TEXT].strip():
            continue
        if not _is_doubted(cells[_CONF]):
            place = (cells[_BLOCK], cells[_PAR], cells[_LINE])
            lines.setdefault(place, []).append(cells[_TEXT].strip())
    return "\n".join(_joined(words) for words in lines.values())


def _is_doubted(confidence: str) -> bool:
    """Whether the program is not sure. What it does not say counts as sure: it is judged, then."""
    try:
        return float(confidence) < SURE
    except ValueError:
        return False


def _joined(words: list[str]) -> str:
    """Words of a line; between Chinese characters there is no space."""
    out = words[0]
    for word in words[1:]:
        out += word if out[-1] > "\u2e7f" and word[0] > "\u2e7f" else f" {word}"
    return out
