"""The door for programs: ranges, pages of lists, hostile addresses, receipts that can be checked,
and nothing that a browser would run."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.corpus import NOW, RULES, card, put, served, shelf
from kit.serve import serve
from licet.base.trouble import BadInput, Conflict, NotFound
from licet.corpus.hub import Hub, Request
from licet.corpus.hub_reply import Reply, pick_range
from licet.corpus.publishing import withdraw
from licet.corpus.readers import RECEIPT, Readers
from licet.corpus.shelf import Shelf
from licet.credentials import jws
from licet.credentials.keyfiles import load_key_set
from licet.portal.serving import Receive, Scope, Send, with_data_sets
from licet.portal.settings import Installation


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Shelf]:
    made = shelf(tmp_path)
    yield made
    made.close()


def hub_of(kept: Shelf) -> Hub:
    return Hub(kept, RULES, base_url="http://x", now=lambda: NOW, chance=os.urandom)


def ask(hub: Hub, *path: str, method: str = "GET", token: str = "", **query: str) -> Reply:
    return hub.answer(Request(method, path, query, token))


def said(reply: Reply) -> object:
    assert isinstance(reply.body, bytes)
    return json.loads(reply.body)


@given(data=st.binary(max_size=50), first=st.integers(0, 60), last=st.integers(0, 60))
def test_a_range_is_cut_as_the_standard_says(data: bytes, first: int, last: int) -> None:
    picked = pick_range(f"bytes={first}-{last}", len(data))
    if last < first:
        assert picked is None  # no range at all: the whole is sent
    elif first >= len(data):
        assert picked == "unsatisfiable"
    else:
        assert isinstance(picked, tuple)
        assert data[slice(*picked)] == data[first : last + 1]
    suffix = pick_range(f"bytes=-{last}", len(data))
    if isinstance(suffix, tuple):
        assert data[slice(*suffix)] == data[-last:]


@pytest.mark.parametrize("header", ["", "bytes=-", "bytes=a-b", "items=0-1", "bytes=0-1,3-4", "x"])
def test_other_ranges_give_the_whole(header: str) -> None:
    assert pick_range(header, 10) is None


def test_files_are_to_be_saved_and_never_to_be_run(kept: Shelf, tmp_path: Path) -> None:
    files = {"evil.html": b"<script>alert(1)</script>", "x.svg": b"<svg onload=alert(1)>"}
    put(kept, tmp_path, "pub/evil", files)
    with served(kept) as (url, _), httpx2.Client() as client:
        for name, data in files.items():
            got = client.get(f"{url}/datasets/pub/evil/resolve/main/{name}")
            assert got.content == data
            assert got.headers["content-type"] == "application/octet-stream"
            assert got.headers["content-disposition"].startswith("attachment")
            assert got.headers["x-content-type-options"] == "nosniff"
            assert "sandbox" in got.headers["content-security-policy"]
        tag = {"if-none-match": got.headers["etag"]}
        assert (
            client.get(f"{url}/datasets/pub/evil/resolve/main/x.svg", headers=tag).status_code
            == 304
        )
        past = client.get(
            f"{url}/datasets/pub/evil/resolve/main/x.svg", headers={"range": "bytes=99-"}
        )
        assert (past.status_code, past.headers["content-range"]) == (416, "bytes */21")


FILES, API = "/datasets/pub/demo/resolve/main", "/api/datasets"
MANY = "&".join(f"a{n}=1" for n in range(60))


@pytest.mark.parametrize(
    "path",
    [f"{FILES}/../../../catalogue.db", f"{FILES}/%2e%2e%2fx", f"{FILES}/%00", f"{FILES}/%ff",
     f"{API}/%2e%2e/x", f"{API}/pub/demo/tree/main/%2e%2e", "/datasets/pub/demo/resolve//x",
     f"{API}/a/b/c/d/e", f"{API}?{MANY}", "/datasets/pub/demo"],
)  # fmt: skip
def test_addresses_that_lead_elsewhere_lead_nowhere(
    kept: Shelf, tmp_path: Path, path: str
) -> None:
    put(kept, tmp_path, "pub/demo", {"x": b"1"})
    with served(kept) as (url, _), httpx2.Client() as client:
        assert client.get(url + path).status_code in (400, 404)


def test_a_portal_serves_programs_and_people_at_one_address(tmp_path: Path) -> None:
    kept = shelf(tmp_path)
    put(kept, tmp_path, "pub/demo", {"x": b"1"})
    kept.close()

    async def desks(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b"a page"})

    app = with_data_sets(desks, Installation(home=tmp_path))
    with serve(app, lifespan="off") as url, httpx2.Client() as client:
        assert client.get(f"{url}/datasets/pub/demo/resolve/main/x").text == "1"
        assert client.get(f"{url}/zh/corpus/").status_code == 299
        listed = client.get(f"{url}/api/datasets/pub/demo/croissant").json()
        assert listed["url"] == f"{url}/datasets/pub/demo"
        for told in (listed["url"], listed["@id"]):
            assert client.get(told).status_code == 299, "what people are told to look at is a page"


def test_a_large_body_is_not_read(kept: Shelf) -> None:
    with served(kept) as (url, _), httpx2.Client() as client:
        big = client.post(f"{url}/api/datasets/a/b/paths-info/main", content=b"x" * (2 << 20))
        assert big.status_code == 400


@pytest.mark.parametrize(
    ("body", "found"),
    [(b'{"paths": ["a/x", "nowhere"]}', ["a/x"]), (b"paths=a/x&paths=y", ["a/x", "y"]), (b"", [])],
)
def test_paths_are_told_of_as_asked(
    kept: Shelf, tmp_path: Path, body: bytes, found: list[str]
) -> None:
    put(kept, tmp_path, "pub/demo", {"a/x": b"1", "y": b"2"})
    path = ("api", "datasets", "pub", "demo", "paths-info", "main")
    reply = hub_of(kept).answer(Request("POST", path, {}, "", body=body))
    assert [one["path"] for one in said(reply)] == found  # type: ignore[attr-defined]


@pytest.mark.parametrize("body", [b"{", b'{"paths": 3}', b"\xff", b"{}x", b"{" * 3000])
def test_bodies_that_mean_nothing_are_refused(kept: Shelf, tmp_path: Path, body: bytes) -> None:
    put(kept, tmp_path, "pub/demo", {"x": b"1"})
    path = ("api", "datasets", "pub", "demo", "paths-info", "main")
    assert hub_of(kept).answer(Request("POST", path, {}, "", body=body)).status == 400


def test_a_folder_shows_what_stands_in_it(kept: Shelf, tmp_path: Path) -> None:
    put(kept, tmp_path, "pub/demo", {"a/b/x": b"1", "a/y": b"2", "z": b"3"})
    tree = ("api", "datasets", "pub", "demo", "tree", "main")
    shallow = [(e["type"], e["path"]) for e in said(ask(hub_of(kept), *tree))]  # type: ignore[attr-defined]
    assert shallow == [("directory", "a"), ("file", "licet-card.json"), ("file", "z")]
    inside = [e["path"] for e in said(ask(hub_of(kept), *tree, "a", recursive="true"))]  # type: ignore[attr-defined]
    assert inside == ["a/b", "a/b/x", "a/y"]
    assert ask(hub_of(kept), *tree, "nowhere").status == 404


def test_what_is_not_there_is_said_in_both_languages_and_by_code(
    kept: Shelf, tmp_path: Path
) -> None:
    put(kept, tmp_path, "pub/demo", {"a.txt": b"a"})
    there = ("api", "datasets", "pub", "demo")
    for code, zh, path in (
        ("RepoNotFound", "没有这个数据集", ("api", "datasets", "pub", "nothing")),
        ("RevisionNotFound", "没有版本 'v9\\r\\nx: y'", (*there, "revision", "v9\r\nx: y")),
        ("EntryNotFound", "没有这个文件夹", (*there, "tree", "main", "nowhere")),
        ("EntryNotFound", "没有这个文件", ("datasets", "pub", "demo", "resolve", "main", "b.txt")),
        ("EntryNotFound", "没有内容", ("api", "nothing")),
    ):
        reply = ask(hub_of(kept), *path)
        headers = dict(reply.headers)
        assert (reply.status, headers["x-error-code"]) == (404, code)
        message = headers["x-error-message"]
        assert said(reply) == {"error": message}
        english, _, chinese = message.partition(" / ")
        assert english.isascii()
        assert zh in chinese
        assert message.isprintable()


def test_long_lists_come_in_pages_that_follow_each_other(kept: Shelf, tmp_path: Path) -> None:
    for n in range(5):
        put(kept, tmp_path, f"pub/d{n}", {"x": b"1"})
    put(kept, tmp_path, "lab/other", {"x": b"1"})
    seen: list[str] = []
    with served(kept) as (url, _), httpx2.Client() as client:
        next_url: str | None = f"{url}/api/datasets?limit=2&author=pub&search=示例"
        while next_url:
            got = client.get(next_url)
            seen += [one["id"] for one in got.json()]
            next_url = got.links.get("next", {}).get("url")
    assert sorted(seen) == [f"pub/d{n}" for n in range(5)]


def test_a_receipt_says_who_was_given_what_and_can_be_checked(kept: Shelf, tmp_path: Path) -> None:
    version = put(kept, tmp_path, "pub/reg", {"x": b"1"}, card(access="registered"))
    hub = hub_of(kept)
    reader, token = hub.readers.create("Lab", NOW, os.urandom)
    path = ("datasets", "pub", "reg", "resolve", "main", "x")
    assert ask(hub, *path).status == 401
    assert ask(hub, *path, method="HEAD", token=token).status == 200
    assert hub.readers.receipts(reader) == ()  # nothing was given yet
    assert ask(hub, *path, token=token).status == 200
    (receipt,) = hub.readers.receipts(reader)
    claims = jws.read(receipt.token, RECEIPT, load_key_set(kept.root / "jwks.json"))
    assert (claims["version"], claims["path"], claims["reader"]) == (
        version.commit,
        "x",
        reader.id,
    )
    withdraw(version, kept.catalogue, by="ann", reason="consent ended", now=NOW)
    assert hub.readers.holds(reader) == (version.commit,)
    assert hub.readers.holders(version.commit) == (reader,)
    assert ask(hub, *path, token=token).status == 410
    hub.readers.end(reader.id, NOW)
    assert hub.readers.by_token(token) is None


def test_a_request_goes_from_asked_to_granted_to_ended(kept: Shelf, tmp_path: Path) -> None:
    put(kept, tmp_path, "pub/sec", {"x": b"1"}, card(access="restricted"))
    hub, readers = hub_of(kept), Readers(kept.catalogue)
    reader, token = readers.create("Lab", NOW, os.urandom)
    path = ("datasets", "pub", "sec", "resolve", "main", "x")
    with pytest.raises(BadInput):
        readers.ask("pub/sec", reader, " ", NOW, os.urandom)
    asked = readers.ask("pub/sec", reader, "a study", NOW, os.urandom)
    with pytest.raises(Conflict):
        readers.ask("pub/sec", reader, "again", NOW, os.urandom)
    assert ask(hub, *path, token=token).status == 403
    with pytest.raises(BadInput, match="needs a reason"):
        readers.decide(asked, "refused", "ann", "")
    with pytest.raises(BadInput, match="cannot be ended"):
        readers.decide(asked, "ended", "ann", "because")
    readers.decide(asked, "granted", "ann", "")
    assert ask(hub, *path, token=token).status == 200
    readers.decide(asked, "ended", "ann", "the study is over")
    assert ask(hub, *path, token=token).status == 403
    with pytest.raises(NotFound):
        readers.decide("ac_nothing", "granted", "ann", "")


def test_who_publishes_in_a_namespace_may_load_there(kept: Shelf, tmp_path: Path) -> None:
    put(kept, tmp_path, "pub/sec", {"x": b"1"}, card(access="restricted"))
    hub = hub_of(kept)
    _, own = hub.readers.create("Own", NOW, os.urandom, ("pub",))
    _, other = hub.readers.create("Other", NOW, os.urandom, ("lab",))
    path = ("datasets", "pub", "sec", "resolve", "main", "x")
    assert [ask(hub, *path, token=t).status for t in (own, other)] == [200, 403]
