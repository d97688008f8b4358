"""Two installations that talk by HTTP alone, each with its own database, one of them down for a
while: nothing is lost, nothing is done twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from kit import outbox_child, taking_child
from kit.house import ROOT
from kit.installations import Side, enrol, eventually, filled_in, two_installations

CASE = "case_00000000000000000001"
OFFICER = "li@acme.example"
FILED = "StoredCase.objects.count(), Received.objects.count(), StoredEvent.objects.count()"


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_filing_outlives_an_authority_that_is_down(tmp_path: Path, database: str) -> None:
    with two_installations(tmp_path, database) as (authority, provider):
        with authority.serving():
            enrol(authority, provider)
        form = filled_in(tmp_path, CASE)
        assert provider.does("filing", "check", form) == "complete\n"

        sent = provider.run("filing", "send", form, "--wait", "0")
        assert sent.returncode == 1
        assert "waits in the outbox" in sent.stderr
        assert "does not answer" in sent.stderr
        assert authority.ask(f"[{FILED}]") == [0, 0, 0]

        with provider.serving(), authority.serving():  # the courier finds it back by itself
            state = "list(Outgoing.objects.values_list('state', flat=True))"
            eventually(lambda: provider.ask(state) == ["done"], "a receipt")
            again = provider.does("filing", "send", form)
            assert again.split()[0] == CASE
            eventually(lambda: provider.ask("StoredCase.objects.count()") == 1, "the case here")
        assert authority.ask(f"[{FILED}]") == [1, 1, 3]
        assert authority.ask("StoredCase.objects.get().filing") == "filed"

        asked = {"requests": [{"text": "Say who the users are."}]}
        authority.acts("clerk@gov.example", CASE, "send_back", asked)
        with authority.serving():
            told = provider.does("filing", "status", CASE)
            assert "Say who the users are." in told
            assert "refile" in told
            changed = filled_in(tmp_path, CASE, intended_users="Everybody who asks.")
            provider.does("filing", "act", CASE, "refile", "--answers", changed)
            refused = provider.run("filing", "act", CASE, "refile", "--answers", changed)
            assert refused.returncode == 1
            assert "cannot be done at the stage" in refused.stderr
        assert authority.ask("StoredCase.objects.get().filing") == "filed"
        both = f"[(e.kind, e.data) for e in service.load({CASE!r}).events]"
        assert provider.ask(both) == authority.ask(both), "both sides hold the same case"


@pytest.mark.slow
def test_receipts_verify_with_nobody_to_ask(tmp_path: Path) -> None:
    with two_installations(tmp_path) as (authority, provider):
        with authority.serving():
            enrol(authority, provider)
            provider.does("filing", "send", filled_in(tmp_path, CASE))
        out = tmp_path / "evidence"
        said = provider.does("filing", "receipt", CASE, "--out", out)
        assert said.startswith("DONE")
        assert "entries    0 to 2" in said
        kept = {path.suffix: path for path in out.iterdir()}
        about = ["--about", kept[".message"], "--keys", kept[".json"]]
        assert provider.does("filing", "receipt", kept[".receipt"], *about).startswith("DONE")
        kept[".message"].write_text(kept[".message"].read_text()[:-1])
        false = provider.run("filing", "receipt", kept[".receipt"], *about)
        assert (false.returncode, false.stdout[:5]) == (1, "FALSE")


@pytest.mark.slow
def test_what_is_not_complete_is_not_sent(tmp_path: Path) -> None:
    with two_installations(tmp_path) as (authority, provider):
        with authority.serving():
            enrol(authority, provider)
            form = filled_in(tmp_path, CASE)
            said = json.loads(form.read_text())
            said["answers"] |= {"contact_email": "nobody", "security_report": "run.exe"}
            (tmp_path / "run.exe").write_bytes(b"MZ")
            form.write_text(json.dumps(said))
            checked = provider.run("filing", "check", form)
            assert checked.returncode == 1
            assert "contact_email: Write an e-mail address." in checked.stdout
            assert "run.exe: file type" in checked.stdout
            assert provider.run("filing", "send", form).returncode == 2
        assert provider.ask("Outgoing.objects.count()") == 0
        blank = tmp_path / "form.toml"
        blank.write_text(provider.does("filing", "new", "model_filing"), encoding="utf-8")
        assert "organisation: Please give this." in provider.run("filing", "check", blank).stdout
        assert "Routes:" in provider.run("filing", "new", "nothing").stderr


@pytest.mark.slow
def test_a_tick_does_what_is_due_and_again_nothing(tmp_path: Path) -> None:
    with two_installations(tmp_path) as (authority, provider):
        with authority.serving():
            enrol(authority, provider)
            provider.does("filing", "send", filled_in(tmp_path, CASE))
        first = authority.does("tick", "--role", "authority")
        assert authority.does("tick", "--role", "authority") == first
        before = authority.ask(f"[{FILED}]")
        assert before == authority.ask(f"[{FILED}]") == [1, 1, 3]


@pytest.mark.slow
@pytest.mark.timeout(900)  # a hundred processes, one after the other
def test_a_provider_that_is_killed_at_any_write_loses_and_doubles_nothing(tmp_path: Path) -> None:
    with two_installations(tmp_path) as (authority, provider):
        name_officer(provider)
        with authority.serving():
            enrol(authority, provider)
            filings = rounds(outbox_child, provider.home, "filing", filled_in(tmp_path, CASE))
            incidents = rounds(outbox_child, provider.home, "incident", OFFICER)
        assert authority.ask(f"[{FILED}]")[:2] == [filings, filings + incidents]
        counted = "Outgoing.objects.filter(state='done').count(), Outgoing.objects.count()"
        assert provider.ask(f"[{counted}]") == [filings + incidents] * 2
        events = "[(e.case_id, e.kind) for e in StoredEvent.objects.order_by('case_id', 'seq')]"
        kept = provider.ask(events)
        assert kept == authority.ask(events)
        assert len(kept) == 3 * filings + 3 * incidents
        for side in (provider, authority):
            ledger = side.run("ledger", "verify", side.home / "authority-ledger")
            assert ledger.returncode == 0, ledger.stdout + ledger.stderr


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_an_authority_that_is_killed_at_any_write_takes_a_report_once(tmp_path: Path) -> None:
    many, waiting = 16, "Outgoing.objects.filter(state='waiting')"
    with two_installations(tmp_path) as (authority, provider):
        name_officer(provider)
        with authority.serving():
            enrol(authority, provider)
        sent = f"[one.token for one in {waiting}.order_by('made')]"
        told = {"authority": authority.url, "messages": provider.ask(sent, reports(many))}
        (tmp_path / "messages.json").write_text(json.dumps(told))
        assert rounds(taking_child, authority.home, tmp_path / "messages.json") <= many
        with authority.serving():
            provider.does("tick", "--role", "provider")
        assert provider.ask(f"{waiting}.count()") == 0
        events = "[(e.case_id, e.kind) for e in StoredEvent.objects.order_by('case_id', 'seq')]"
        kept = provider.ask(events)
        assert kept == authority.ask(events)
        assert len(kept) == 3 * many
        verified = authority.run("ledger", "verify", authority.home / "authority-ledger")
        assert verified.returncode == 0, verified.stdout + verified.stderr


def reports(many: int) -> str:
    """Statements that report this many incidents, for `ask`."""
    return f"""
