"""What data sets and the files in them may be called, so that no name means another place.

It refuses to know where anything is kept. Pure.

Rules
1. A data set is `namespace/name`, in characters that every client and file system keeps apart.
2. A path is relative, in POSIX form and in NFC; no part of it is empty, `.` or `..`, begins with a
   `.git`, or holds a control character, a backslash or what Windows reserves.
3. Two paths of one version differ by more than letter case.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from licet.corpus.unfit import Unfit
from licet.corpus.words import UNFIT

PATH_BYTES_MAX = 512
PARTS_MAX = 16

_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}/[A-Za-z0-9][A-Za-z0-9._-]{0,94}")
_ID_NO = re.compile(r"\.\.|--|[.-]$|\.(git|ipynb)$", re.IGNORECASE)
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_FORBIDDEN = set('\\:*?"<>|')


def check_id(text: str) -> str:
    """The data set's id `namespace/name`. Raises BadInput."""
    if not _ID.fullmatch(text) or _ID_NO.search(text):
        raise Unfit(
            f"{text[:120]!r} is no id of a data set.",
            ("", "no_dataset", text[:120]),
            hint="Write namespace/name: small letters, digits, - and _ before the slash; letters, "
            "digits, ., - and _ after it; no '..' or '--'.",
        )
    return text


def check_path(text: str) -> str:
    """The path of a file within a data set. Raises BadInput."""
    parts = text.split("/")
    code, about = next((said for said in map(_fault, parts) if said), ""), ""
    if len(parts) > PARTS_MAX:
        code, about = "parts", str(PARTS_MAX)
    elif len(text.encode("utf-8", "surrogatepass")) > PATH_BYTES_MAX:
        code, about = "long", str(PATH_BYTES_MAX)
    if code:
        escaped = text[:120].encode("unicode_escape").decode("ascii")
        message = f"the path '{escaped}' {UNFIT[code]['en'].format(about=about)}"
        raise Unfit(message, (_shown(text), code, about))
    return text


def check_paths(paths: Iterable[str]) -> tuple[str, ...]:
    """All paths of a version, each checked, sorted. Raises BadInput where two cannot be told
    apart, or one is a folder of another."""
    found = sorted(check_path(path) for path in paths)
    seen: dict[str, str] = {}
    for path in found:
        folded = path.casefold()
        if folded in seen:
            told = (_shown(seen[folded]), "twice", _shown(path))
            message = f"{seen[folded]} and {path} differ by letter case alone."
            raise Unfit(message, told, hint="Rename one.")
        seen[folded] = path
    for folded, path in seen.items():
        parts = folded.split("/")
        for end in range(1, len(parts)):
            if "/".join(parts[:end]) in seen:
                message = f"{path} lies below what is a file."
                raise Unfit(message, (_shown(path), "below", ""), hint="Rename one.")
    return tuple(found)


def _shown(text: str) -> str:
    """A path as it may be printed: what cannot be seen is escaped."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii")
        for char in text[:120]
    )


def _fault(part: str) -> str:
    if part in ("", ".", ".."):
        return "elsewhere"
    if any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in part):
        return "unseen"
    if unicodedata.normalize("NFC", part) != part:
        return "no_nfc"
    if _FORBIDDEN & set(part) or part[-1] in ". " or part[0] == " " or _RESERVED.fullmatch(part):
        return "unkept"
    return "gits" if part.lower() == ".git" else ""
