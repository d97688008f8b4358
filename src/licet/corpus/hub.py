"""The read API of the Hugging Face Hub, as far as its clients use it for data sets: requests in,
replies out.

It refuses to know sockets and threads; `hub_app` does. Verified with the clients themselves.

Rules
1. Cards, lists and trees are for everybody; files are given by the access class of their version.
2. A withdrawn version is gone (410), with the reason, whatever the client asks of it; clients call
   that an unknown revision and do not fall back on what they have.
3. Files leave as bytes to be saved, never as something that a browser would show or run.
4. `main` is resolved in every answer to the number of a version, and clients pin that.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, quote

import msgspec

from licet.base.clock import rfc3339_ms
from licet.base.trouble import BadInput, NotFound
from licet.corpus.catalogue import Version
from licet.corpus.checking import VersionChecks
from licet.corpus.croissant import croissant
from licet.corpus.hub_reply import (
    Content,
    Reply,
    denial,
    denied,
    gone,
    json_reply,
    lack,
    missing,
    pick_range,
)
from licet.corpus.licences import terms
from licet.corpus.manifest import File
from licet.corpus.publishing import chain_of
from licet.corpus.readers import Reader, Readers
from licet.corpus.shelf import Shelf
from licet.corpus.unfit import Unfit, said_of
from licet.credentials.keys import SigningKey
from licet.rulebook.corpus import CorpusRules

PAGE = 1000
SEARCH_PAGE = 100
PATHS_MAX = 1000
Now = Callable[[], datetime]
Chance = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks. `path`: its parts, unquoted; `query`: the last value of each key."""

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str]
    token: str
    range: str = ""
    if_none_match: str = ""
    body: bytes = b""
    base_url: str = ""
    """Where the client says that it reaches us: told back to it, and to nobody else."""


