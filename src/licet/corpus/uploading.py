"""Publishing over the network: what is missing, pieces of content, the version at last.

It refuses to know sockets. A client asks `examine`, sends the pieces of what is missing, each from
where the platform says that it stands, and asks `publish`.

Rules
1. Who publishes is known by a token, and publishes in its namespaces alone.
2. What arrives, and whose it is, is `arriving`'s.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from licet.base.trouble import BadInput, Conflict, Corrupt, NotFound, TooMuch
from licet.corpus import annotation_api
from licet.corpus.arriving import PIECE_BYTES_MAX, Arrivals, is_digest
from licet.corpus.card import Card
from licet.corpus.catalogue import Version
from licet.corpus.hub import Hub, Request
from licet.corpus.hub_reply import Reply, denial, denied, json_reply, lack, missing
from licet.corpus.manifest import File
from licet.corpus.naming import check_id, check_paths
from licet.corpus.publishing import Push, Refusal, examine, publish
from licet.corpus.readers import Reader
from licet.corpus.shelf import published_fields
from licet.corpus.unfit import Unfit, said_of, unread

PREFIX = "/api/corpus/"


class Wanted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client wants to publish."""

    dataset: str
    card: Card
    files: tuple[File, ...]
    message: str = ""


class Uploads:
    """Answers those who publish, out of a hub's store. One thread at a time uses it."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._arrivals = Arrivals(hub.shelf)

    def answer(self, asked: Request) -> Reply:
        """The reply to a request below PREFIX; one for everything."""
        reader = self._hub.reader(asked)
        try:
            if asked.path[2:3] == ("annotation",):
                return annotation_api.answer(self._hub, asked, reader)
            if reader is None:
                return denied(401, "", denial("publisher"))
            match asked.method, asked.path:
                case "POST", ("api", "corpus", "examine"):
                    return self._examine(_wanted(asked.body), reader)
                case "PUT", ("api", "corpus", "content", sha256):
                    return self._take(sha256, asked, reader)
                case "POST", ("api", "corpus", "publish"):
                    return self._publish(_wanted(asked.body), reader)
        except (BadInput, TooMuch) as unfit:
            return json_reply(400, {"error": said_of(unfit)})
        except NotFound as unknown:
            return missing("EntryNotFound", said_of(unknown))
        return missing("EntryNotFound", lack("address"))

    def _examine(self, wanted: Wanted, reader: Reader) -> Reply:
        refused = self._refused(wanted, reader)
        if refused is not None:
            return refused
        lacking = [
            {"sha256": one.sha256, "at": self._arrivals.standing(one, reader).at}
            for one in self._arrivals.lacking(wanted.files, reader)
        ]
        return json_reply(200, {"missing": lacking, "piece_bytes_max": PIECE_BYTES_MAX})

    def _take(self, sha256: str, asked: Request, reader: Reader) -> Reply:
        at, size = _whole(asked.query.get("at")), _whole(asked.query.get("size"))
        file = File("", sha256, size)
        try:
            stands = self._arrivals.take(file, at, asked.body, reader)
        except Conflict:
            return json_reply(409, {"at": self._arrivals.standing(file, reader).at})
        except Corrupt as other:
            return json_reply(422, {"error": said_of(other), "at": 0})
        return json_reply(200, {"at": stands.at, "done": stands.done})

    def _publish(self, wanted: Wanted, reader: Reader) -> Reply:
        refused = self._refused(wanted, reader)
        if refused is not None:
            return refused
        if self._arrivals.lacking(wanted.files, reader):
            return json_reply(409, {"error": lack("content")})
        hub, moment = self._hub, self._hub.now()
        by = wanted.dataset.partition("/")[0]  # whose namespace it is stands for who publishes
        push = Push(wanted.dataset, wanted.files, wanted.card, by, wanted.message)
        before = hub.shelf.catalogue.versions(wanted.dataset)
        try:
            made = publish(push, hub.shelf.catalogue, hub.shelf.blobs, hub.rules, moment)
        except NotFound as gone:
            return json_reply(409, {"error": said_of(gone)})
        if isinstance(made, Refusal):
            return _refusal(made)
        if made.commit not in {one.commit for one in before}:
            self._record(made, moment)
        return json_reply(201, {"dataset": made.dataset, "version": made.commit, "n": made.n})

    def _record(self, made: Version, moment: Any) -> None:
        fields = published_fields(made)
        self._hub.shelf.record("corpus.published", fields, moment, self._hub.chance)

    def _refused(self, wanted: Wanted, reader: Reader) -> Reply | None:
        """Why this is not published; None where nothing stands against it. Raises BadInput."""
        check_id(wanted.dataset)
        check_paths(file.path for file in wanted.files)
        if wanted.dataset.partition("/")[0] not in reader.namespaces:
            return denied(403, "", denial("namespace"))
        if any(not is_digest(f.sha256) or f.size < 0 for f in wanted.files):
            raise Unfit("a file has a SHA-256 in hexadecimal and a size.", ("", "no_digest", ""))
        found = examine(wanted.card, wanted.dataset, self._hub.shelf.catalogue, self._hub.rules)
        return _refusal(found) if found else None


def _refusal(found: Refusal) -> Reply:
    return json_reply(422, {"refused": {lang: list(found.said(lang)) for lang in ("zh", "en")}})


def _wanted(body: bytes) -> Wanted:
    try:
        return msgspec.json.decode(body, type=Wanted)
    except (msgspec.DecodeError, RecursionError) as error:
        message = f"what is to be published cannot be read: {error}."
        raise Unfit(message, unread(error, "")) from None


def _whole(text: str | None) -> int:
    if not text or not re.fullmatch(r"\d{1,15}", text, re.ASCII):
        raise Unfit("at and size are whole numbers.", ("at, size", "wants_whole", ""))
    return int(text)
