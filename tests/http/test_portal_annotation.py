"""The register of annotation rules: in a browser and for programs; who annotated is read by
officers and by whoever recorded it, and nobody else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import msgspec
import pytest

from kit.corpus import NOW, RULES, annotation_rules, batch, card, put, served, shelf
from kit.data_sets import publish, store
from kit.portal import person, portal, trail
from kit.visitors import signed_in
from licet.corpus.annotation_register import AnnotationRegister
from licet.corpus.publishing import Refusal, examine
from licet.corpus.readers import Readers


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def staff(code: str = "own") -> Any:
    return signed_in(person("provider", f"staff@{code}.example", ("representative",), code))


def officer() -> Any:
    return signed_in(person("authority", "officer@cac.example", ("inspector",), "cac"))


def sent(who: Any, address: str, said: Any) -> Any:
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile("it.json", msgspec.json.encode(said))
    return who.post(f"/en/annotation/{address}/", {"file": file})


def page(who: Any, address: str) -> str:
    text: str = who.get(address).content.decode()
    return text


def test_rules_are_registered_cited_and_followed(browser: Any) -> None:
    mine, at = staff(), "/en/annotation/own/demo/"
    assert sent(mine, "add", annotation_rules()).headers["location"] == f"{at}?v=1.0"
    assert sent(mine, "add", annotation_rules()).status_code == 302, "the same again is no harm"
    other = annotation_rules(title={"zh": "别的", "en": "Other"})
    assert "says something else" in sent(mine, "add", other).content.decode()
    assert sent(mine, "record", batch(dataset="own/set")).status_code == 302
    cited = card(annotation=[{"id": "own/demo", "version": "1.0"}])
    publish("own/set", said=cited)
    for who in (browser, staff("third")):
        said = page(who, at)
        assert "495 of 500 right" in said
        assert "/en/data/own/set/" in said, "the set that cites them"
        assert "A01" not in said
    for who in (mine, officer()):
        assert "A01" in page(who, at)
    assert "495 of 500 right" in page(browser, "/en/data/own/set/")
    assert "Example rules" in page(browser, "/en/annotation/")


def test_what_went_wrong_is_recorded_and_told(browser: Any) -> None:
    mine = staff()
    sent(mine, "add", annotation_rules())
    worker = {"mark": "A01", "part": "annotator"}
    wrong = batch(right=300, person=[worker, worker | {"part": "reviewer"}])
    assert sent(mine, "record", wrong).status_code == 302
    said = page(browser, "/en/annotation/own/demo/")
    assert "has no training on record" in said
    assert annotation_rules().title.en in trail(said)
    assert "own/demo" not in trail(said)
    assert "Does not conform" in said


def test_nobody_registers_for_another(browser: Any) -> None:
    sent(staff(), "add", annotation_rules())
    third = staff("third")
    assert sent(third, "add", annotation_rules()).status_code == 422
    assert sent(third, "record", batch()).status_code == 422
    assert sent(third, "record", batch(dataset="own/set")).status_code == 422
    assert sent(third, "record", batch(dataset="third/set")).status_code == 302
    assert sent(third, "record", batch(rules="no/such", dataset="third/set")).status_code == 422
    assert third.post("/en/annotation/add/", {}).status_code == 422


def test_a_card_cites_rules_that_stand(browser: Any) -> None:
    with store() as kept:
        said = card(annotation=[{"id": "own/demo", "version": "1.0"}])
        refused = examine(said, "own/set", kept.catalogue, RULES)
        assert isinstance(refused, Refusal)
        assert "not registered here" in refused.said("en")[0]
        AnnotationRegister(kept.catalogue).register(annotation_rules(), "own", RULES, NOW)
        assert examine(said, "own/set", kept.catalogue, RULES) is None


def test_programs_register_record_and_read(tmp_path: Path) -> None:
    to = shelf(tmp_path)
    put(to, tmp_path, "own/set", {"x.jsonl": b"{}"})
    tokens = {
        space: Readers(to.catalogue).create(space, NOW, secrets.token_bytes, (space,))[1]
        for space in ("own", "third")
    }
    with served(to) as (url, _):
        at = f"{url}/api/corpus/annotation"

        def ask(address: str, said: Any = None, who: str = "") -> Any:
            headers = {"authorization": f"Bearer {tokens[who]}"} if who else {}
            if said is None:
                return httpx2.get(f"{at}{address}", headers=headers)
            return httpx2.post(
                f"{at}{address}", content=msgspec.json.encode(said), headers=headers
            )

        assert ask("/rules", annotation_rules()).status_code == 401
        assert ask("/rules", annotation_rules(), "third").status_code == 403
        gaps = ask("/rules", annotation_rules(parts={}), "own")
        assert (gaps.status_code, len(gaps.json()["refused"]["zh"])) == (422, 4)
        assert ask("/rules", annotation_rules(), "own").status_code == 201
        assert ask("/rules", annotation_rules(kind="safety"), "own").status_code == 409
        assert ask("/batches", batch(dataset="own/set"), "third").status_code == 403
        assert ask("/batches", batch(rules="no/no", dataset="own/x"), "own").status_code == 422
        assert ask("/batches", batch(dataset="own/set", reviewed=1), "own").status_code == 201
        assert ask("/batches", {"rules": 1}, "own").status_code == 400
        assert [one["id"] for one in ask("").json()] == ["own/demo"]
        assert ask("/own/demo").json()["batches"][0]["person"] == 2, "how many, and not who"
        mine = ask("/own/demo", who="own").json()["batches"][0]
        assert (mine["person"][0]["mark"], mine["breaches"]) == ("A01", [])
        assert ask("/no/no").status_code == 404
        assert ask("/own/demo/else").status_code == 404
    to.close()
