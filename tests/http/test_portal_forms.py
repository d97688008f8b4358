"""What holds for every form: what is wrong is said in the reader's language and reaches those who
listen to a page, and what was typed stays."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.corpus import SOUND
from kit.portal import PASSWORD, person, portal
from kit.visitors import signed_in

FAULTS = re.compile(r'<div class="faults".*?</div>', re.DOTALL)
ENGLISH = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")
PUBLIC = ("/family/join/", "/account/sign-in/", "/complaint/", "/complaint/look/")
FORM = "form/documents/"
STAFF = (
    "/desk/new/", "/data/publish/", "/annotation/add/", "/annotation/record/", "/desk/samples/",
    "/compute/pools/new/", "/compute/needs/new/", "/account/password/",
)  # fmt: skip
TYPED = {
    "name": "妈妈", "email": "not an address", "password": "short", "login": "not an address",
    "oldpassword": PASSWORD, "password1": "short", "password2": "short",
    "number": "-1", "code": "?", "count": "-1", "work": "many", "message": "首次发布",
}  # fmt: skip


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal() as client:
        yield client


def hints_are_linked(page: str) -> None:
    """Every hint of the page is named by the field that it describes."""
    named = {one for ids in re.findall(r'aria-describedby="([^"]+)"', page) for one in ids.split()}
    for hint in re.findall(r'<p class="hint"([^>]*)>', page):
        found = re.search(r'id="([^"]+)"', hint)
        assert found is not None, hint
        assert found[1] in named, found[1]


def staff() -> Any:
    return signed_in(person("provider", "li@own.example", ("representative",), "own"))


def faults(page: str) -> str:
    """What the page says is wrong, without what it says is English."""
    found = FAULTS.search(page)
    assert found is not None
    return re.sub(r"<[^>]+>", " ", re.sub(r'<p lang="en">.*?</p>', "", found[0]))


@pytest.mark.parametrize("typed", [{}, TYPED], ids=["nothing", "nonsense"])
@pytest.mark.parametrize("path", PUBLIC + STAFF)
def test_what_is_wrong_is_said_in_the_readers_language(
    browser: Any, path: str, typed: dict[str, str]
) -> None:
    person("provider", "one@one.example", (), "one")
    who = staff() if path in STAFF else browser
    page = who.post(f"/zh{path}", typed).content.decode()
    assert not ENGLISH.search(faults(page)), faults(page)
    page = who.post(f"/en{path}", typed).content.decode()
    assert page.count('class="faults"') == 1
    assert "<title>Error: " in page
    found = FAULTS.search(page)
    assert found is not None
    named = re.findall(r'href="#([^"]+)"', found[0])
    assert named, "what is wrong leads to where it is put right"
    for one in named:
        assert f' id="{one}"' in page, one


@pytest.mark.parametrize("path", PUBLIC + STAFF)
def test_what_describes_a_field_is_on_the_page(browser: Any, path: str) -> None:
    who = staff() if path in STAFF else browser
    for page in (who.get(f"/en{path}"), who.post(f"/en{path}", {})):
        shown = page.content.decode()
        for names in re.findall(r'aria-describedby="([^"]+)"', shown):
            for name in names.split():
                assert f'id="{name}"' in shown, name


@pytest.mark.parametrize(
    "path", [*PUBLIC, *STAFF, "/check/", "/label/", FORM, "/account/factor/keys/new/"]
)
def test_every_hint_describes_a_field(browser: Any, path: str) -> None:
    who = browser if path in (*PUBLIC, "/check/", "/label/") else staff()
    if path == FORM:
        path = who.post("/zh/desk/new/", {"route": "model_filing"})["location"][3:] + path
    who.post("/en/account/again/", {"password": PASSWORD})
    answer = who.get(f"/zh{path}")
    assert answer.status_code == 200
    hints_are_linked(answer.content.decode())


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize(("path", "field"), [("/check/", "token"), ("/label/", "file")])
def test_a_form_of_one_field_that_came_empty_says_what_is_missing(
    browser: Any, path: str, field: str, language: str
) -> None:
    answer = browser.post(f"/{language}{path}", {})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'href="#{field}"' in page
    assert ("请" in faults(page)) == (language == "zh")
    (typed,) = re.findall(rf'<(?:input|textarea)[^>]* id="{field}"[^>]*>', page)
    assert 'aria-invalid="true"' in typed
    assert f"{field}-hint {field}-fault" in typed
    assert f'id="{field}-fault"' in page
    assert 'class="faults"' not in browser.get(f"/{language}{path}").content.decode()


def test_a_refused_data_set_keeps_its_name_and_message(browser: Any) -> None:
    said = {"name": "a b", "message": "首次发布"}
    page = staff().post("/zh/data/publish/", said).content.decode()
    assert 'value="a b"' in page
    assert 'value="首次发布"' in page
    assert "请填写名称" in faults(page)


@pytest.mark.parametrize(
    ("name", "data", "zh", "en"),
    [
        ("rules.toml", b"id = ", "文件末尾不完整", "ends before it is whole"),
        ("rules.toml", b"a b", "第 1:3（行:列）处", "malformed at 1:3"),
        ("rules.toml", b"id = 3", "rules.toml · id：应为文字", "rules.toml · id: it is text"),
        ("rules.toml", b"what = 3", "不应有 what 这一项", "there is no what"),
        ("rules.json", b"{}", "缺少 id 这一项", "lacks id"),
        ("rules.toml", b"\xff", "不是 UTF-8", "not in UTF-8"),
        ("rules.json", b"{,}", "第 1 字节处", "malformed at byte 1"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_in_the_readers_language(
    browser: Any, name: str, data: bytes, zh: str, en: str
) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    who = staff()
    for lang, words in (("zh", zh), ("en", en)):
        sent = {"file": SimpleUploadedFile(name, data)}
        page = who.post(f"/{lang}/annotation/add/", sent).content.decode()
        assert words in faults(page)
        assert not (lang == "zh" and ENGLISH.search(faults(page))), faults(page)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_card_and_a_file_that_will_not_do_are_told_in_the_readers_language(
    browser: Any, lang: str
) -> None:
    import json

    from django.core.files.uploadedfile import SimpleUploadedFile

    who = staff()
    card, bad = json.dumps(SOUND).encode(), json.dumps(SOUND | {"source": [{"name": 1}]}).encode()
    for said, file, zh, en in (
        (bad, "a.jsonl", "licet-card.json · source 1.name：应为文字", "source 1.name: it is text"),
        (card, "con.jsonl", "con.jsonl：有的文件系统不能保存", "con.jsonl: cannot be kept"),
    ):
        form = {
            "name": "demo", "message": "", "card": SimpleUploadedFile("card.json", said),
            "files": SimpleUploadedFile(file, b"{}"),
        }  # fmt: skip
        page = who.post(f"/{lang}/data/publish/", form).content.decode()
        assert {"zh": zh, "en": en}[lang] in faults(page)
        assert 'lang="en"' not in page.partition("<main")[2] or lang == "en"


def test_what_ends_with_a_day_is_due_on_that_day(browser: Any) -> None:
    from licet.portal.design.templatetags.licet import deadline

    assert "2026年12月7日<" in deadline(datetime(2026, 12, 7, 16, tzinfo=UTC))
    assert "2026年12月8日 00:01" in deadline(datetime(2026, 12, 7, 16, 1, tzinfo=UTC))
    assert deadline(None) == ""
