"""New versions are checked by themselves, beside the portal; what was found, and what could not be
checked, is told to everybody, to the publisher and to officers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from kit.corpus import NOW, RULES
from kit.data_sets import publish, store
from kit.portal import person, portal
from kit.visitors import signed_in
from licet.corpus.checking import VersionChecks
from licet.corpus.hub import Hub, Request
from licet.corpus.hub_reply import Reply


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def page(browser: Any, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    text: str = answer.content.decode()
    return text


def test_new_versions_are_checked_and_what_was_found_is_told(browser: Any) -> None:
    from licet.portal.corpus.rounds import check_new_versions

    sound = b"".join(b'{"text": "The river ran past town number %d."}\n' % n for n in range(40))
    version = publish("own/sound", {"train.jsonl": sound})
    publish("own/bytes", {"model.bin": b"\0"})
    assert "Not checked yet" in page(browser, "/en/data/")
    assert check_new_versions(NOW) == 2
    assert check_new_versions(NOW) == 0, "once"
    assert "40 items were checked" in page(browser, "/en/data/own/sound/")
    told = page(browser, "/zh/data/own/bytes/")
    assert "检查没有完成" in told
    assert "没有可以检查的文件" in told
    assert "nothing to scan" not in told
    assert "there is nothing to scan" in page(browser, "/en/data/own/bytes/")
    assert "检查未完成" in page(browser, "/zh/data/")
    mine = signed_in(person("provider", "staff@own.example", ("representative",), "own"))
    officer = signed_in(person("authority", "officer@cac.example", ("reviewer",), "cac"))
    assert "没有可以检查的文件" in page(mine, "/zh/data/tokens/")
    for desk in (page(mine, "/en/data/tokens/"), page(officer, "/en/desk/data/")):
        assert "own/bytes" in desk
        assert "own/sound" not in desk
    with store() as shelf:
        hub = Hub(shelf, RULES, base_url="", now=lambda: NOW, chance=bytes)
        asked = Request("GET", ("api", "datasets", "own", "sound"), {}, "")
        answer = hub.answer(asked)
        VersionChecks(shelf.catalogue).end(version.commit, against=True, now=NOW)
    assert "stands against using it" in page(browser, "/en/data/own/sound/")
    assert "Something stands against it" in page(browser, "/en/data/")
    assert isinstance(answer, Reply)
    assert isinstance(answer.body, bytes)
    assert msgspec.json.decode(answer.body)["cardData"]["licet_check"] == "conforms"


def test_a_file_that_cannot_be_read_is_told_by_its_name_alone(browser: Any) -> None:
    """The page is for everybody: where the server keeps its files is not on it."""
    from django.conf import settings

    from licet.portal.corpus.rounds import check_new_versions

    publish("own/broken", {"rows.parquet": b"PAR0"})
    assert check_new_versions(NOW) == 1
    for lang, why in (("en", "cannot be read as Parquet"), ("zh", "不能按 Parquet 读取")):
        told = page(browser, f"/{lang}/data/own/broken/")
        assert "broken/rows.parquet" in told
        assert why in told
        assert str(settings.LICET_HOME) not in told
