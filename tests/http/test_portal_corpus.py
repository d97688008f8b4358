"""Training data in a browser: found, read, published, asked for, granted, withdrawn; and nothing
of what strangers upload is ever shown as a page or run."""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kit.corpus import NOW, RULES, SOUND, card
from kit.data_sets import ROWS, asked_for, publish, store
from kit.portal import person, portal
from kit.visitors import signed_in
from licet.corpus.card import Card
from licet.corpus.hub import Hub, Request
from licet.corpus.hub_reply import Content
from licet.corpus.human import HumanSamples
from licet.corpus.publishing import withdraw
from licet.corpus.readers import RECEIPT, Readers
from licet.corpus.uses import Uses
from licet.credentials import jws
from licet.credentials.keys import KeySet
from licet.portal.design.words import sentences


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def page(browser: Any, address: str, status: int = 200) -> str:
    answer = browser.get(address)
    assert answer.status_code == status, address
    text: str = answer.content.decode()
    return text


def staff(code: str = "own") -> Any:
    return signed_in(person("provider", f"staff@{code}.example", ("representative",), code))


def officer() -> Any:
    return signed_in(person("authority", "officer@cac.example", ("reviewer",), "cac"))


def test_data_sets_are_found_by_words_and_narrowed(browser: Any) -> None:
    publish("pub/one", said=card(title={"zh": "医学问答", "en": "Medicine"}))
    publish("pub/two", said=card(licence="CC0-1.0", access="restricted"))
    assert "Medicine" in page(browser, "/en/data/?q=医学")
    assert "pub/two" not in page(browser, "/en/data/?q=MEDICINE")
    only = page(browser, "/zh/data/?licence=CC0-1.0")
    assert "pub/two" in only
    assert "pub/one" not in only
    assert "审批后可用" in only
    for odd in ("?page=x", "?page=999999999", "?licence=%00", "?q=%27%22%3E", "?access=nothing"):
        page(browser, f"/en/data/{odd}")
    assert 'href="/en/data/"' in page(browser, "/en/")


def test_a_data_set_shows_where_it_is_from_and_what_is_allowed(browser: Any) -> None:
    old = publish("pub/old", said=card(licence="CC-BY-NC-4.0"))
    publish("pub/new", said=card(old, licence="CC-BY-NC-4.0"))
    said = page(browser, "/en/data/pub/new/")
    for words in (
        "CC-BY-NC-4.0", "attribution", "pub/old", "Made oneself", "file 1", "第一行",
        "HF_ENDPOINT=http://testserver", "This version was not checked yet",
    ):  # fmt: skip
        assert words in said, words
    assert "commercial use" not in said
    assert "pub/new" in page(browser, "/en/data/pub/old/")
    page(browser, "/en/data/pub/none/", 404)
    page(browser, "/en/data/pub/new/?v=nothing", 404)


def test_versions_are_shown_with_what_changed(browser: Any) -> None:
    publish("pub/a", {"x.txt": b"1", "gone.txt": b"1"})
    publish("pub/a", {"x.txt": b"22", "new.txt": b"1"}, card(licence="MIT"))
    said = page(browser, "/en/data/pub/a/")
    for words in ("<ins>new.txt</ins>", "<del>gone.txt</del>", "The card changed: Licence</li>"):
        assert words in said, words
    assert "说明卡有改动：许可协议</li>" in page(browser, "/zh/data/pub/a/")


def test_every_part_of_a_card_has_a_name_that_people_know() -> None:
    for part in Card.__struct_fields__:
        assert {*sentences()[f"data-card.{part}"]} == {"zh", "en"}


def test_what_is_restricted_is_previewed_by_whom_it_was_granted_to(browser: Any) -> None:
    other, own = staff("other"), staff("own")
    asked = asked_for()
    assert "second" not in page(browser, "/en/data/own/demo/")
    assert "second" in page(own, "/en/data/own/demo/")
    assert "second" not in page(other, "/en/data/own/demo/")
    sees, address = officer(), f"/en/desk/data/{asked}/"
    assert sees.post(address, {"decision": "refused", "reason": ""}).status_code == 422
    again = sees.post(address, {"decision": "", "reason": "Too wide."}).content.decode()
    assert "Too wide.</textarea>" in again, "what was typed is not lost"
    assert 'href="#granted"' in again
    called = card().title.en
    assert called in page(sees, address) + page(sees, "/en/desk/data/"), "it goes by its name"
    assert sees.post(address, {"decision": "granted", "reason": ""}).status_code == 302
    assert "second" in page(other, "/en/data/own/demo/")
    assert "Granted" in page(other, "/en/data/tokens/")
    assert called in page(other, "/en/data/tokens/")
    assert sees.post(address, {"decision": "ended", "reason": "it is over"}).status_code == 302
    assert "second" not in page(other, "/en/data/own/demo/")
    page(sees, "/en/desk/data/ac_nothing/", 404)


