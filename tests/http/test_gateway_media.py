"""Pictures and sound through the gateway, as the official client asks for them."""

from __future__ import annotations

import base64
import io
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import openai
import pytest
from PIL import Image

from kit.bundles import RULES
from kit.gateway import Served, running_gateway, write_config
from kit.labels import RULES as LABELS
from kit.media import MEDIA, ask, landscape, listed, notice_of, picture_of
from licet.base.ids import case_mark
from licet.base.trouble import BadInput
from licet.cases.halts import group_halts
from licet.gateway.config import load_config
from licet.gateway.media.copylog import CopyLog
from licet.gateway.media.opening import open_studio
from licet.gateway.metrics import Metrics
from licet.labels import verify
from licet.labels.manifests import check, make_authority
from licet.labels.marks.sound import rhythm
from licet.ledger.entry import Entry, parse_entry
from licet.ledger.follow import Batch, Position
from licet.portal.incidents.following import halts_in
from licet.rulebook import load_pack

PACK = load_pack("cn-genai-2023")
MODEL = "replay-picture"
VOICE: Any = {"model": "replay-speech", "voice": "alloy"}
SMALL: Any = {"model": MODEL, "size": "256x256"}
CRIME = """
[[rule]]
id = "heist.1"
category = "illegal_activity"
action = "halt"
literal = ["rob the toy bank"]
author = "A. Tester"
reason = "To be found."
"""
needs_ffmpeg = pytest.mark.skipif(
    shutil.which("ffmpeg") is None, reason="ffmpeg is not installed: sound is WAV alone"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    (home / "pictures.toml").write_text(listed("op-1", landscape("a hill that is listed")))
    more = MEDIA + 'unlabelled = "on_request"\nblocklists = ["pictures.toml"]\n'
    with running_gateway(home, rules=RULES + CRIME, more=more) as served:
        yield served


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=served.url, api_key=served.key, max_retries=0) as client:
        yield client


def raw_entries(served: Served) -> list[bytes]:
    deadline = time.monotonic() + 5
    while served.gateway.writer.backlog and time.monotonic() < deadline:
        time.sleep(0.02)
    log = served.gateway.log
    return served.call(lambda: log.entries(0, log.size))


def last_entry(served: Served) -> Entry:
    """Of an exchange; what the writer has taken from its queue may not be in the log yet."""
    deadline = time.monotonic() + 5
    while True:
        entry = parse_entry(raw_entries(served)[-1])
        if "exchange" in entry.pub or time.monotonic() > deadline:
            return entry
        time.sleep(0.02)


def test_pictures_come_marked_labelled_and_numbered(client: openai.OpenAI, served: Served) -> None:
    made = client.images.generate(prompt="A lake at dawn", n=2, **SMALL)
    said = (made.model_extra or {})["licet"]["label"]
    assert said["mark"] == "人工智能生成"
    for at in (0, 1):
        data = picture_of(made, at)
        report = verify(data, LABELS)
        assert (report.verdict, report.bound, report.format) == ("compliant", True, "png")
        assert report.aigc is not None
        assert report.aigc.produce_id == said["contents"][at]
        corner = Image.open(io.BytesIO(data)).crop((150, 230, 256, 256)).convert("L")
        assert corner.getextrema()[1] == 255, "letters in white"
    assert picture_of(made, 0) != picture_of(made, 1)
    number = said["contents"][0].rpartition("-")[0]
    entry = last_entry(served)
    assert (entry.kind, entry.pub["exchange"]) == ("exchange.served", number)
    assert (entry.pub["route"], entry.pub["dialect"]) == ("images", "images")


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_every_form_of_picture_is_labelled(form: Any, client: openai.OpenAI) -> None:
    made = client.images.generate(prompt="Hills", output_format=form, **SMALL)
    report = verify(picture_of(made), LABELS)
    assert (report.verdict, report.format) == ("compliant", form)


def test_a_url_is_fetched_judged_and_given_as_one_that_holds_the_picture(
    client: openai.OpenAI,
) -> None:
    made = client.images.generate(prompt="Hills by day", response_format="url", **SMALL)
    head, _, data = (made.data or [])[0].url.partition(",")  # type: ignore[union-attr]
    assert head == "data:image/png;base64"
    assert verify(base64.b64decode(data), LABELS).verdict == "compliant"


def test_a_picture_is_edited(client: openai.OpenAI) -> None:
    ground = landscape()
    made = client.images.edit(model=MODEL, image=("a.png", ground), prompt="The same at dusk")
    assert verify(picture_of(made), LABELS).verdict == "compliant"
    before, after = (Image.open(io.BytesIO(data)) for data in (ground, picture_of(made)))
    assert before.size == after.size
    assert before.tobytes() != after.tobytes()


