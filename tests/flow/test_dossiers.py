"""A dossier from its first answer to the inspector's question, and what is sealed in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from kit.dossiers import RULES_TEXT, answers, drafted, keepers, published, staff
from kit.portal import portal
from kit.visitors import granted, signed_in
from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, Corrupt
from licet.cases import Refusal
from licet.cases.dossier import Version


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal(public_url="https://authority.example") as client:
        staff()
        yield client


def somebody(email: str) -> Any:
    from licet.portal.accounts.models import Person

    return Person.objects.get(email=email)


def on_disk(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())


def in_database() -> bytes:
    """Every value of every table, as text."""
    from django.apps import apps

    rows = (row for model in apps.get_models() for row in model.objects.values_list())
    return b"\n".join(
        bytes(value) if isinstance(value, bytes | memoryview) else repr(value).encode()
        for row in rows for value in row
    )  # fmt: skip


def test_a_dossier_is_published_in_versions_that_the_ledger_counts(browser: Any) -> None:
    from licet.portal.dossiers import service
    from licet.portal.filings.models import StoredEvent

    keepers()
    by, now = somebody("representative@own.example"), SystemClock().now()
    row = published(granted().id, by)
    again = service.publish(row.pk, "Nothing new.", by, now)
    assert isinstance(again, Refusal)
    assert [fault.code for fault in again.faults] == ["same_version"]
    assert service.save(row.pk, {"data_scale": "More."}, {}, now) == ()
    second = service.publish(row.pk, "More data.", by, now)
    assert isinstance(second, Version)
    row.refresh_from_db()
    assert [stored.sha256 for stored, _ in service.versions(row)][1] == second.sha256
    lines = [bytes(e.entry) for e in StoredEvent.objects.filter(proceeding_id=row.pk)]
    assert [second.sha256.encode() in line for line in lines] == [False, True]
    assert row.published == 2


def test_a_version_that_was_changed_in_the_store_is_not_shown(browser: Any) -> None:
    from licet.portal.dossiers import service
    from licet.portal.dossiers.models import StoredVersion

    keepers()
    row = published(granted().id, somebody("representative@own.example"))
    stored = StoredVersion.objects.get(dossier=row)
    stored.document = bytes(stored.document).replace(b"data_scale.", b"data_scale!")
    stored.document += b" "
    stored.save()
    with pytest.raises(Corrupt):
        service.versions(row)


def test_what_is_sealed_stands_nowhere_on_disk_nor_in_the_database(browser: Any) -> None:
    from licet.portal.dossiers import sealing, service

    keepers()
    row = published(granted().id, somebody("representative@own.example"))
    backup = Path(settings.LICET_HOME).parent / f"{Path(settings.LICET_HOME).name}-backup"
    shutil.copytree(settings.LICET_HOME, backup)
    try:
        for place in (on_disk(Path(settings.LICET_HOME)), on_disk(backup), in_database()):
            assert RULES_TEXT not in place
            assert b"48151623" not in place
    finally:
        shutil.rmtree(backup)
    closed = service.sealed_of(row)["annotation_rules"]
    envelope = sealing.envelope_of(closed)
    assert envelope.needed == 2
    assert len(envelope.shares) == 3
    assert envelope.about == f"{row.pk}/annotation_rules"


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_is_sealed_where_too_few_keep_shares(browser: Any, count: int) -> None:
    from licet.portal.dossiers import service
    from licet.portal.dossiers.models import StoredDossier

    keepers(count)
    with pytest.raises(BadInput, match="must keep shares"):
        drafted(granted().id)
    row = StoredDossier.objects.get()
    assert (row.answers, row.sealed) == ({"model_name": row.case.title}, {})
    assert not (Path(settings.LICET_HOME) / "sealed").exists()
    assert service.save(row.pk, answers(), {}, SystemClock().now()) == ()
    assert [f.field for f in service.lacking(StoredDossier.objects.get())] == ["annotation_rules"]


def test_a_keeper_who_left_keeps_nothing_new(browser: Any) -> None:
    from licet.portal.dossiers import sealing

    first, *_ = keepers()
    assert len(sealing.keepers()) == 3
    first.is_active = False
    first.save()
    assert len(sealing.keepers()) == 2


def test_an_answer_that_is_none_keeps_nothing(browser: Any) -> None:
    from licet.portal.dossiers import service

    keepers()
    row = drafted(granted().id)
    now, before = SystemClock().now(), dict(row.sealed)
    wrong = {"weights_sha256": service.Sealing(b"no digest")}
    faults = service.save(row.pk, {"data_scale": "More."}, wrong, now)
    assert [(one.field, one.code) for one in faults] == [("weights_sha256", "wrong_form")]
    row.refresh_from_db()
    assert (row.sealed, row.answers["data_scale"]) == (before, "data_scale.")
    good = {"weights_sha256": service.Sealing(b"d" * 64)}
    assert service.save(row.pk, {}, good, now) == ()
    row.refresh_from_db()
    assert set(row.sealed) == {"annotation_rules", "weights_sha256"}
    assert b"d" * 64 not in in_database()


def test_an_inspector_asks_and_the_provider_explains(browser: Any) -> None:
    from licet.portal.dossiers import service
    from licet.portal.incidents import service as matters

    keepers()
    row = published(granted().id, somebody("representative@own.example"))
    now, reviewer = SystemClock().now(), somebody("reviewer@officer.example")
    asked = matters.act(row.pk, "ask_about", {"text": "Whose books?"}, reviewer, now)
    assert not isinstance(asked, Refusal)
    assert asked.stage == "asked"
    told = matters.act(
        row.pk, "explain", {"text": "Our own."}, somebody("drafter@own.example"), now
    )
    assert not isinstance(told, Refusal)
    assert told.stage == "kept"
    of = service.proceeding(row)
    assert of
    assert [event.kind for event in of.events] == ["publish_first", "ask_about", "explain"]


def test_everybody_sees_of_a_dossier_what_is_theirs(browser: Any) -> None:
    keepers()
    case = granted()
    row = published(case.id, somebody("representative@own.example"))
    page = browser.get(f"/en/register/{case.grant.number}/dossier/").content.decode()
    assert "model_name" in page
    assert "data_source." not in page
    assert "rules.txt" not in page
    assert "For the authority only" in page
    assert "/dossier/" in browser.get(f"/en/register/{case.grant.number}/").content.decode()
    assert browser.get("/en/register/none/dossier/").status_code == 404
    officer = signed_in(somebody("reviewer@officer.example"))
    seen = officer.get(f"/en/desk/dossiers/{row.pk}/").content.decode()
    assert "data_source." in seen
    assert "48151623" not in seen
    assert replace(service_version(row), number=1).sha256 in seen


def service_version(row: Any) -> Version:
    from licet.portal.dossiers import service

    found = service.latest(row)
    assert found
    return found


def test_a_dossier_is_written_on_its_pages(browser: Any) -> None:
    """Section by section, with files; what is sealed is not given back."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from licet.portal.dossiers.models import StoredDossier

    keepers()
    case = granted()
    own = signed_in(somebody("representative@own.example"))
    own.post("/en/desk/dossiers/", {"case": case.id})
    row = StoredDossier.objects.get()
    address = f"/en/desk/dossiers/{row.pk}/"
    told = answers()
    paper = SimpleUploadedFile("tests.txt", b"all passed")
    for section in ("service", "implementation", "snapshot", "data", "algorithm", "evidence"):
        more = {"tests": paper} if section == "evidence" else {}
        answer = own.post(f"{address}form/{section}/", {**told, **more})
        assert answer.status_code == 302, answer.content.decode()
    closed = SimpleUploadedFile("rules.txt", RULES_TEXT)
    summary = {"annotation_summary": "In short.", "annotation_rules": closed}
    assert own.post(f"{address}form/annotation/", summary).status_code == 302
    page = own.get(f"{address}form/annotation/").content.decode()
    assert "rules.txt" in page
    assert "48151623" not in page
    assert own.post(f"{address}publish/", {}).status_code == 422, "what is new is asked for"
    assert own.post(f"{address}publish/", {"whats_new": "First."}).status_code == 302
    row.refresh_from_db()
    assert row.published == 1
    sha256 = row.answers["tests"]["sha256"]
    assert b"".join(own.get(f"{address}file/{sha256}/").streaming_content) == b"all passed"
    assert b"48151623" not in in_database() + on_disk(Path(settings.LICET_HOME))