def test_a_body_asks_once_and_says_what_for(browser: Any) -> None:
    publish("pub/secret", said=card(access="restricted"))
    mine = staff()
    assert mine.post("/en/data/pub/secret/ask/", {"purpose": " "}).status_code == 422
    assert mine.post("/en/data/pub/secret/ask/", {"purpose": "医学研究"}).status_code == 302
    assert mine.post("/en/data/pub/secret/ask/", {"purpose": "again"}).status_code == 422
    assert "医学研究" in page(officer(), "/zh/desk/data/")
    publish("pub/open")
    page(mine, "/en/data/pub/open/ask/", 404)


def test_a_token_is_shown_once_and_takes_the_place_of_the_old_one(browser: Any) -> None:
    mine = staff()
    made = [mine.post("/en/data/tokens/").content.decode() for _ in range(2)]
    tokens = [text.partition('<p class="code">')[2].partition("<")[0] for text in made]
    assert tokens[1].startswith("hf_")
    assert tokens[1] not in page(mine, "/en/data/tokens/")
    with store() as shelf:
        known = [Readers(shelf.catalogue).by_token(token) for token in tokens]
    assert known[0] is None
    assert known[1] is not None
    assert known[1].namespaces == ("own",)


def upload(name: str, data: bytes) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    return SimpleUploadedFile(name, data)


def sent(mine: Any, said: dict[str, Any], *files: tuple[str, bytes], lang: str = "en") -> Any:
    form = {
        "name": "demo", "message": "first", "card": upload("card.json", json.dumps(said).encode()),
        "files": [upload(*one) for one in files],
    }  # fmt: skip
    return mine.post(f"/{lang}/data/publish/", form)


def test_a_body_publishes_in_its_own_namespace(browser: Any) -> None:
    done = sent(staff(), SOUND, ("train.jsonl", ROWS))
    assert done.headers["location"] == "/en/data/own/demo/"
    assert "第一行" in page(browser, "/zh/data/own/demo/")
    with store() as shelf:
        assert shelf.catalogue.resolve("own/demo").manifest.by == "own"


def test_files_come_in_pieces_and_go_on_where_they_were_cut(browser: Any) -> None:
    mine, other = staff(), staff("other")
    digest = hashlib.sha256(ROWS).hexdigest()
    address, size = f"/en/desk/data/content/{digest}/", len(ROWS)

    def put(who: Any, at: int, piece: bytes) -> Any:
        return who.put(f"{address}?size={size}&at={at}", piece, "application/octet-stream")

    def stands(who: Any) -> Any:
        return who.get(f"{address}?size={size}").json()

    def named(who: Any, held: str) -> int:
        form = {
            "name": "demo", "message": "", "card": upload("card.json", json.dumps(SOUND).encode()),
            "held": [held],
        }  # fmt: skip
        status: int = who.post("/en/data/publish/", form).status_code
        return status

    assert put(mine, 0, ROWS[:10]).json() == {"at": 10, "done": False}
    assert stands(mine) == {"at": 10, "done": False}
    assert stands(other) == {"at": 0, "done": False}
    late = put(mine, 5, b"again")
    assert (late.status_code, late.json()["at"]) == (409, 10)
    assert put(mine, 10, ROWS[10:] + b"more").status_code == 400
    assert named(mine, f"{digest} {size} train.jsonl") == 422, "it is not here yet"
    assert put(mine, 10, ROWS[10:]).json() == {"at": size, "done": True}
    assert stands(mine)["done"]
    assert named(other, f"{digest} {size} theirs.jsonl") == 422, "they only know of it"
    assert named(mine, "no line of ours") == 422
    assert named(mine, f"{digest} {size} train.jsonl") == 302
    assert "第一行" in page(browser, "/zh/data/own/demo/")
    wrong = hashlib.sha256(b"promised").hexdigest()
    assert mine.put(f"/en/desk/data/content/{wrong}/?size=5&at=0", b"other").status_code == 422
    page(mine, "/en/desk/data/content/no-digest/?size=1", 404)
    page(mine, f"/en/desk/data/content/{wrong}/?size=many", 400)


def test_no_two_bodies_publish_in_one_namespace(browser: Any) -> None:
    from licet.portal.accounts.models import Body
    from licet.portal.corpus.store import namespace_of

    registered = "91110108MA0DEM0001"
    codes = (registered, registered.lower(), "own", "OWN", "b-own", "Own GmbH")
    spaces = [namespace_of(Body(code=code)) for code in codes]
    assert spaces[0] == registered.lower()
    assert len(set(spaces)) == len(codes)