from kit.outbox_child import an_incident
for number in range({many}):
    an_incident({OFFICER!r}, number)()
"""


def rounds(child: ModuleType, *words: object) -> int:
    """How many works somebody did, killed at each write of one of them."""
    run = subprocess.run(
        [sys.executable, str(child.__file__), *map(str, words)],
        capture_output=True, text=True, timeout=800, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "tests"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    assert int(run.stdout) > 5, "there is more to be killed at"
    return int(run.stdout)


def name_officer(provider: Side) -> None:
    """Li of ACME, in ACME's own installation."""
    provider.does(
        "portal", "person", OFFICER, "--name", "Li", "--body", "ACME", "--body-kind", "provider",
        "--body-zh", "ACME", "--body-en", "ACME", "--role", "representative", "--role", "drafter",
    )  # fmt: skip


DRAFT = """
from kit.cases import answers
from licet.portal.filings import uploads
from licet.portal.filings.models import Attachment
me, now = Person.objects.get(email="li@acme.example"), SystemClock().now()
case = service.begin("model_filing", me, now)
whole = answers("model_filing")
for name, value in whole.items():
    if isinstance(value, dict):
        taken = uploads.Taken(f"{name}.txt", "text/plain", name.encode())
        uploads.put(home, taken)
        Attachment.objects.create(case_id=case.id, sha256=taken.sha256, name=taken.name,
                                  kind=taken.kind, size=len(taken.data), at=now)
        whole[name] = {"name": taken.name, "sha256": taken.sha256, "bytes": len(taken.data),
                       "type": taken.kind}
service.act(case.id, "save_draft", {"answers": whole}, me, now)
unfit = service.act(case.id, "refile", {}, me, now)
filed = service.act(case.id, "file", {}, me, now)
again = service.act(case.id, "withdraw", {}, me, now)
from django.test import Client
page = Client()
page.force_login(me, backend="allauth.account.auth_backends.AuthenticationBackend")
shown = page.get(f"/en/desk/{case.id}/", headers={"host": "localhost"}).content.decode()
"""

REFILED = """
me, now, case = Person.objects.get(email="li@acme.example"), SystemClock().now(), "CASE"
changed = {**service.load(case).draft, "functions": ["text"]}
service.act(case, "save_draft", {"answers": changed}, me, now)
filed = service.act(case, "refile", {}, me, now)
"""


@pytest.mark.slow
def test_what_is_done_on_a_providers_pages_is_decided_at_the_authority(tmp_path: Path) -> None:
    with two_installations(tmp_path) as (authority, provider):
        name_officer(provider)
        with authority.serving():
            enrol(authority, provider)
        said = "[case.id, unfit.code, filed.filing, again.code, 'On its way' in shown]"
        case, *told = provider.ask(said, DRAFT)
        assert told == ["not_now", "draft", "on_its_way", True]
        unreached = provider.run("tick", "--role", "provider")
        assert (unreached.returncode, "does not answer" in unreached.stderr) == (2, True)
        with authority.serving():
            provider.does("filing", "status")
            assert "Filed" in provider.does("filing", "status", case)
        authority.acts("clerk@gov.example", case, "send_back", {"requests": [{"text": "Why?"}]})
        with authority.serving():
            provider.does("tick", "--role", "provider")
            assert provider.ask("filed.filing", REFILED.replace("CASE", case)) == "sent_back"
            provider.does("tick", "--role", "provider")
        filed = (
            f"[service.load({case!r}).filing, service.load({case!r}).filed.answers['functions']]"
        )
        assert provider.ask(filed) == authority.ask(filed) == ["filed", ["text"]]
