"""The page of a case: what a stopped person may know and do, in both languages."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import string
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kit.casepage import CASE, FORM, NOW, OPENED, PACK, Office, Reading
from licet.base.trouble import BadInput
from licet.gateway.casepage import BODY_BYTES_MAX, parse_words, prefer, read_number
from licet.gateway.casepage_words import EN, WORDS, ZH, Words
from licet.gateway.casestore import OBJECTION_CHARACTERS_MAX, OBJECTIONS_MAX


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    office = Office(tmp_path)
    with closing(office.store):
        yield office


class TestDesk:
    DESK = "https://portal.example/{lang}/complaint/?about=stopped&case={case}"

    @pytest.mark.parametrize("lang", sorted(WORDS))
    def test_where_people_answer_the_page_leads_there(self, office: Office, lang: str) -> None:
        office.open()
        office.desk_url = self.DESK
        got = office.ask(languages=lang)
        page = Reading(got.text)
        doors = [one["href"] for one in page.all("a") if one.get("class") == "door"]
        assert doors == [f"https://portal.example/{lang}/complaint/?about=stopped&case={CASE}"]
        assert not page.all("form")
        assert WORDS[lang].desk_help in page.words

    def test_words_that_nobody_there_would_answer_are_not_taken(self, office: Office) -> None:
        office.open()
        office.desk_url = self.DESK
        got = office.appeal("It was a novel.", accept="application/json")
        assert got.status == 405
        assert "https://portal.example/" in got.json["error"]["message"]
        assert not office.store.objections(CASE)
        told = office.ask(accept="application/json").json
        assert (told["objections_left"], CASE in told["desk"]) == (0, True)


class TestReading:
    def test_it_says_what_was_stopped_why_and_on_what_it_rests_in_english(
        self, office: Office
    ) -> None:
        office.open()
        got = office.ask(languages="en-GB,en;q=0.9")
        page = Reading(got.text)
        assert (got.status, got.headers["content-language"]) == (200, "en")
        assert page.all("html") == [{"lang": "en"}]
        for words in (
            "An answer was stopped", CASE, "24 November 2026, 10:19 (UTC+8)", "Crime",
            "base.fraud.en.1", "This helps a crime such as fraud", "Article 4",
            "Providing and using a service must obey the law", "A person decides, not a machine.",
            "this is not the official text", "You need no account", "22 February 2027",
        ):  # fmt: skip
            assert words in page.words, words

    def test_it_says_the_same_in_chinese(self, office: Office) -> None:
        office.open(kind="refused", category="hate", rule="model.hate")
        got = office.ask(languages="zh-CN,zh;q=0.9,en;q=0.8")
        page = Reading(got.text)
        assert page.all("html") == [{"lang": "zh-CN"}]
        for words in (
            "一条提示被拦截", CASE, "2026年11月24日 10:19（UTC+8）", "仇恨", "model.hate",
            "第4条第1项", "第4条第2项", "不是官方文本", "申诉由人审阅并作出决定，不由机器决定",
            "转述尚未与官方文本核对", "无需注册账号", "2027年2月22日",
        ):  # fmt: skip
            assert words in page.words, words

    def test_on_paper_it_says_where_it_stands(self, office: Office) -> None:
        office.open()
        page = Reading(office.ask(host="gateway.example <b>").text)
        assert {"class": "printed"} in page.all("p")
        assert f"gateway.example <b>/appeal/{CASE}" in page.words

    def test_it_never_shows_what_was_stopped_nor_what_was_said_against_it(
        self, office: Office
    ) -> None:
        office.open()
        office.appeal("my private reasons")
        for accept in ("text/html", "application/json"):
            got = office.ask(accept=accept)
            assert "zzyzx" not in got.text
            assert "private reasons" not in got.text

    def test_what_was_not_checked_is_not_called_unlawful(self, office: Office) -> None:
        office.open(category="unjudged", rule="judge.unavailable", reason={"en": "Not checked."})
        words = Reading(office.ask(languages="en").text).words
        assert "Could not be checked" in words
        assert "Nothing was found against the content" in words
        assert "Article 4" not in words

    def test_an_operators_own_category_rests_on_the_operators_rule(self, office: Office) -> None:
        office.open(category="house.rules", rule="acme.7")
        words = Reading(office.ask(languages="en").text).words
        assert "Operator's rule" in words
        assert "acme.7" in words

    def test_when_the_excerpt_is_gone_it_says_so(self, office: Office) -> None:
        office.open()
        office.now = OPENED + timedelta(days=90)
        assert "has been destroyed" in Reading(office.ask(languages="en").text).words
        office.store.sweep(office.now)
        assert "has been destroyed" in Reading(office.ask(languages="en").text).words
        assert office.ask(accept="application/json").json["sealed_until"] is None

    def test_every_category_of_the_pack_has_a_page_in_every_language(self, office: Office) -> None:
        for n, (name, category) in enumerate(PACK.categories.items()):
            case = f"LC-20261124-{n:08}"
            office.open(case, category=name)
            for lang in WORDS:
                words = Reading(office.ask(f"/appeal/{case}?lang={lang}").text).words
                assert category.name[lang] in words
                assert category.reason[lang] in words
                for provision in category.provisions:
                    assert PACK.provision(provision).paraphrase[lang] in words


class TestLanguage:
    @pytest.mark.parametrize(
        ("query", "accepted", "lang"),
        [
            ("", "", "zh-CN"),
            ("", "fr", "zh-CN"),
            ("", "en", "en"),
            ("", "fr, en;q=0.5, *;q=0.1", "en"),
            ("", "zh;q=0.2, en-US;q=0.9", "en"),
            ("", "en;q=0", "zh-CN"),
            ("?lang=en", "zh", "en"),
            ("?lang=zh", "en", "zh-CN"),
            ("?lang=xx", "en", "en"),
        ],
    )
    def test_a_link_beats_the_browser_and_the_pack_breaks_ties(
        self, office: Office, query: str, accepted: str, lang: str
    ) -> None:
        office.open()
        got = office.ask(f"/appeal/{CASE}{query}", languages=accepted)
        assert Reading(got.text).all("html") == [{"lang": lang}]

    def test_each_language_links_to_the_other(self, office: Office) -> None:
        office.open()
        for lang, other in (("zh", "en"), ("en", "zh")):
            links = Reading(office.ask(f"/appeal/{CASE}?lang={lang}").text).all("a")
            assert links[0]["href"] == f"?lang={other}"

    def test_all_words_are_there_in_all_languages_with_the_same_blanks(self) -> None:
        def blanks(value: Any) -> list[Any]:
            if isinstance(value, str):
                assert value.strip()
                return sorted(name for _, name, _, _ in string.Formatter().parse(value) if name)
            if isinstance(value, tuple):
                return [blanks(one) for one in value]
            if isinstance(value, dict):
                return [(key, blanks(one)) for key, one in value.items()]
            return []

        for field in dataclasses.fields(Words):
            assert blanks(getattr(ZH, field.name)) == blanks(getattr(EN, field.name)), field.name

    @given(st.text(max_size=60), st.permutations(["text/html", "application/json"]))
    def test_no_header_breaks_the_choice(self, accepted: str, offered: list[str]) -> None:
        assert prefer(accepted, offered) in offered


class TestAppealing:
    def test_an_appeal_is_kept_and_confirmed_with_its_time(self, office: Office) -> None:
        office.open()
        sent = office.appeal("It was a line from a novel.\r\n它出自小说。", languages="en")
        assert (sent.status, sent.headers["location"]) == (303, "?lang=en&received=1")
        got = office.ask(f"/appeal/{CASE}{sent.headers['location']}")
        page = Reading(got.text)
        assert "Your appeal was received" in page.words
        assert "24 November 2026, 13:19 (UTC+8)" in page.words
        assert page.words.lstrip().startswith(
            "Your appeal was received"
        )  # the title: read out first
        (kept,) = office.store.objections(CASE)
        assert (kept.words, kept.received) == ("It was a line from a novel.\n它出自小说。", NOW)

    def test_nothing_is_confirmed_that_was_not_received(self, office: Office) -> None:
        office.open()
        for query in ("?received=1", "?received=99", "?received=x", "?received=-1"):
            page = Reading(office.ask(f"/appeal/{CASE}{query}&lang=en").text)
            assert "was received" not in page.words

    @pytest.mark.parametrize("words", ["", " \r\n\t ", "。" * (OBJECTION_CHARACTERS_MAX + 1)])
    def test_what_cannot_be_taken_is_said_beside_the_words_which_are_not_lost(
        self, office: Office, words: str
    ) -> None:
        office.open()
        got = office.appeal(words, languages="en")
        page = Reading(got.text)
        (field,) = page.all("textarea")
        assert (got.status, field["aria-invalid"]) == (400, "true")
        assert field["aria-describedby"] == "hint fault"
        assert "Your appeal was not sent" in page.words
        assert words.replace("\r\n", "\n") in page.words.replace("\r\n", "\n")
        assert ("shorten" in page.words) == (len(words) > 9)
        assert office.store.objections(CASE) == ()

    @pytest.mark.parametrize("letter", ["字", "😀", "\n|", "%"])
    def test_the_longest_appeal_fits_in_every_script_and_form(
        self, office: Office, letter: str
    ) -> None:
        office.open()
        words = (letter * OBJECTION_CHARACTERS_MAX)[:OBJECTION_CHARACTERS_MAX].strip()
        assert office.appeal(words.replace("\n", "\r\n")).status == 303
        assert office.store.objections(CASE)[0].words == words
        body = json.dumps({"words": f"{words[:-1]}."}).encode()
        assert office.ask(body=body, kind="application/json").status == 303

    @pytest.mark.parametrize(
        ("body", "kind", "status"),
        [
            (b"words=" + b"x" * BODY_BYTES_MAX, FORM, 413),
            (b"words=why", "text/plain", 400),
            (b"words=why", "", 400),
            (b"&".join([b"a=b"] * 50), FORM, 400),
            (b'{"words":7}', "application/json", 400),
            (b"[" * 20_000, "application/json", 400),
            (b"\xff\xfe", "application/json", 400),
        ],
        ids=range(7),
    )
    def test_what_cannot_be_read_is_refused_on_a_whole_page(
        self, office: Office, body: bytes, kind: str, status: int
    ) -> None:
        office.open()
        got = office.ask(body=body, kind=kind, languages="en")
        assert got.status == status
        assert Reading(got.text).all("textarea")
        asked = office.ask(body=body, kind=kind, accept="application/json")
        assert asked.status == status
        assert set(asked.json["error"]) == {"code", "message"}
        assert office.store.objections(CASE) == ()

    def test_a_case_with_all_its_appeals_takes_no_more(self, office: Office) -> None:
        office.open()
        for n in range(OBJECTIONS_MAX):
            assert office.appeal(f"reason {n}").status == 303
        assert not Reading(office.ask().text).all("form")
        got = office.appeal("one more", languages="en")
        assert got.status == 409
        assert "no more can be added" in Reading(got.text).words
        assert office.appeal("one more", accept="application/json").status == 409

    def test_who_leaves_before_the_end_is_not_answered(self, office: Office) -> None:
        office.open()
        assert office.ask(body=b"words=w", leaves=True).status == 0
        assert office.store.objections(CASE) == ()

    @given(st.binary(max_size=80), st.sampled_from([FORM.encode(), b"application/json"]))
    def test_no_bytes_break_the_reading_of_words(self, body: bytes, kind: bytes) -> None:
        with contextlib.suppress(BadInput):
            assert isinstance(parse_words(body, kind), str)


class TestJson:
    def test_the_facts_can_be_had_as_json(self, office: Office) -> None:
        office.open(kind="refused", category="hate")
        got = office.ask(accept="application/json")
        facts = got.json
        assert got.headers["content-type"] == "application/json"
        assert (facts["case"], facts["stopped"], facts["category"]) == (CASE, "prompt", "hate")
        assert facts["name"] == {"zh": "仇恨", "en": "Hate"}
        assert [one["id"] for one in facts["provisions"]] == ["art4.1", "art4.2"]
        assert facts["opened"] == "2026-11-24T02:19:57.000Z"
        assert (facts["objections"], facts["objections_left"]) == ([], OBJECTIONS_MAX)

    def test_an_appeal_can_be_sent_as_json(self, office: Office) -> None:
        office.open()
        got = office.ask(
            body='{"words": "它出自小说。"}'.encode(),
            kind="application/json; charset=utf-8",
            accept="application/json",
        )
        assert got.status == 201
        assert got.json == {"case": CASE, "number": 1, "received": "2026-11-24T05:19:57.000Z"}
        assert office.store.objections(CASE)[0].words == "它出自小说。"


class TestRefusals:
    @pytest.mark.parametrize(
        "number", ["LC-20261124-00000000", "x", "", "<script>", "LC-1' OR 1=1 --", "案件"]
    )
    @pytest.mark.parametrize("body", [None, b"words=why"])
    def test_an_unknown_case_is_404_and_says_how_a_number_looks(
        self, office: Office, number: str, body: bytes | None
    ) -> None:
        office.open()
        got = office.ask(f"/appeal/{number}", body, languages="en")
        assert got.status == 404
        assert "LC-20261124-7F3K9Q2A" in got.text
        assert "<script" not in got.text
        asked = office.ask(f"/appeal/{number}", body, accept="application/json")
        assert (asked.status, asked.json["error"]["code"]) == (404, "not_found")

    @pytest.mark.parametrize("written", ["lc-20261124-7f3k9q2a", " LC-20261124-7F3K9Q2A"])
    def test_a_number_is_read_as_people_write_it(self, office: Office, written: str) -> None:
        office.open()
        assert office.ask(f"/appeal/{written}").status == 200

    def test_look_alike_letters_are_read_as_digits(self) -> None:
        assert read_number("LC-20261124-OIL0abcd") == "LC-20261124-0110ABCD"

    def test_a_store_that_fails_is_503_and_not_the_end_of_the_right(self, office: Office) -> None:
        office.open()
        office.store.close()
        got = office.ask(languages="en")
        assert got.status == 503
        assert "so is your right to appeal" in Reading(got.text).words

    def test_other_methods_are_refused(self, office: Office) -> None:
        office.open()
        assert office.ask(method="DELETE").status == 405
        assert office.ask(method="HEAD").status == 200