def test_a_card_with_gaps_is_sent_back_with_all_of_them(browser: Any) -> None:
    bad = SOUND | {"licence": "Beerware", "ip_review": SOUND["ip_review"] | {"by": ""}}
    refused = sent(staff(), bad, ("x.jsonl", ROWS), lang="zh")
    assert refused.status_code == 422
    text = refused.content.decode()
    assert "许可“Beerware”不在规则包中" in text
    assert "请填写知识产权审查人和结论" in text


@pytest.mark.parametrize(
    "name", ["../../evil.txt", "a\\..\\b", "con", "x\x00y", ".git", "a\u202eb.txt", "<b>.txt"]
)
def test_names_that_lead_elsewhere_stay_inside_or_are_refused(browser: Any, name: str) -> None:
    answer = sent(staff(), SOUND, (name, b"x"))
    assert answer.status_code in (302, 400, 422)
    if answer.status_code == 302:
        with store() as shelf:
            paths = [f.path for f in shelf.catalogue.resolve("own/demo").manifest.files]
        assert all("/" not in path and ".." not in path for path in paths)


EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def test_what_strangers_write_is_shown_and_never_run(browser: Any) -> None:
    words = {"zh": EVIL, "en": EVIL}
    source = [{"name": EVIL, "type": "made", "record": EVIL}]
    said = SOUND | {"title": words, "summary": words, "source": source}
    files = {"x.jsonl": json.dumps({"text": EVIL}).encode(), "y.svg": EVIL.encode()}
    publish("pub/evil", files, msgspec.convert(said, Card))
    for address in ("/en/data/", "/en/data/pub/evil/", "/zh/data/?q=script"):
        answer = browser.get(address)
        text = answer.content.decode()
        assert "&lt;script&gt;alert(1)" in text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "script-src 'self'" in answer.headers["content-security-policy"]


def bomb() -> bytes:
    """40 MB of one letter, in 40 kB of Parquet."""
    out = io.BytesIO()
    table = pa.table({"text": ["a" * 1_000_000] * 40})
    pq.write_table(table, out, compression="zstd", use_dictionary=False)
    return out.getvalue()


HOSTILE = {
    "bomb.parquet": bomb, "short.parquet": lambda: b"PAR1" + b"\xff" * 64 + b"PAR1",
    "deep.jsonl": lambda: b"[" * 50_000, "long.jsonl": lambda: b'{"text": "' + b"a" * (1 << 20),
    "page.html": EVIL.encode, "pdf.svg": lambda: b"%PDF-1.7\n" + EVIL.encode(),
    "pixel.txt": lambda: b"GIF89a/*" + EVIL.encode() + b"*/=1;",
    "nothing.jsonl": bytes, "control.csv": lambda: b"\x00\x1b[31m" + EVIL.encode(),
}  # fmt: skip


def test_whatever_is_uploaded_lies_there_and_does_nothing(browser: Any) -> None:
    for name, made in HOSTILE.items():
        data = made()
        assert len(data) < 2 << 20
        dataset = f"pub/{name.replace('.', '-')}"
        version = publish(dataset, {name: data})
        text = page(browser, f"/en/data/{dataset}/")
        assert len(text) < 60_000, name
        assert "<script>alert" not in text, name
        assert "\x1b" not in text, name
        with store() as shelf:
            hub = Hub(shelf, RULES, base_url="", now=lambda: NOW, chance=lambda n: b"x" * n)
            path = ("datasets", *dataset.split("/"), "resolve", version.commit, name)
            given = hub.answer(Request("GET", path, {}, ""))
            assert isinstance(given.body, Content)
            assert b"".join(shelf.blobs.read(given.body.sha256)) == data
        assert dict(given.headers)["content-disposition"].startswith("attachment")


def test_a_withdrawal_is_read_by_everybody_and_reaches_what_was_made_of_it(browser: Any) -> None:
    old = publish("own/old")
    publish("pub/new", said=card(old))
    mine = staff()
    address = f"/en/data/own/old/withdraw/?v={old.commit}"
    assert "pub/new" in page(mine, address)
    assert mine.post(address, {"reason": " "}).status_code == 422
    assert mine.post(address, {"reason": "来源撤回同意"}).status_code == 302
    assert "来源撤回同意" in page(browser, "/zh/data/own/old/")
    below = page(browser, "/en/data/pub/new/")
    assert "Because the data set that it was made from was withdrawn" in below
    assert "own/old" not in page(browser, "/en/data/")
    page(staff("third"), address, 404)


