"""`licet up` and its demo licence: granted at the first start, marked, not to be shaken off."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_bytes

from kit import plain
from kit.command import Running, licet, up
from licet.credentials import Status, Terms, read_licence
from licet.credentials.issuer import open_issuer
from licet.credentials.keyfiles import load_key_set
from licet.gateway.app import list_settings
from licet.gateway.config import load_config
from licet.gateway.config_demo import DemoChoice, demo_config
from licet.gateway.demo_licence import grant_demo_licence
from licet.rulebook import load_pack

NOW = datetime(2026, 11, 24, 2, 19, 57, tzinfo=UTC)
ASK = {"model": "replay", "messages": [{"role": "user", "content": "answer:en-river-walk"}]}


def chat(running: Running) -> tuple[int, str]:
    answer = plain.post(
        f"{running.url}/chat/completions", json=ASK, headers=running.headers, timeout=20
    )
    return answer.status_code, answer.headers["licet-licence"]


def test_a_newcomer_has_a_demo_licence_that_says_what_it_is(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with up(home, "--pace-ms", "0") as running:
        assert "DEMO licence" in "".join(running.said)
        assert chat(running) == (200, "demo")
        token = plain.get(f"{running.root}/.well-known/licet").text
        verified = licet("licence", "verify", token, home=home)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert "valid (demo)" in verified.stdout
        past = plain.get(f"{running.root}/status/1", params={"time": "1"})
        assert past.status_code == 404
        assert plain.get(f"{running.root}/status/1", params={"time": "x"}).status_code == 400
        suspended = licet("licence", "demo", "suspend", home=home)
        assert "suspended" in suspended.stdout
    with up(home, "--pace-ms", "0") as running:
        assert chat(running) == (403, "suspended"), "starting again lifts no suspension"
        assert "NOBODY IS SERVED" in "".join(running.said)
    with up(home, "--lab", "--pace-ms", "0") as running:
        assert "UNLICENSED" in "".join(running.said)
        assert chat(running) == (200, "lab")
        assert plain.get(f"{running.root}/.well-known/licet").status_code == 404


def grant(home: Path, port: int) -> str:
    demo_config(home, DemoChoice(port=port))
    config = load_config(home / "config.toml").licence
    assert config is not None
    grant_demo_licence(config, home / "licence", load_pack("cn-genai-2023"), NOW)
    return config.token_file.read_text(encoding="ascii")


def test_the_demo_licence_is_kept_while_it_is_good_and_follows_the_address(tmp_path: Path) -> None:
    first = grant(tmp_path, 8080)
    assert grant(tmp_path, 8080) == first
    keys = load_key_set(tmp_path / "licence/jwks.json")
    moved = read_licence(grant(tmp_path, 9090), keys)
    before = read_licence(first, keys)
    assert moved.filing == before.filing
    assert moved.demo
    assert moved.status.index != before.status.index
    assert moved.issuer == "http://127.0.0.1:9090"


def test_only_demo_licences_are_acted_on_without_a_case(tmp_path: Path) -> None:
    grant(tmp_path, 8080)
    settings = list_settings(load_pack("cn-genai-2023"))
    issuer = open_issuer(tmp_path / "authority", "http://127.0.0.1:8080", settings, token_bytes)
    (demo, _), *_ = issuer.licences()
    given = {one.name: getattr(demo, one.name) for one in fields(Terms)}
    issuer.issue(Terms(**given | {"demo": False}), demo.issued)
    refused = licet("licence", "demo", "suspend", home=tmp_path)
    assert refused.returncode == 2
    assert "case" in refused.stderr
    assert all(status is Status.VALID for _, status in issuer.licences())
