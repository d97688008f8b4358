"""What may be attached: every way to cheat is refused with its own reason."""

from __future__ import annotations

import io
import zipfile

import pytest

from licet.portal.filings.uploads import Taken, Unfit, examine
from licet.rulebook import load_pack

LIMITS = load_pack("cn-genai-2023").procedure.limits


def packed(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("../../etc/passwd.txt", b"x", "file-name"),
        ("a\\b.txt", b"x", "file-name"),
        ("evil\u202etxt.pdf", b"%PDF-1.7", "file-name"),
        (".txt", b"x", "file-name"),
        ("a" * 200 + ".txt", b"x", "file-name"),
        ("run.exe", b"MZ", "file-type"),
        ("page.html", b"<script>", "file-type"),
        ("noending", b"x", "file-type"),
        ("empty.txt", b"", "file-empty"),
        ("large.txt", b"x" * (LIMITS.attachment_bytes + 1), "file-large"),
        ("report.pdf", b"PK\x03\x04", "file-other"),
        ("picture.png", b"<svg>", "file-other"),
        ("binary.txt", b"\x00\xff\xfe", "file-other"),
        ("bomb.xlsx", packed(sheet=b"\0" * (50 << 20)), "file-packed"),
        ("slip.docx", packed(**{"../../x": b"x"}), "file-packed"),
        ("broken.docx", b"PK\x03\x04 and no more", "file-packed"),
    ],
    ids=lambda v: v if isinstance(v, str) and len(v) < 30 else "",
)
def test_what_is_not_what_it_says_is_refused(name: str, data: bytes, code: str) -> None:
    found = examine(name, data, LIMITS)
    assert isinstance(found, Unfit)
    assert found.code == code


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("报告.pdf", b"%PDF-1.7"),
        ("a.JPEG", b"\xff\xd8\xff\xe0"),
        ("list.csv", "词,类别\n".encode("utf-8-sig")),
        ("sheet.xlsx", packed(sheet=b"<x/>" * 100)),
    ],
)
def test_what_the_pack_allows_is_taken(name: str, data: bytes) -> None:
    assert isinstance(examine(name, data, LIMITS), Taken)
