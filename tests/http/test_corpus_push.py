"""Publishing over the network: only what is missing is sent, what was cut goes on, and nobody gets
by a digest what they do not have."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from kit.corpus import NOW, card, folder, put, served, shelf
from licet.base.trouble import BadInput, NotAllowed, Unavailable
from licet.cli.corpus import corpus
from licet.corpus.hub import Hub
from licet.corpus.manifest import File
from licet.corpus.pusher import Platform, Published, push
from licet.corpus.shelf import Shelf, read_folder
from licet.corpus.uploading import Wanted


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Shelf]:
    made = shelf(tmp_path)
    yield made
    made.close()


@pytest.fixture
def place(kept: Shelf) -> Iterator[tuple[str, Hub]]:
    with served(kept) as (url, hub):
        yield url, hub


def token(hub: Hub, *namespaces: str) -> str:
    return hub.readers.create("Lab", NOW, os.urandom, namespaces)[1]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Shaky(Platform):
    """A platform whose connection breaks at the requests whose numbers are given; it counts the
    bytes of content that were sent."""

    def __init__(self, url: str, token: str, *breaks: int) -> None:
        super().__init__(url, token)
        self._breaks = set(breaks)
        self.asked, self.sent = 0, 0

    def ask(self, method: str, path: str, body: bytes) -> tuple[int, Mapping[str, Any]]:
        self.asked += 1
        if method == "PUT":
            self.sent += len(body)
        answer = super().ask(method, path, body)
        if self.asked in self._breaks:
            raise Unavailable("cut, on purpose")
        return answer


def pushed(platform: Platform, at: Path, name: str = "lab/demo") -> Published:
    said, files = read_folder(at)
    done = push(platform, name, said, files)
    assert isinstance(done, Published), done
    return done


def test_a_folder_is_published_elsewhere_by_the_command(
    place: tuple[str, Hub], tmp_path: Path
) -> None:
    url, hub = place
    at = folder(tmp_path / "in", {"data/train.jsonl": b'{"text": "a"}\n', "empty.txt": b""})
    words = ["push", str(at), "lab/demo", "--to", url, "-m", "first"]
    done = CliRunner().invoke(corpus, words, env={"LICET_CORPUS_TOKEN": token(hub, "lab")})
    assert done.exit_code == 0, done.output
    version = hub.shelf.catalogue.resolve("lab/demo")
    assert version.commit in done.output
    assert (version.manifest.by, version.manifest.message) == ("lab", "first")
    assert len(version.manifest.files) == 3
    assert hub.shelf.blobs.size(sha256(b"")) == 0
    without = CliRunner().invoke(corpus, words, env={"LICET_CORPUS_TOKEN": ""})
    assert (without.exit_code, "holds no token" in without.output) == (2, True)


def test_a_push_that_is_cut_goes_on_and_sends_nothing_twice(
    place: tuple[str, Hub], tmp_path: Path
) -> None:
    url, hub = place
    data = random.Random(3).randbytes(20 << 20)
    at = folder(tmp_path / "in", {"big.bin": data})
    size = len(data) + (at / "licet-card.json").stat().st_size
    shaky = Shaky(url, token(hub, "lab"), 2, 4)  # after the first and the second piece
    pushed(shaky, at)
    assert shaky.sent == size
    again = Shaky(url, token(hub, "lab"))
    assert pushed(again, at).n == 1
    assert again.sent == 0


def test_what_is_here_counts_only_for_who_has_it(place: tuple[str, Hub], tmp_path: Path) -> None:
    url, hub = place
    secret = b"nobody else's"
    put(hub.shelf, tmp_path, "pub/secret", {"x": secret}, card(access="restricted"))
    thief = Shaky(url, token(hub, "thief"))
    wanted = Wanted("thief/mine", card(), (File("x", sha256(secret), len(secret)),))
    body = msgspec.json.encode(wanted)
    status, said = thief.ask("POST", "/api/corpus/publish", body)
    assert (status, "version" in said) == (409, False)
    status, said = thief.ask("POST", "/api/corpus/examine", body)
    assert [one["sha256"] for one in said["missing"]] == [sha256(secret)]
    address = f"/api/corpus/content/{sha256(secret)}?at=0&size={len(secret)}"
    assert thief.ask("PUT", address, b"x" * len(secret))[0] == 422
    own = Shaky(url, token(hub, "pub"))
    assert pushed(own, folder(tmp_path / "own", {"x": secret}), "pub/second").n == 1
    assert own.sent == (tmp_path / "own/licet-card.json").stat().st_size  # the card is new


def test_reasons_against_come_back_in_both_languages(
    place: tuple[str, Hub], tmp_path: Path
) -> None:
    url, hub = place
    at = folder(tmp_path / "in", {"x": b"1"}, card(licence="Beerware"))
    said, files = read_folder(at)
    refused = push(Platform(url, token(hub, "lab")), "lab/demo", said, files)
    assert not isinstance(refused, Published)
    assert "Beerware" in refused["zh"][0]
    assert refused["zh"] != refused["en"]
    assert list(hub.shelf.blobs.all()) == []


@pytest.mark.parametrize("spaces", [("other",), ()])
def test_a_token_publishes_in_its_namespaces_alone(
    place: tuple[str, Hub], tmp_path: Path, spaces: tuple[str, ...]
) -> None:
    url, hub = place
    with pytest.raises(NotAllowed, match="namespace"):
        pushed(Platform(url, token(hub, *spaces)), folder(tmp_path / "in", {"x": b"1"}))
    with pytest.raises(NotAllowed, match="token"):
        pushed(Platform(url, "hf_nobody"), folder(tmp_path / "in", {"x": b"1"}))


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/api/corpus/examine", b"{", 400), ("POST", "/api/corpus/nothing", b"", 404),
        ("PUT", "/api/corpus/content/..?at=0&size=1", b"x", 400),
        ("PUT", f"/api/corpus/content/{'a' * 64}?at=-1&size=1", b"x", 400),
        ("PUT", f"/api/corpus/content/{'a' * 64}?at=5&size=9", b"x", 409),
        ("PUT", f"/api/corpus/content/{'a' * 64}?at=0&size=1", b"xyz", 400),
        ("PUT", f"/api/corpus/content/{'a' * 64}?at=0&size=99", b"x" * (9 << 20), 400),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(
    place: tuple[str, Hub], method: str, path: str, body: bytes, status: int
) -> None:
    url, hub = place
    try:
        assert Platform(url, token(hub, "lab")).ask(method, path, body)[0] == status
    except Unavailable:  # a body that is too large is not read to its end
        assert len(body) > 8 << 20


def test_names_that_lead_elsewhere_are_refused(place: tuple[str, Hub]) -> None:
    url, hub = place
    wanted = Wanted("lab/demo", card(), (File("../../x", sha256(b""), 0),))
    platform = Platform(url, token(hub, "lab"))
    assert platform.ask("POST", "/api/corpus/examine", msgspec.json.encode(wanted))[0] == 400
    with pytest.raises(BadInput):
        Platform("file:///etc/passwd", "t")