@pytest.mark.parametrize("form", ["wav", pytest.param("mp3", marks=needs_ffmpeg),
                                  pytest.param("opus", marks=needs_ffmpeg),
                                  pytest.param("flac", marks=needs_ffmpeg)])  # fmt: skip
def test_a_text_is_spoken_with_its_rhythm_and_label(form: Any, client: openai.OpenAI) -> None:
    sound = client.audio.speech.create(input="The lake is calm.", response_format=form, **VOICE)
    report = verify(sound.content, LABELS)
    assert (report.verdict, report.bound) == ("compliant", True)
    assert report.aigc is not None
    assert report.aigc.produce_id == sound.response.headers["licet-content"]
    if form == "wav":
        audio = LABELS.media["audio"]
        tones = rhythm(audio.rhythm, audio.rhythm_unit_ms, 22_050)
        assert len(sound.content) > 2 * len(tones) + 10_000


def test_blocked_words_and_pictures_end_as_cases(client: openai.OpenAI, served: Served) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(prompt="A purple walrus by a lake", **SMALL)
    assert notice_of(refused.value)["where"] == "prompt"
    with pytest.raises(openai.BadRequestError) as unspoken:
        client.audio.speech.create(input="I saw a purple walrus.", **VOICE)
    assert notice_of(unspoken.value)["where"] == "input"
    listed_picture = ("a.png", landscape("a hill that is listed", form="webp"))
    with pytest.raises(openai.BadRequestError) as sent:
        client.images.edit(model=MODEL, image=listed_picture, prompt="Brighter")
    assert notice_of(sent.value)["where"] == "image[0]"
    with pytest.raises(openai.BadRequestError) as made:
        client.images.generate(prompt="a hill that is listed", **SMALL)
    notice = notice_of(made.value)
    assert (notice["rule"], notice["category"]) == ("op-1", "sexual")
    found = [parse_entry(data) for data in raw_entries(served)]
    kinds = {entry.pub["case"]: entry.kind for entry in found if "case" in entry.pub}
    for stopped, kind in ((refused, "refused"), (unspoken, "refused"), (sent, "refused"),
                          (made, "halted")):  # fmt: skip
        assert kinds[case_mark(notice_of(stopped.value)["case"])] == f"exchange.{kind}"
    excerpt = served.gateway.parts.cases.read_excerpt(
        notice["case"], served.gateway.parts.clock.now()
    )
    assert "phash" in excerpt.text


def test_a_blocked_picture_and_blocked_prompts_become_incidents(
    client: openai.OpenAI, served: Served
) -> None:
    ask_for: list[Callable[[], Any]] = [
        lambda: client.images.generate(prompt="a hill that is listed", **SMALL),
        lambda: client.images.generate(prompt="How to rob the toy bank", **SMALL),
        lambda: client.images.edit(
            model=MODEL, image=("a.png", landscape()), prompt="People rob the toy bank"
        ),
        lambda: client.audio.speech.create(input="Let us rob the toy bank.", **VOICE),
    ]
    for asked in ask_for:
        with pytest.raises(openai.BadRequestError):
            asked()
    rules = PACK.supervision.incident
    assert rules is not None
    batch = Batch(0, tuple(raw_entries(served)), Position())
    groups = group_halts({}, halts_in(batch), rules).changed
    found = {(one.family, one.found_in): one.halts for one in groups}
    assert found["op-1", "reply"] >= 1
    assert found["heist", "prompt"] == 3


def test_a_list_that_changes_is_read_again(tmp_path: Path) -> None:
    more = MEDIA + 'blocklists = ["pictures.toml"]\n'
    lists = tmp_path / "pictures.toml"
    lists.write_text(listed("op-1", landscape("somewhere else")))
    with (
        running_gateway(tmp_path, rules=RULES, more=more) as served,
        openai.OpenAI(base_url=served.url, api_key=served.key, max_retries=0) as client,
    ):
        assert client.images.generate(prompt="a hill", **SMALL).data
        lists.write_text("x = 1")
        wait_for(lambda: any("hold" in note for note in served.notes))
        lists.write_text(listed("op-2", landscape("a hill")))
        wait_for(lambda: any("1 on the lists" in note for note in served.notes))
        with pytest.raises(openai.BadRequestError) as halted:
            client.images.generate(prompt="a hill", **SMALL)
    assert notice_of(halted.value)["rule"] == "op-2"


