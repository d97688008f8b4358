"""Publishing to a platform elsewhere: digests first, then what is missing, then the version.

It refuses to know terminals.

Rules
1. A connection that breaks is tried again, TRIES times in all, from where the platform says that
   the upload stands.
2. The token goes to the address that was given, and nowhere else: no redirect is followed.
"""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from licet.base.trouble import BadInput, NotAllowed, Unavailable
from licet.corpus.arriving import PIECE_BYTES_MAX
from licet.corpus.card import Card
from licet.corpus.manifest import File
from licet.corpus.uploading import Wanted

TRIES = 5
TIMEOUT_S = 60.0
ANSWER_BYTES_MAX = 16 << 20


@dataclass(frozen=True, slots=True)
class Published:
    """A version that a platform has taken."""

    dataset: str
    version: str
    n: int


class Platform:
    """A platform at an address, spoken to with a token."""

    def __init__(self, url: str, token: str) -> None:
        """Raises BadInput for what is no address."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise BadInput(f"{url!r} is no address.", hint="Write https://data.example.cn.")
        self._kind = (
            http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        )
        self._host = parts.netloc
        self._token = token

    def ask(self, method: str, path: str, body: bytes) -> tuple[int, Mapping[str, Any]]:
        """Status and JSON of an answer. Raises Unavailable where there is none."""
        connection = self._kind(self._host, timeout=TIMEOUT_S)
        headers = {"authorization": f"Bearer {self._token}", "content-type": "application/json"}
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            data = answer.read(ANSWER_BYTES_MAX)
        except (OSError, http.client.HTTPException) as error:
            raise Unavailable(f"{self._host} does not answer: {error}.") from None
        finally:
            connection.close()
        try:
            said = msgspec.json.decode(data, type=dict[str, Any])
        except msgspec.DecodeError:
            said = {}
        return answer.status, said


def push(
    platform: Platform, dataset: str, card: Card, files: Sequence[tuple[str, Path]],
    message: str = "", told: Callable[[str], None] = lambda text: None,
) -> Published | Mapping[str, Sequence[str]]:  # fmt: skip
    """Publish files; gives the version, or the reasons by language why there is none.

    Raises NotAllowed for a token that will not do, Unavailable where the platform does not answer
    or asks for what was sent again and again.
    """
    at = {}
    kept = []
    for name, path in files:
        with path.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        at[sha256] = path
        kept.append(File(name, sha256, path.stat().st_size))
    wanted = msgspec.json.encode(Wanted(dataset, card, tuple(kept), message))
    for left in reversed(range(TRIES)):
        try:
            said = _agreed(platform.ask("POST", "/api/corpus/examine", wanted))
            if "refused" in said:
                return dict(said["refused"])
            for one in said["missing"]:
                told(f"{at[one['sha256']].name}: from byte {one['at']}")
                _send(platform, one["sha256"], at[one["sha256"]], one["at"])
            said = _agreed(platform.ask("POST", "/api/corpus/publish", wanted))
        except Unavailable:
            if not left:
                raise
            continue
        if "version" in said:
            return Published(said["dataset"], said["version"], said["n"])
    raise Unavailable("the platform asks for the same again and again.", hint="Try once more.")


def _send(platform: Platform, sha256: str, path: Path, start: int) -> None:
    size = path.stat().st_size
    with path.open("rb") as file:
        at, first = start, True
        while first or at < size:
            first = False
            file.seek(at)
            piece = file.read(PIECE_BYTES_MAX)
            address = f"/api/corpus/content/{sha256}?at={at}&size={size}"
            said = _agreed(platform.ask("PUT", address, piece))
            at = int(said["at"])
            if said.get("done"):
                return


def _agreed(answer: tuple[int, Mapping[str, Any]]) -> Mapping[str, Any]:
    """What was said, where it can be gone on from. Raises NotAllowed, BadInput or Unavailable."""
    status, said = answer
    if status in (200, 201, 409, 422):
        return said
    if status in (401, 403):
        raise NotAllowed(str(said.get("error", "this token may not publish there.")))
    if status == 400:
        raise BadInput(str(said.get("error", "the platform cannot use it.")))
    raise Unavailable(f"the platform answers {status}.", hint="Try again later.")