CHAIN = b"""
[[part]]
ref = "m"
kind = "model"
name = "Star"
needs = ["c"]
origin.design = { country = "CN", evidence = ["https://example.org/letter"] }
[[part]]
ref = "c"
kind = "chip"
name = "Accelerator"
[[part.trial]]
on = 2026-02-01
instead = "Another"
outcome = "fails"
"""


def test_a_supply_chain_is_validated_kept_and_shown(browser: Any) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    from licet.cases.dossier_bom import write_bom
    from licet.cases.dossier_chain import read_chain

    keepers()
    row = published(granted().id, somebody("representative@own.example"))
    own = signed_in(somebody("representative@own.example"))
    address = f"/en/desk/dossiers/{row.pk}/chain/"
    good = write_bom(read_chain(CHAIN, "x"), SystemClock().now(), "0.1")
    for data in (b"{}", b"no", b"", good.replace(b'"device"', b'"magic"')):
        answer = own.post(address, {"bom": SimpleUploadedFile("x.json", data)})
        assert answer.status_code == 422, data
    assert own.post(address, {"bom": SimpleUploadedFile("x.json", good)}).status_code == 302
    page = own.get(address).content.decode()
    assert "Accelerator" in page
    assert "fails" in page
    assert page.count("Unknown") == 7, "all that is not said"
    row.refresh_from_db()
    sha256 = row.answers["supply_chain"]["sha256"]
    officer = signed_in(somebody("reviewer@officer.example"))
    assert "Accelerator" not in officer.get(address).content.decode(), "a draft is the holder's"
    assert officer.get(f"/en/desk/dossiers/{row.pk}/file/{sha256}/").status_code == 404
    assert own.post(f"/en/desk/dossiers/{row.pk}/publish/", {"whats_new": "x"}).status_code == 302
    assert "Accelerator" in officer.get(address).content.decode()
    kept = officer.get(f"/en/desk/dossiers/{row.pk}/file/{sha256}/")
    assert b"".join(kept.streaming_content) == good


def test_the_command_goes_both_ways(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from licet.cli.main import licet

    chain, document, again = (tmp_path / name for name in ("a.toml", "a.json", "b.toml"))
    chain.write_bytes(CHAIN)

    def run(*words: object) -> Any:
        return CliRunner().invoke(licet, ["dossier", "bom", *map(str, words)])

    assert run("export", chain, "-o", document).exit_code == 0
    assert "2 parts" in run("validate", document).output
    assert run("import", document, "-o", again).exit_code == 0
    assert run("export", again, "-o", tmp_path / "b.json").exit_code == 0
    ours, theirs = (json.loads(p.read_bytes()) for p in (document, tmp_path / "b.json"))
    assert ours["components"] == theirs["components"]
    document.write_bytes(document.read_bytes().replace(b'"device"', b'"magic"'))
    assert run("validate", document).exit_code == 1
    assert "magic" in run("validate", document).output
    assert run("import", document, "-o", again).exit_code != 0
