"""`licet doctor` finds what is wrong, says what to do, and changes nothing by looking."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner

from kit.bundles import KEY, RULES, small_bundle
from kit.corpus import put, shelf
from kit.ledger import entries
from kit.tls import throwaway_tls
from licet.base.trouble import BadInput
from licet.cli import doctor_guard, doctor_here, doctor_reach, doctor_stores
from licet.cli.doctor import CHECKS, Look, examine
from licet.cli.doctor_scene import Finding, Scene
from licet.cli.home import Home
from licet.cli.main import licet
from licet.corpus.checking import VersionChecks
from licet.gateway.bundlefile import CURRENT, save_bundle
from licet.gateway.bundlekey import PUBLIC
from licet.gateway.config import Config, UpstreamConfig, load_config
from licet.gateway.config_demo import DemoChoice, demo_config
from licet.gateway.config_minors import MinorsConfig
from licet.gateway.demo_licence import grant_demo_licence
from licet.gateway.keys import Grant
from licet.gateway.keystore import open_keystore
from licet.ledger.begun import Begun
from licet.ledger.connect import open_store
from licet.ledger.entry import make_entry
from licet.ledger.keyfiles import create_signer, load_signer, publish_vkey
from licet.ledger.log import Log
from licet.rulebook import load_pack

NOW = datetime(2026, 11, 24, 2, 19, 57, tzinfo=UTC)
ORIGIN = "localhost/licet"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def scene(home: Home) -> Scene:
    return Scene(home, None, NOW, {}, "utf-8")


@pytest.fixture
def served(home: Home, tmp_path: Path) -> Scene:
    """A home in which a gateway has run."""
    home.create()
    demo_config(home.root, DemoChoice(port=free_port()))
    config = load_config(home.config)
    assert config.licence is not None
    grant_demo_licence(config.licence, home.licence, load_pack(config.guard.pack), NOW)
    store = open_keystore(config.keys.url)
    store.create("app", Grant(), NOW)
    store.close()
    signer = create_signer(config.ledger.key_file, ORIGIN, lambda size: bytes(size))
    log = Log(open_store(config.ledger.url), signer, ORIGIN)
    log.append(entries(300), NOW)
    log.close()
    publish_vkey(home.ledger / "vkey", signer.verifier)
    (home.keys / PUBLIC).write_text(KEY.public_key().public_bytes_raw().hex())
    save_bundle(home.bundles / CURRENT, small_bundle(tmp_path))
    return Scene(home, config, NOW, {}, "utf-8")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def with_server(scene: Scene, port: int) -> Scene:
    assert scene.config is not None
    server = replace(scene.config.server, port=port)
    return replace(scene, config=replace(scene.config, server=server))


def configured(scene: Scene) -> Config:
    assert scene.config is not None
    return scene.config


# --- all of it -----------------------------------------------------------------------------------


def test_nothing_is_wrong_with_a_home_in_which_a_gateway_has_run(served: Scene) -> None:
    found = dict(examine(served, [look for look in CHECKS if look.name != "shipped"]))
    assert {name: one for name, one in found.items() if one.state != "ok"} == {}
    assert found["ledger"].said == "localhost/licet, 300 entries, the head verifies"
    assert found["api keys"].said == "1 active"


def test_looking_changes_nothing(served: Scene) -> None:
    def contents() -> dict[str, bytes]:
        files = (path for path in served.home.root.rglob("*") if path.is_file())
        # Readers of SQLite share an index of its log beside it, and leave it there.
        ours = (path for path in files if not path.name.endswith(("-shm", "-wal")))
        return {str(path): path.read_bytes() for path in ours}

    before = contents()
    examine(served, CHECKS)
    assert contents() == before


def test_looking_makes_no_home(home: Home, scene: Scene) -> None:
    found = dict(examine(scene, CHECKS))
    assert not home.root.exists()
    assert {found[name].state for name in ("home", "ledger", "api keys")} == {"warn"}


def test_no_check_can_end_another(scene: Scene) -> None:
    looks = [
        Look("absent", "licet.cli.doctor_nowhere", "check"),
        Look("nameless", "licet.cli.doctor_here", "check_nothing"),
        Look("fine", "licet.cli.doctor_here", "check_clock"),
    ]
    (_, absent), (_, nameless), (name, fine) = examine(scene, looks)
    assert absent.state == nameless.state == "bad"
    assert "AttributeError" in nameless.said
    assert (name, fine.state) == ("fine", "ok")


def test_a_broken_library_is_named_and_the_rest_is_looked_at(
    served: Scene, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "numpy.py").write_text("raise ImportError('libblas.so.5 is not here')")
    run = subprocess.run(
        [Path(sys.executable).with_name("licet"), "doctor", "--json"],
        env={**os.environ, "PYTHONPATH": str(broken), "LICET_HOME": str(served.home.root)},
        capture_output=True,
        check=False,
    )
    assert run.returncode == 1, run.stderr
    told = json.loads(run.stdout)
    found = {check["name"]: check for check in told["checks"]}
    assert told["ok"] is False
    assert "libblas.so.5" in found["libraries"]["said"]
    assert found["bundle"]["state"] == "bad"
    assert found["ledger"]["state"] == found["api keys"]["state"] == "ok"


def test_a_configuration_that_cannot_be_read_is_told_with_its_line(home: Home) -> None:
    home.create()
    home.config.write_text("[server]\nport = walrus\n")
    result = CliRunner().invoke(licet, ["doctor", "--home", str(home.root)])
    assert result.exit_code == 1
    assert "✗ configuration" in result.stdout
    assert "line 2" in result.stdout


def test_every_finding_that_is_not_well_says_what_to_do(scene: Scene, served: Scene) -> None:
    for seen in (replace(scene, home=Home(Path("/nowhere"))), served):
        for _, finding in examine(seen, CHECKS):
            assert finding.state == "ok" or finding.hint


# --- this machine --------------------------------------------------------------------------------


def test_what_others_can_read_is_found(served: Scene) -> None:
    key = configured(served).ledger.key_file
    key.chmod(0o644)
    found = doctor_here.check_signing_keys(served)
    assert (found.state, f"chmod 600 {key}" in found.hint) == ("bad", True)
    served.home.root.chmod(0o755)
    found = doctor_here.check_home(served)
    assert (found.state, f"chmod 700 {served.home.root}" in found.hint) == ("bad", True)


def test_a_clock_that_stands_in_the_past_is_found(scene: Scene) -> None:
    old = replace(scene, now=datetime(1970, 1, 1, tzinfo=UTC))
    assert doctor_here.check_clock(old).state == "bad"


def test_a_locale_that_cannot_write_chinese_is_found(scene: Scene) -> None:
    assert doctor_here.check_locale(replace(scene, encoding="latin-1")).state == "warn"
    assert doctor_here.check_locale(replace(scene, encoding="UTF8")).state == "ok"


# --- what is stored ------------------------------------------------------------------------------

LEDGER = [Look("ledger", "licet.cli.doctor_stores", "check_ledger")]


@pytest.mark.parametrize("beside", ["vkey", "ledger.skey"])
@pytest.mark.parametrize("gone", [True, False])
def test_a_ledger_that_was_lost_is_found(served: Scene, gone: bool, beside: str) -> None:
    ledger, config = served.home.ledger / "ledger.db", configured(served).ledger
    signer = load_signer(config.key_file)
    begun = Begun(served.home.keys, signer.verifier, "")
    Log(open_store(config.url), signer, ORIGIN, begun).close()
    ledger.unlink()
    if not gone:
        Log(open_store(config.url), signer, ORIGIN).close()
    if beside != "vkey":
        (served.home.ledger / "vkey").unlink()
    ((_, found),) = examine(served, LEDGER)
    assert found.state == "bad"
    assert f"{ledger} is empty, but its signing key has been used" in found.said


def test_a_ledger_that_is_an_old_copy_is_found(served: Scene) -> None:
    ledger, config = served.home.ledger / "ledger.db", configured(served).ledger
    signer, older = load_signer(config.key_file), ledger.read_bytes()
    begun = Begun(served.home.keys, signer.verifier, "")
    log = Log(open_store(config.url), signer, ORIGIN, begun)
    log.append([make_entry("gateway.started", served.now, {"version": "1"})], served.now)
    log.close()
    assert [found.state for _, found in examine(served, LEDGER)] == ["ok"]
    ledger.write_bytes(older)
    assert f"{ledger} is an old copy: it has" in examine(served, LEDGER)[0][1].said


def test_a_ledger_that_was_tampered_with_is_found(served: Scene) -> None:
    (served.home.ledger / "vkey").write_text(
        create_signer(served.home.keys / "other.skey", ORIGIN, lambda n: b"\1" * n).verifier.vkey
    )
    ((_, found),) = examine(served, LEDGER)
    assert found.state == "bad"
    assert "not this log's" in found.said


def test_a_home_whose_keys_are_all_revoked_is_told(served: Scene) -> None:
    store = open_keystore(configured(served).keys.url)
    store.revoke(store.list()[0].id, NOW)
    store.close()
    assert doctor_stores.check_api_keys(served).state == "warn"


def test_a_bundle_that_does_not_count_is_found(served: Scene) -> None:
    (served.home.keys / PUBLIC).write_text("00" * 32)
    ((_, found),) = examine(served, [Look("bundle", "licet.cli.doctor_guard", "check_bundle")])
    assert found.state == "bad"
    assert "does not count here" in found.said


def test_rules_that_have_expired_are_told(served: Scene, tmp_path: Path) -> None:
    text = RULES.replace('id = "otter"', 'id = "otter"\nexpires = 2026-11-23')
    save_bundle(served.home.bundles / CURRENT, small_bundle(tmp_path, text))
    assert "1 of its rules" in doctor_guard.check_bundle(served).said
    earlier = replace(served, now=NOW - timedelta(days=1))
    assert doctor_guard.check_bundle(earlier).state == "ok"


# --- the network ---------------------------------------------------------------------------------


@pytest.fixture
def listener() -> Iterator[HTTPServer]:
    """Answers every GET with `server.answer` (status, body)."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = self.server.answer  # type: ignore[attr-defined]
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("status", "body", "state", "said"),
    [
        (200, b'{"status": "ready", "missing": []}', "ok", "ready"),
        (503, b'{"status": "not ready", "missing": ["ledger"]}', "bad", "not ready: ledger"),
        (200, b"<html>hello</html>", "bad", "something else listens"),
        (404, b"{}", "bad", "something else listens"),
    ],
)
def test_who_listens_on_the_port_is_told(
    served: Scene, listener: HTTPServer, status: int, body: bytes, state: str, said: str
) -> None:
    listener.answer = (status, body)  # type: ignore[attr-defined]
    found = doctor_reach.check_port(with_server(served, listener.server_port))
    assert found.state == state
    assert said in found.said