def wait_for(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 8
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class TestUnmarked:
    """A copy without a mark: asked for, under an agreement, by a named user, on record."""

    def test_it_is_given_with_its_label_and_put_on_record(
        self, client: openai.OpenAI, served: Served
    ) -> None:
        made = client.images.generate(
            prompt="A lake", user="user-7", extra_headers={"licet-unmarked": "A-2026-3"}, **SMALL
        )
        said = (made.model_extra or {})["licet"]["label"]
        assert said["mark"] is None
        assert verify(picture_of(made), LABELS).verdict == "compliant"
        copies = served.gateway.parts.copies
        assert copies is not None
        (row,) = copies.read()
        assert (row.content, row.recipient) == (said["contents"][0], "user-7")
        assert row.agreement == "A-2026-3"
        assert b"user-7" not in (served.home / "unmarked.db").read_bytes()

    @pytest.mark.parametrize(
        ("agreement", "more", "code"),
        [("A-1", {}, "user_unnamed"), ("not one", {"user": "u"}, "agreement_unnamed")],
    )
    def test_conditions_are_kept(
        self, agreement: str, more: Any, code: str, client: openai.OpenAI
    ) -> None:
        with pytest.raises(openai.BadRequestError) as no:
            client.images.generate(
                prompt="A lake", extra_headers={"licet-unmarked": agreement}, **SMALL, **more
            )
        assert no.value.code == code

    def test_the_log_keeps_for_the_packs_days_and_no_longer(self, tmp_path: Path) -> None:
        log = CopyLog(tmp_path, keep_days=184, chance=lambda n: bytes(n))
        given = datetime(2026, 1, 1, tzinfo=UTC)
        log.add(["ex-1"], given=given, medium="image", agreement="A-1", recipient="u")
        assert log.sweep(given + timedelta(days=184)) == 0
        assert log.sweep(given + timedelta(days=185)) == 1
        log.close()


def test_a_manifest_is_signed_where_there_is_an_authority(tmp_path: Path) -> None:
    pytest.importorskip("c2pa", reason="c2pa-python is not installed: make extras ARGS=c2pa")
    made = make_authority("Tea Company", now=datetime.now(UTC), days=9, root_days=9)  # noqa: TID251
    keys = tmp_path / "keys-c2pa"
    keys.mkdir()
    (keys / "signer.pem").write_bytes(made.chain)
    (keys / "signer.key").write_bytes(made.key)
    (keys / "signer.key").chmod(0o600)
    answered = ask(tmp_path, "replay:", MEDIA + 'c2pa = "keys-c2pa"\n', size="256x256")
    data = picture_of(answered)
    assert verify(data, LABELS).verdict == "compliant"
    assert check(data, "image/png", made.root).state == "trusted"


class TestNotServed:
    def test_without_the_table_nothing_is(self, tmp_path: Path) -> None:
        with pytest.raises(openai.NotFoundError) as no:
            ask(tmp_path, "replay:", "")
        assert no.value.code == "media_not_served"

    def test_refusing_pictures_without_a_classifier_leaves_sound(self, tmp_path: Path) -> None:
        more = MEDIA.replace('"serve"', '"refuse"')
        with (
            running_gateway(tmp_path, rules=RULES, more=more) as served,
            openai.OpenAI(base_url=served.url, api_key=served.key, max_retries=0) as client,
        ):
            with pytest.raises(openai.PermissionDeniedError) as no:
                client.images.generate(prompt="A lake", **SMALL)
            assert no.value.code == "image_not_judged"
            assert client.audio.speech.create(input="Hi.", response_format="wav", **VOICE).content

    def test_the_packs_tier_decides_whether_an_operator_may(self, tmp_path: Path) -> None:
        config, pack = load_config(write_config(tmp_path, "replay:", more=MEDIA)), PACK
        for tier in ("token", "clause"):
            assert open_studio(config, pack, tier, Metrics(), "", {}) is not None
        with pytest.raises(BadInput, match="in the tier whole no picture is served"):
            open_studio(config, pack, "whole", Metrics(), "", {})


@pytest.mark.parametrize(
    "given",
    [
        {"stream": True}, {"n": 99}, {"response_format": "gif"}, {"prompt": " "},
    ],
)  # fmt: skip
def test_what_cannot_be_had_is_said(given: Any, client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError):
        client.images.generate(**{"prompt": "A lake", **SMALL, **given})


def test_a_form_is_read_by_its_own_boundary_alone(served: Served) -> None:
    import http.client

    host = served.root.removeprefix("http://")
    for content_type in ("multipart/form-data", "multipart/form-data; boundary=b", "text/plain"):
        line = http.client.HTTPConnection(host, timeout=10)
        line.request(
            "POST", "/v1/images/edits", b"--a\r\n\r\n",
            {"content-type": content_type, **served.headers},
        )  # fmt: skip
        reply = line.getresponse()
        assert reply.status == 400
        assert b"form" in reply.read()
        line.close()
