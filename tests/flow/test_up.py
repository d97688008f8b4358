"""`licet up` as a newcomer meets it: a fresh folder, one command, and what can go wrong."""

from __future__ import annotations

import json
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx2
import pytest

from kit import plain
from kit.bundles import RULES
from kit.command import Running, licet, up
from licet.ledger.entry import parse_entry
from licet.ledger.log import LogView
from licet.ledger.note import parse_vkey
from licet.ledger.store_sqlite import SqliteStore

ASK = {"model": "replay", "messages": [{"role": "user", "content": "answer:en-river-walk"}]}
STOPPED = {"model": "replay", "messages": [{"role": "user", "content": "answer:en-bank-call"}]}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("first") / "home"
    with up(home, "--pace-ms", "0") as running:
        yield running


@pytest.fixture
def home(running: Running) -> Path:
    line = next(line for line in running.said if line.startswith("State: "))
    return Path(line.split()[1])


def chat(running: Running, body: object, key: str = "") -> httpx2.Response:
    headers = {"authorization": f"Bearer {key}"} if key else running.headers
    url = f"{running.url}/chat/completions"
    return plain.post(url, json=body, headers=headers, timeout=20)


def kinds(home: Path) -> list[str]:
    """The kinds of a ledger's entries, after its gateway has ended."""
    store = SqliteStore(home / "ledger" / "ledger.db", read_only=True)
    vkey = parse_vkey((home / "ledger" / "vkey").read_text(encoding="ascii"))
    log = LogView(store, vkey)
    try:
        return [parse_entry(entry).kind for entry in log.entries(0, log.size)]
    finally:
        log.close()


def test_a_fresh_home_serves_and_halts_with_the_key_that_was_printed(running: Running) -> None:
    assert chat(running, ASK).json()["choices"][0]["finish_reason"] == "stop"
    stopped = chat(running, STOPPED).json()
    assert stopped["choices"][0]["finish_reason"] == "content_filter"
    page = plain.get(stopped["licet"]["appeal"])
    assert page.status_code == 200
    assert stopped["licet"]["case"] in page.text


def test_what_was_printed_can_be_pasted(running: Running) -> None:
    said = "".join(running.said)
    assert f"curl -N {running.url}/chat/completions" in said
    assert f'base_url="{running.url}"' in said
    assert said.count(running.key) == 3


def test_what_was_printed_means_this_home(running: Running) -> None:
    printed = "".join(running.said).split("Who may sign in: ")[1].splitlines()[0]
    program, *words = shlex.split(printed)
    assert shutil.which(program) is not None

    def told() -> str:
        command = [program, *words]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    until(lambda: "chen@morningstar.example" in told(), within_s=60)  # the demonstration opens


def test_what_is_printed_asks_the_model_that_is_there(tmp_path: Path) -> None:
    with up(tmp_path / "home", "--upstream", "http://127.0.0.1:9/v1", "--no-portal") as running:
        said = "".join(running.said)
    assert "replay" not in said
    assert "answer:" not in said
    assert said.count("NAME-OF-YOUR-MODEL") == 2


def test_all_state_is_in_the_home_for_its_owner_alone(running: Running, home: Path) -> None:
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {"config.toml", "keys.db", "ledger", "keys"} <= {p.name for p in home.iterdir()}
    for path in [home / "config.toml", home / "keys.db", *(home / "keys").iterdir()]:
        if path.suffix != ".pub" and path.is_file():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_keys_made_beside_it_open_it_and_end_with_their_revocation(
    running: Running, home: Path
) -> None:
    made = licet("keys", "create", "--name", "tester", "--json", home=home)
    key = json.loads(made.stdout)
    assert set(key) == {"id", "key"}
    until(lambda: chat(running, ASK, key["key"]).status_code == 200)
    assert licet("keys", "revoke", key["id"], home=home).returncode == 0
    until(lambda: chat(running, ASK, key["key"]).status_code == 401)
    assert chat(running, ASK).status_code == 200


def test_the_ledger_is_verified_over_http_while_it_grows(running: Running) -> None:
    chat(running, STOPPED)
    verified = licet("ledger", "verify", f"{running.root}/ledger", "--json")
    assert verified.returncode == 0, verified.stdout + verified.stderr


def test_a_port_in_use_is_said_so(running: Running, tmp_path: Path) -> None:
    port = running.root.rpartition(":")[2]
    refused = licet("up", "--port", port, home=tmp_path / "other")
    assert refused.returncode == 2
    assert f"cannot listen on 127.0.0.1:{port}" in refused.stderr
    assert "--port" in refused.stderr