def test_whoever_holds_what_was_withdrawn_is_told(browser: Any) -> None:
    from licet.portal.accounts.models import Body
    from licet.portal.corpus.store import reader_of

    version, mine = publish("pub/reg", said=card(access="registered")), staff()
    with store() as shelf:
        reader = reader_of(shelf, Body.objects.get(code="own"), NOW)
        key = shelf.signing_key(lambda n: b"k" * n)
        Readers(shelf.catalogue).receipt(
            version, version.manifest.files[0], reader, NOW, lambda: key, lambda n: b"r" * n
        )
        withdraw(version, shelf.catalogue, by="cac", reason="consent ended", now=NOW)
    said = page(mine, "/en/data/tokens/")
    assert "stop using them" in said
    assert "consent ended" in said
    assert "/en/data/receipts.jsonl" in said
    (line,) = page(mine, "/en/data/receipts.jsonl").splitlines()
    claims = jws.read(json.loads(line)["receipt"], RECEIPT, KeySet.of([key.public]))
    assert claims["version"] == version.commit
    assert page(staff("third"), "/en/data/receipts.jsonl") == ""


def case_of(body: str, title: str, number: str) -> None:
    """A filing of a body that has a number."""
    from licet.portal.accounts.models import Body
    from licet.portal.filings.models import StoredCase

    StoredCase.objects.create(
        id=f"case_{number}", route="model_filing", holder=Body.objects.get(code=body), title=title,
        filing="granted", licence="valid", number=number, opened=NOW, changed=NOW,
    )  # fmt: skip


def test_an_inspector_follows_data_to_jobs_and_models(browser: Any) -> None:
    old = publish("own/old")
    new = publish("other/new", said=card(old))
    mine, sees = staff("other"), officer()
    staff("own")
    case_of("other", "Model X", "Num-1")
    case_of("own", "Model Y", "Num-2")
    address = f"/en/data/other/new/use/?v={new.commit}"
    assert "Model Y" not in page(mine, address)
    for said in ({}, {"model": "Num-2"}, {"model": "no"}, {"job": "j" * 97}):
        assert mine.post(address, said).status_code == 422
    for _ in range(2):
        said = {"model": "Num-1", "job": "train-7"}
        assert mine.post(address, said).status_code == 302, "again is no harm"
    chain = page(sees, f"/en/desk/data/own/old/chain/?v={old.commit}")
    assert chain.count("train-7") == 1, "what rests on what was made from it rests on it"
    assert "/en/register/Num-1/" in chain
    assert "made from this" in chain
    assert "train-7" in page(sees, "/zh/desk/data/models/Num-1/")
    page(mine, "/en/desk/data/models/Num-1/", 404)
    above = page(sees, "/zh/desk/data/other/new/chain/")
    assert "own/old" in above
    page(mine, "/en/desk/data/other/new/chain/", 404)
    with store() as shelf:
        assert [use.job for use in Uses(shelf.catalogue).by_model("Num-1")] == ["train-7"]
        assert Uses(shelf.catalogue).by_model("") == ()


def test_people_read_a_sample_and_the_page_says_what_it_shows(browser: Any) -> None:
    rows = "".join(json.dumps({"text": f"line {n}"}) + "\n" for n in range(6)) + "no json\n"
    version = publish("own/demo", {"a.jsonl": rows.encode(), "b.txt": b"x\n\n", "c.bin": b"\x00"})
    mine, address = staff(), f"/en/data/own/demo/sample/?v={version.commit}"
    assert "4000" in page(mine, address)
    for many in ("", "0", "x"):
        assert mine.post(address, {"many": many}).status_code == 422
    opened = mine.post(address, {"many": "4000"})
    at = opened.headers["location"]
    from licet.portal.labelling.models import Sample

    sample = Sample.objects.get(about=version.commit)
    assert (sample.of, sample.texts.count()) == (7, 7)
    second = signed_in(person("provider", "second@own.example", ("representative",), "own"))
    for who in (mine, second):
        while (answer := who.get(f"{at}label/")).status_code == 200:
            place = re.search(r'name="place" value="(\d+)"', answer.content.decode())
            assert place
            said = {"place": place[1], "lawful": "no" if place[1] == "0" else "yes"}
            assert who.post(f"{at}label/", said).status_code == 302
    closing = f"/en/desk/data/samples/{sample.pk}/close/"
    assert closing in page(mine, at)
    assert mine.post(f"{at}close/").status_code == 404
    assert staff("third").post(closing).status_code == 404
    assert mine.post(closing).status_code == 302
    shown = page(browser, "/en/data/own/demo/")
    assert "6 / 7" in shown
    assert "Does not conform" in shown or "Not enough data" in shown
    assert mine.post(closing).status_code == 302
    with store() as shelf:
        found = HumanSamples(shelf.catalogue).newest(version.commit)
    assert found is not None
    assert (found.items, found.count.hits, found.count.of) == (7, 6, 7)
    publish("own/bare", {"x.bin": b"1"})
    assert mine.post("/en/data/own/bare/sample/", {"many": "5"}).status_code == 422