def upstream(url: str, **options: Any) -> UpstreamConfig:
    return UpstreamConfig("main", url, **options)


def test_an_upstream_that_answers_is_reachable(scene: Scene, listener: HTTPServer) -> None:
    url = f"http://127.0.0.1:{listener.server_port}/v1"
    assert doctor_reach.check_upstream(upstream(url), scene).state == "ok"
    keyed = upstream(url, key_env="MAIN_KEY")
    assert "MAIN_KEY is not set" in doctor_reach.check_upstream(keyed, scene).said
    there = replace(scene, environ={"MAIN_KEY": "sk-secret"})
    assert doctor_reach.check_upstream(keyed, there).state == "ok"


def test_an_upstream_that_does_not_answer_is_told(scene: Scene) -> None:
    found = doctor_reach.check_upstream(upstream(f"http://127.0.0.1:{free_port()}/v1"), scene)
    assert found.state == "bad"


def test_a_certificate_counts_only_by_the_right_authority(scene: Scene, tmp_path: Path) -> None:
    ca_file, context = throwaway_tls(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            for _ in range(2):
                connection, _ = server.accept()
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    connection.close()

        thread = Thread(target=serve)
        thread.start()
        url = f"https://localhost:{server.getsockname()[1]}/v1"
        known = doctor_reach.check_upstream(upstream(url, ca_file=ca_file), scene)
        unknown = doctor_reach.check_upstream(upstream(url), scene)
        thread.join()
    assert known == Finding("ok", f"{url[8:-3]} by TLS")
    assert unknown.state == "bad"
    assert "certificate" in unknown.said


def test_the_worst_upstream_is_what_is_found(served: Scene) -> None:
    away = replace(upstream(f"http://127.0.0.1:{free_port()}/v1"), name="away")
    config = replace(configured(served), upstream=(*configured(served).upstream, away))
    found = doctor_reach.check_upstreams(replace(served, config=config))
    assert found.state == "bad"
    assert "replay: built in" in found.said
    assert "away: " in found.said


MINORS = MinorsConfig("sqlite:m.db", "chat", Path("minors.key"), "adult", "refuse")


@pytest.mark.parametrize(
    ("settings", "state", "said"),
    [
        (None, "ok", "nobody"),
        (MINORS, "ok", "chat"),
        (replace(MINORS, url="memory:"), "warn", "restart"),
        (replace(MINORS, profile="opera"), "bad", "opera"),
        (replace(MINORS, url="redis://:hunter2@127.0.0.1:{port}/0"), "bad", "refuse"),
    ],
)
def test_how_minors_are_counted_is_looked_at(
    served: Scene, settings: MinorsConfig | None, state: str, said: str
) -> None:
    if settings is not None:
        settings = replace(settings, url=settings.url.format(port=free_port()))
    scene = replace(served, config=replace(configured(served), minors=settings))
    found = doctor_reach.check_minors(scene)
    assert (found.state, "hunter2" in f"{found}") == (state, False)
    assert said in found.said


@pytest.mark.parametrize("url", ["redis://:hunter2@127.0.0.1:{port}/0", "redis://:hunter2@a:b/0"])
def test_no_password_of_a_store_is_said(served: Scene, url: str) -> None:
    pytest.importorskip("redis", reason="the extra `redis` is not installed")
    limits = replace(configured(served).limits, url=url.format(port=free_port()))
    scene = replace(served, config=replace(configured(served), limits=limits))
    found = doctor_reach.check_limits(scene)
    assert found.state == "bad"
    assert "hunter2" not in f"{found}"


def test_a_data_set_that_could_not_be_checked_is_told(scene: Scene, tmp_path: Path) -> None:
    scene.home.create()
    kept = shelf(scene.home.root)
    version = put(kept, tmp_path, "pub/a", {"x": b"1"})
    assert doctor_stores.check_training_data(scene).state == "ok"
    VersionChecks(kept.catalogue).fail(version.commit, BadInput("no such reader"), NOW)
    kept.close()
    found = doctor_stores.check_training_data(scene)
    assert (found.state, "1 could not be checked" in found.said) == ("warn", True)