class Hub:
    """Answers requests out of a store. One thread at a time uses it."""

    def __init__(
        self, shelf: Shelf, rules: CorpusRules, *, base_url: str, now: Now, chance: Chance
    ) -> None:
        """`base_url`: where clients reach this platform, without a slash at its end; where it is
        empty, each client is told the address that it came to."""
        self.shelf = shelf
        self.rules = rules
        self.readers = Readers(shelf.catalogue)
        self._checks = VersionChecks(shelf.catalogue)
        self.base_url = base_url
        self.now = now
        self.chance = chance
        self._key: SigningKey | None = None

    def answer(self, asked: Request) -> Reply:
        """The reply to a request; one for everything."""
        try:
            return self._route(asked)
        except NotFound:
            return missing("RepoNotFound", lack("data_set"))
        except BadInput as unfit:
            return json_reply(400, {"error": said_of(unfit)})

    def reader(self, asked: Request) -> Reader | None:
        """Who asks, where their token counts."""
        return self.readers.by_token(asked.token) if asked.token else None

    def _route(self, asked: Request) -> Reply:
        match asked.method, asked.path:
            case "GET", ("api", "whoami-v2"):
                return self._whoami(asked)
            case "GET", ("api", "datasets"):
                return self._list(asked)
            case "GET", ("api", "datasets", space, name):
                return self._info(asked, f"{space}/{name}", "main")
            case "GET", ("api", "datasets", space, name, "revision", *revision):
                return self._info(asked, f"{space}/{name}", "/".join(revision))
            case "GET", ("api", "datasets", space, name, "tree", revision, *below):
                return self._tree(asked, f"{space}/{name}", revision, "/".join(below))
            case "POST", ("api", "datasets", space, name, "paths-info", revision):
                return self._paths(asked, f"{space}/{name}", revision)
            case "GET", ("api", "datasets", space, name, "refs"):
                return self._refs(f"{space}/{name}")
            case "GET", ("api", "datasets", space, name, "croissant"):
                return self._croissant(asked, f"{space}/{name}")
            case (("GET" | "HEAD"), ("datasets", space, name, "resolve", revision, *path)) if path:
                return self._resolve(asked, f"{space}/{name}", revision, "/".join(path))
        return missing("EntryNotFound", lack("address"))

    def _whoami(self, asked: Request) -> Reply:
        reader = self.reader(asked)
        if reader is None:
            return denied(401, "", "Invalid credentials in Authorization header")
        orgs = [{"type": "org", "name": one} for one in reader.namespaces]
        said = {"type": "user", "id": reader.id, "name": reader.name, "orgs": orgs}
        return json_reply(200, said | {"auth": {"accessToken": {"role": "read"}}})

    def _list(self, asked: Request) -> Reply:
        found: Sequence[Version] = self.shelf.catalogue.datasets(asked.query.get("search", ""))
        author = asked.query.get("author")
        if author:
            found = [one for one in found if one.dataset.startswith(f"{author}/")]
        limit = max(1, min(_number(asked.query.get("limit"), SEARCH_PAGE), SEARCH_PAGE))
        start = _number(asked.query.get("cursor"), 0)
        page = found[start : start + limit]
        headers = []
        if start + limit < len(found):
            kept = {k: v for k, v in asked.query.items() if k in ("search", "author", "limit")}
            query = "&".join(f"{k}={quote(v)}" for k, v in kept.items())
            link = f"{self._base(asked)}/api/datasets?{query}&cursor={start + limit}"
            headers.append(("link", f'<{link}>; rel="next"'))
        return json_reply(200, [self._described(one) for one in page], headers)

    def _described(self, version: Version) -> dict[str, Any]:
        card = version.manifest.card
        access = self.rules.access[card.access]
        made = rfc3339_ms(version.made_ms)
        tags = [f"license:{card.licence.lower()}", *(f"language:{tag}" for tag in card.languages)]
        tags += [f"modality:{kind}" for kind in card.modalities]
        return {
            "_id": version.commit[:24],
            "id": version.dataset,
            "author": version.dataset.partition("/")[0],
            "sha": version.commit,
            "lastModified": made,
            "createdAt": made,
            "private": False,
            "gated": {"open": False}.get(
                card.access, "manual" if access.needs_grant else "auto"
            ),
            "disabled": False,
            "downloads": 0,
            "likes": 0,
            "description": card.summary.en,
            "tags": tags,
            "cardData": {
                "license": card.licence.lower(),
                "language": list(card.languages),
                "pretty_name": card.title.en,
                "licet_check": self._checks.of(version).state,
            },
        }  # fmt: skip

    def _info(self, asked: Request, dataset: str, revision: str) -> Reply:
        version = self._version(dataset, revision)
        if isinstance(version, Reply):
            return version
        files = [{"rfilename": file.path} for file in version.manifest.files]
        said = self._described(version) | {"siblings": files}
        return json_reply(200, said | {"usedStorage": version.manifest.size})

    def _tree(self, asked: Request, dataset: str, revision: str, below: str) -> Reply:
        version = self._version(dataset, revision)
        if isinstance(version, Reply):
            return version
        deep = _is_true(asked.query.get("recursive"))
        entries = list(_entries(version.manifest.files, below.strip("/"), deep))
        if _is_true(asked.query.get("expand")):
            entries = [_expanded(one, version) for one in entries]
        if not entries and below.strip("/"):
            return missing("EntryNotFound", lack("folder"), version.commit)
        start = _number(asked.query.get("cursor"), 0)
        headers = []
        if start + PAGE < len(entries):
            link = (
                f"{self._base(asked)}/api/datasets/{dataset}/tree/{version.commit}/{quote(below)}"
            )
            link += f"?recursive={str(deep).lower()}&cursor={start + PAGE}"
            headers.append(("link", f'<{link}>; rel="next"'))
        return json_reply(200, entries[start : start + PAGE], headers)

    def _paths(self, asked: Request, dataset: str, revision: str) -> Reply:
        version = self._version(dataset, revision)
        if isinstance(version, Reply):
            return version
        entries = {one["path"]: one for one in _entries(version.manifest.files, "", True)}
        wanted, expand = _wanted(asked.body)
        found = [entries[path] for path in wanted if path in entries]
        return json_reply(200, [_expanded(one, version) for one in found] if expand else found)

    def _refs(self, dataset: str) -> Reply:
        main = self._version(dataset, "main")
        if isinstance(main, Reply):
            return main
        stands = [v for v in self.shelf.catalogue.versions(dataset) if v.withdrawn is None]
        branch = {"name": "main", "ref": "refs/heads/main", "targetCommit": main.commit}
        tags = [
            {"name": f"v{v.n}", "ref": f"refs/tags/v{v.n}", "targetCommit": v.commit}
            for v in stands
        ]
        return json_reply(200, {"branches": [branch], "converts": [], "tags": tags})

    def _croissant(self, asked: Request, dataset: str) -> Reply:
        version = self._version(dataset, "main")
        if isinstance(version, Reply):
            return version
        chain = chain_of(version.manifest.card, dataset, self.shelf.catalogue)
        within = terms(chain, self.rules.licences)
        said = croissant(version, within, self.rules, base_url=self._base(asked))
        return json_reply(200, said)

    def _resolve(self, asked: Request, dataset: str, revision: str, path: str) -> Reply:
        version = self._version(dataset, revision)
        if isinstance(version, Reply):
            return version
        reader = self.reader(asked)
        why = self.readers.denial(version, reader, self.rules, sent=bool(asked.token))
        if why is not None:
            page = f"{self._base(asked)}/datasets/{dataset}"
            status = 403 if why == "grant" else 401
            return denied(status, "GatedRepo", denial(why, page))
        file = next((one for one in version.manifest.files if one.path == path), None)
        if file is None:
            return missing("EntryNotFound", lack("file"), version.commit)
        return self._given(asked, version, file, reader)

    def _given(self, asked: Request, version: Version, file: File, reader: Reader | None) -> Reply:
        """A file, whole or in part, to who may have it."""
        receipts = self.rules.access[version.manifest.card.access].receipts
        headers = [
            ("x-repo-commit", version.commit),
            ("x-linked-etag", f'"{file.sha256}"'),
            ("x-linked-size", str(file.size)),
            ("etag", f'"{file.sha256}"'),
            ("accept-ranges", "bytes"),
        ]
        if asked.method == "GET" and reader and receipts:
            receipt = self.readers.receipt(
                version, file, reader, self.now(), self._signing_key, self.chance
            )
            headers.append(("x-licet-receipt", receipt.number))
        if f'"{file.sha256}"' in asked.if_none_match:
            return Reply(304, tuple(headers))
        picked = pick_range(asked.range, file.size) if asked.method == "GET" else None
        if picked == "unsatisfiable":
            return Reply(416, (("content-range", f"bytes */{file.size}"),))
        start, end = picked or (0, file.size)
        if picked:
            headers.append(("content-range", f"bytes {start}-{end - 1}/{file.size}"))
        name = quote(file.path.rpartition("/")[2])
        headers.append(("content-disposition", f"attachment; filename*=UTF-8''{name}"))
        content = Content(file.sha256, start, end)
        return Reply(206 if picked else 200, tuple(headers), content)

    def _version(self, dataset: str, revision: str) -> Version | Reply:
        """The version, or why there is none for a client."""
        catalogue = self.shelf.catalogue
        try:
            version = catalogue.resolve(dataset, revision)
        except NotFound:
            if not catalogue.versions(dataset):
                raise
            said = lack("version", dataset=dataset, revision=revision[:60])
            return missing("RevisionNotFound", said)
        if version.withdrawn is None:
            return version
        gone_by = version.withdrawn
        source = catalogue.get(gone_by.cause).dataset if gone_by.cause else ""
        return gone(version, rfc3339_ms(gone_by.at_ms)[:10], source)

    def _base(self, asked: Request) -> str:
        return self.base_url or asked.base_url

    def _signing_key(self) -> SigningKey:
        if self._key is None:
            self._key = self.shelf.signing_key(self.chance)
        return self._key