@pytest.mark.parametrize("more", [(), ("--rules", "no.toml"), ("--lab",)])
def test_two_gateways_cannot_write_one_ledger(
    running: Running, home: Path, more: tuple[str, ...]
) -> None:
    before, kept = chat(running, ASK).status_code, replaceable(home)
    second = licet("up", "--port", "0", *more, home=home)
    assert second.returncode == 2
    assert "Traceback" not in second.stderr
    assert replaceable(home) == kept
    assert chat(running, ASK).status_code == before == 200, "the first is not harmed"


def replaceable(home: Path) -> dict[str, bytes]:
    """What a start writes for the address that it serves. Status lists (`licence/lists`) are left
    out: a running gateway fetches them anew."""
    below = [*(home / "licence").iterdir(), *(home / "authority").iterdir()]
    held = [home / "config.toml", *(path for path in below if path.is_file())]
    return {str(path): path.read_bytes() for path in held}


def test_a_start_that_fails_replaces_no_configuration(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with up(home):
        pass
    kept = replaceable(home)
    for unfit in (
        ("--rules", tmp_path / "no.toml"),
        ("--upstream", "http://127.0.0.1:9/v1", "--upstream-key-env", "NOT_SET_ANYWHERE"),
    ):
        assert licet("up", "--port", "0", *unfit, home=home).returncode == 2
        assert replaceable(home) == kept


@pytest.mark.parametrize("lose", [Path.unlink, partial(Path.write_bytes, data=b"")])
def test_a_lost_ledger_is_not_begun_again_under_its_key(
    lose: Callable[[Path], object], tmp_path: Path
) -> None:
    home = tmp_path / "home"
    with up(home) as running:
        running.send(signal.SIGTERM)
        assert running.wait() == 0
    ledger = home / "ledger" / "ledger.db"
    copy = ledger.read_bytes()
    lose(ledger)
    refused = licet("up", "--port", "0", home=home)
    assert refused.returncode == 2
    assert f"{ledger} is empty, but its signing key has been used" in refused.stderr
    assert "Restore" in refused.stderr
    ledger.write_bytes(copy)
    with up(home):
        pass
    assert licet("ledger", "verify", home / "ledger").returncode == 0


def test_another_host_is_listened_on(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            pytest.skip("this machine has no IPv6 loopback")
    with up(tmp_path / "home", "--host", "::1", "--pace-ms", "0") as running:
        assert running.url.startswith("http://[::1]:")
        stopped = chat(running, STOPPED).json()
        assert plain.get(stopped["licet"]["appeal"]).status_code == 200


@pytest.mark.parametrize(
    ("text", "line", "cause"),
    [
        (RULES.replace("halt", "stop"), 4, "action"),
        (RULES.replace('id = "otter"', "id = otter"), 10, "TOML"),
        (RULES.replace('reason = "To be noted."\n', ""), 9, "reason"),
        ("[[rule]]\n" + "[" * 9000, 2, "TOML"),
    ],
)
def test_a_broken_rule_file_is_refused_with_line_and_cause(
    text: str, line: int, cause: str, tmp_path: Path
) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text(text, encoding="utf-8")
    refused = licet("up", "--port", "0", "--rules", rules, home=tmp_path / "home")
    assert refused.returncode == 2
    assert f"{rules.name}, line {line}" in refused.stderr
    assert cause in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_rule_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    refused = licet("up", "--port", "0", "--rules", tmp_path / "no.toml", home=tmp_path / "home")
    assert refused.returncode == 2
    assert "no.toml" in refused.stderr


def test_a_configuration_that_a_person_edited_is_left_alone(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with up(home):
        pass
    path = home / "config.toml"
    edited = path.read_text(encoding="utf-8").replace('images = "refuse"', 'images = "pass"')
    path.write_text(edited, encoding="utf-8")
    refused = licet("up", "--port", "0", home=home)
    assert refused.returncode == 2
    assert "licet gateway" in refused.stderr
    assert path.read_text(encoding="utf-8") == edited


def test_rules_stop_and_their_author_is_the_operator(tmp_path: Path) -> None:
    rules = tmp_path / "mine.toml"
    rules.write_text(RULES, encoding="utf-8")
    with up(tmp_path / "home", "--rules", rules, "--pace-ms", "0") as running:
        body = {"model": "m", "messages": [{"role": "user", "content": "a purple walrus"}]}
        refused = chat(running, body)
        assert refused.status_code == 400
        assert refused.json()["error"]["licet"]["rule"] == "walrus"


def test_a_key_for_the_upstream_that_is_not_set_is_asked_for(tmp_path: Path) -> None:
    refused = licet(
        "up", "--port", "0", "--upstream", "http://127.0.0.1:9/v1",
        "--upstream-key-env", "NOT_SET_ANYWHERE", home=tmp_path / "home",
    )  # fmt: skip
    assert refused.returncode == 2
    assert "NOT_SET_ANYWHERE" in refused.stderr


def test_sigterm_lets_a_stream_finish_and_closes_the_ledger(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with up(home, "--pace-ms", "5") as running:
        with (
            plain.client(headers=running.headers, timeout=30) as client,
            client.stream(
                "POST", f"{running.url}/chat/completions", json=ASK | {"stream": True}
            ) as response,
        ):
            pieces = response.iter_text()
            heard = next(pieces)
            running.send(signal.SIGTERM)
            until(lambda: not is_open(running.root))
            heard += "".join(pieces)
        assert '"finish_reason":"stop"' in heard
        assert heard.endswith("data: [DONE]\n\n")
        assert running.wait() == 0
    assert "".join(running.complained).count("SIGTERM") == 1
    assert kinds(home)[-1] == "gateway.stopped"
    assert licet("ledger", "verify", home / "ledger").returncode == 0


def test_sighup_reads_rule_files_again(tmp_path: Path) -> None:
    rules, home = tmp_path / "mine.toml", tmp_path / "home"
    rules.write_text(RULES, encoding="utf-8")
    body = {"model": "m", "messages": [{"role": "user", "content": "a yellow newt"}]}
    with up(home, "--rules", rules, "--pace-ms", "0") as running:
        assert chat(running, body).status_code == 200
        rules.write_text(RULES.replace("purple walrus", "yellow newt"), encoding="utf-8")
        running.send(signal.SIGHUP)
        until(lambda: chat(running, body).status_code == 400)
        rules.write_text("[[rule]]\nid = broken", encoding="utf-8")
        running.send(signal.SIGHUP)
        until(lambda: f"refused: {rules}, line 2: " in "".join(running.complained))
        assert chat(running, body).status_code == 400, "the old rules stay"
        running.send(signal.SIGTERM)
        assert running.wait() == 0
    recorded = kinds(home)
    assert recorded.count("bundle.loaded") == 1
    assert recorded.count("bundle.refused") == 1


def test_rules_out_of_their_time_are_told_at_start_and_when_read_again(tmp_path: Path) -> None:
    rules, empty = tmp_path / "mine.toml", tmp_path / "empty.toml"
    rules.write_text(f"{RULES}expires = 2020-12-31\n", encoding="utf-8")
    empty.touch()
    told = f"licet: {rules}: out of their time and not used: otter (since 2021-01-01)."
    with up(tmp_path / "home", "--rules", rules, "--rules", empty) as running:
        until(lambda: told in "".join(running.complained))
        assert f"licet: {empty} holds no rules." in "".join(running.complained)
        running.send(signal.SIGHUP)
        until(lambda: "".join(running.complained).count(told) == 2)


def is_open(root: str) -> bool:
    host, port = root.removeprefix("http://").rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def until(reached: Callable[[], bool], within_s: float = 20.0) -> None:
    began_s = time.monotonic()
    while not reached():
        assert time.monotonic() - began_s < within_s
        time.sleep(0.05)


def test_a_second_signal_does_not_wait(tmp_path: Path) -> None:
    home = tmp_path / "home"
    with (
        up(home, "--pace-ms", "200") as running,
        plain.client(headers=running.headers, timeout=30) as client,
        client.stream(
            "POST", f"{running.url}/chat/completions", json=ASK | {"stream": True}
        ) as response,
    ):
        next(response.iter_raw())
        running.send(signal.SIGINT)
        until(lambda: not is_open(running.root))
        running.send(signal.SIGTERM)
        assert running.wait() == 0
    assert kinds(home)[-1] == "gateway.stopped"
    assert licet("ledger", "verify", home / "ledger").returncode == 0


def test_home_may_be_named_on_the_command_line(tmp_path: Path) -> None:
    named, other = tmp_path / "named", tmp_path / "other"
    with up(other, "--home", named) as running:
        running.send(signal.SIGTERM)
        assert running.wait() == 0
    assert (named / "config.toml").exists()
    assert not other.exists()
