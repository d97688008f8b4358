"""Files that strangers hand in, to see what they say of themselves: every labelled format.

It refuses to know what a label is worth. Files are made as the tests make them.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path

from fuzz.target import Target, spoilt
from licet.base.trouble import BadInput, TooMuch, Unavailable
from licet.labels import produce, verify
from licet.labels.formats import FORMATS, format_of
from licet.labels.marks.picture import mark_picture
from licet.labels.marks.sound import mark_sound

sys.path.append(str(Path(__file__).parents[1] / "tests"))
from kit.labels import NUMBER, PRODUCER, RULES, samples

_PIECES = (
    b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"AIGC", b"TC260:AIGC", b"<", b">",
    b"<!DOCTYPE x [", b"&a;", b"{", b'"', b"[" * 300, b"IEND", b"moov", b"XMP ", b"TXXX", b"OggS",
    b"PK\1\2", b"\x28\xb5\x2f\xfd", b"startxref", b"obj", b"\xff\xe1", b"\x21\xff\x0b",
)  # fmt: skip


def _check(name: str, data: bytes) -> None:
    """It is read, or refused; and what can be labelled is compliant then."""
    verify(data, RULES, name=name)
    with contextlib.suppress(BadInput, TooMuch, Unavailable):
        made = produce(data, PRODUCER, NUMBER, RULES, name=name)
        report = verify(made, RULES, name=name)
        assert (report.verdict, report.bound) == ("compliant", True), report


def _check_marks(data: bytes) -> None:
    for work in (lambda: mark_picture(data, "AI", 0.05), lambda: mark_sound(data, "start", RULES)):
        with contextlib.suppress(BadInput, TooMuch):
            work()


def _target(kind: str) -> Target:
    files = {n: d for n, d in samples().items() if format_of(d, n).id == kind}
    made = [produce(data, PRODUCER, NUMBER, RULES, name=name) for name, data in files.items()]
    name = next(iter(files))
    corpus = [*files.values(), *made]
    return Target(f"label.{kind}", spoilt(corpus, _PIECES), lambda data: _check(name, data))


TARGETS = (
    *(_target(kind) for kind in FORMATS),
    Target(
        "label.marks",
        spoilt([d for n, d in samples().items() if format_of(d, n).medium != "text"], _PIECES),
        _check_marks,
    ),
)