def _entries(files: Sequence[File], below: str, deep: bool) -> Iterator[dict[str, Any]]:
    """What stands in a folder, or with `deep` anywhere below it: folders, then files."""
    prefix = f"{below}/" if below else ""
    inside = [file for file in files if file.path.startswith(prefix)]
    folders: dict[str, None] = {}
    for file in inside:
        parts = file.path[len(prefix) :].split("/")[:-1]
        for end in range(1, len(parts) + 1 if deep else min(2, len(parts) + 1)):
            folders.setdefault(prefix + "/".join(parts[:end]))
    for folder in folders:
        oid = hashlib.sha1(folder.encode(), usedforsecurity=False).hexdigest()
        yield {"type": "directory", "oid": oid, "size": 0, "path": folder}
    for file in inside:
        if deep or "/" not in file.path[len(prefix) :]:
            yield _entry(file)


def _entry(file: File) -> dict[str, Any]:
    """A file as the Hub tells it of one in large file storage: `oid` is git's name of the
    pointer."""
    pointer = (
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{file.sha256}\nsize {file.size}\n"
    ).encode()
    oid = hashlib.sha1(b"blob %d\0" % len(pointer) + pointer, usedforsecurity=False).hexdigest()
    lfs = {"oid": file.sha256, "size": file.size, "pointerSize": len(pointer)}
    return {"type": "file", "oid": oid, "size": file.size, "path": file.path, "lfs": lfs}


def _expanded(entry: dict[str, Any], version: Version) -> dict[str, Any]:
    """An entry with the version that it is of, as a client asks for by `expand`."""
    title = version.manifest.message or f"v{version.n}"
    at = {"id": version.commit, "title": title, "date": rfc3339_ms(version.made_ms)}
    return entry | {"lastCommit": at}


def _wanted(body: bytes) -> tuple[list[str], bool]:
    """The paths in a body, as a form or JSON, and whether to expand them. Raises BadInput."""
    if body[:1] == b"{":
        try:
            said = msgspec.json.decode(body, type=_Wanted)
        except msgspec.DecodeError:
            raise Unfit("the body is not the JSON that is meant.", ("", "no_json", "")) from None
        paths = [said.paths] if isinstance(said.paths, str) else said.paths
        return paths[:PATHS_MAX], said.expand
    try:
        fields = parse_qs(body.decode("utf-8"), max_num_fields=PATHS_MAX + 10)
    except ValueError:
        raise Unfit("the body is neither a form nor JSON.", ("", "no_form", "")) from None
    return fields.get("paths", [])[:PATHS_MAX], _is_true(fields.get("expand", [""])[0])


class _Wanted(msgspec.Struct):
    paths: list[str] | str = []
    expand: bool = False


def _is_true(text: str | None) -> bool:
    return (text or "").lower() in ("1", "true")


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"\d{1,9}", text, re.ASCII) else otherwise
