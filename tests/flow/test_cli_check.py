"""`licet check`, as it is typed and as it is piped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kit.bundles import KEY, RULES, small_bundle, write_rules
from licet.cli.check_stream import READ_BYTES, WAITING_PER_WORKER
from licet.cli.home import Home
from licet.cli.main import INTERRUPTED, licet
from licet.gateway.bundlefile import CURRENT
from licet.gateway.bundlekey import PUBLIC

LICET = Path(sys.executable).with_name("licet")


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "small.licet"
    path.write_bytes(small_bundle(tmp_path))
    return path


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def type_check(home: Home, *words: str, given: str | bytes | None = None) -> Result:
    env = {"LICET_HOME": str(home.root)}
    return CliRunner().invoke(licet, ["check", *words], env=env, input=given)


def lines_of(*texts: str) -> str:
    return "".join(json.dumps({"id": n, "text": text}) + "\n" for n, text in enumerate(texts))


def answers(output: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in output.splitlines()]


def test_a_reader_learns_what_why_by_whom_and_where(home: Home, bundle: Path) -> None:
    text = "Once upon a time, on an ice floe, there was a\nP u r p l e walrus, and it slept. " * 2
    result = type_check(home, text, "--bundle", str(bundle))
    assert result.exit_code == 1
    assert result.stdout.startswith("halt  (score 1.00)")
    for said in (
        "operator  运营者规则 / Operator's rule",
        "rule      walrus, by A. Tester: To be found.",
        "where     46 to 64: …, on an ice floe, there was a [P u r p l e walrus], and it slept. ",
    ):
        assert said in result.stdout


def test_what_passes_ends_with_nought(home: Home, bundle: Path) -> None:
    result = type_check(home, "a grey walrus", "--bundle", str(bundle))
    assert (result.exit_code, result.stdout) == (0, "pass  (score 0.00)\n")


def test_what_is_only_flagged_ends_with_nought(home: Home, bundle: Path) -> None:
    result = type_check(home, "a green otter", "--bundle", str(bundle))
    assert result.exit_code == 0
    assert "flag      operator" in result.stdout


def test_a_verdict_commands_no_terminal(home: Home, bundle: Path) -> None:
    result = type_check(home, "\x1b]0;gone\x07 purple\u202e walrus", "--bundle", str(bundle))
    assert not set(result.stdout) & {"\x1b", "\x07", "\u202e"}


def test_a_program_is_given_the_whole_verdict(home: Home, bundle: Path) -> None:
    result = type_check(home, "-", "--json", "--bundle", str(bundle), given="紫色海象")
    verdict = json.loads(result.stdout)
    assert result.exit_code == 1
    assert verdict["action"] == "halt"
    assert verdict["findings"][0]["rule"] == "walrus"


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (lines_of("fine"), 0),
        (lines_of("fine", "a green otter"), 0),
        (lines_of("fine", "purple walrus", "fine"), 1),
        (lines_of("purple walrus") + "oops\n", 2),
        ("", 0),
    ],
)
def test_the_exit_code_sums_up_the_lines(home: Home, bundle: Path, given: str, code: int) -> None:
    result = type_check(home, "--jsonl", "--bundle", str(bundle), given=given)
    assert result.exit_code == code
    assert len(answers(result.stdout)) == given.count("\n")
    assert result.stderr == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Give a TEXT, or --jsonl"),
        (("a", "--jsonl"), "Give a TEXT, or --jsonl"),
        (("a", "--bundle", "{bundle}", "--pack", "x"), "brings its own"),
        (("a", "--bundle", "{bundle}", "--audience", "cats"), "no audience 'cats'"),
        (("a", "--bundle", "nowhere.licet"), "nowhere.licet"),
        (("a", "--bundle", "{rules}"), "this bundle is refused"),
        (("a", "--rules", "{broken}"), "{broken}, line 2"),
        (("a", "--pack", "atlantis"), "no pack 'atlantis'"),
    ],
)
def test_what_cannot_be_done_ends_with_two_and_says_why(
    home: Home, bundle: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    broken = write_rules(tmp_path / "broken.toml", "[[rule]]\nid = purple\n")
    places = {"bundle": bundle, "rules": tmp_path / "rules.toml", "broken": broken}
    result = type_check(home, *(word.format(**places) for word in words))
    assert result.exit_code == 2
    assert said.format(**places) in result.stderr
    assert "Traceback" not in result.stderr


def test_text_that_is_not_utf_8_is_refused(home: Home, bundle: Path) -> None:
    result = type_check(home, "-", "--bundle", str(bundle), given=b"a\xff")
    assert result.exit_code == 2
    assert "byte 2 is not UTF-8" in result.stderr


def test_the_bundle_of_the_home_judges_where_one_is_installed(home: Home, tmp_path: Path) -> None:
    home.create()
    (home.bundles / CURRENT).write_bytes(small_bundle(tmp_path))
    unsigned = type_check(home, "purple walrus")
    assert unsigned.exit_code == 2
    assert "no signature counts here" in unsigned.stderr
    (home.keys / PUBLIC).write_text(KEY.public_key().public_bytes_raw().hex())
    assert type_check(home, "purple walrus").exit_code == 1
    (home.keys / PUBLIC).write_text("00" * 32)
    assert "does not count here" in type_check(home, "purple walrus").stderr


def test_without_a_home_what_ships_judges_and_nothing_is_written(home: Home) -> None:
    assert type_check(home, "Good morning. Here is the weather for today.").exit_code == 0
    assert type_check(home, "Hello, we sell forged certificates here.").exit_code == 1
    assert not home.root.exists()


def test_rules_come_on_top_of_what_ships(home: Home, tmp_path: Path) -> None:
    rules = write_rules(tmp_path / "mine.toml", RULES)
    for text in ("a purple walrus", "we sell forged certificates"):
        assert type_check(home, text, "--rules", str(rules)).exit_code == 1


def test_rules_that_do_not_judge_are_told_beside_the_verdict(home: Home, tmp_path: Path) -> None:
    rules = write_rules(tmp_path / "mine.toml", f"{RULES}expires = 2020-12-31\n")
    result = type_check(home, "a green otter", "--rules", str(rules), "--json")
    assert json.loads(result.stdout)["action"] == "pass"
    assert result.stderr == (
        f"{rules}: out of their time and not used: otter (since 2021-01-01).\n"
    )


@pytest.fixture
def piped(bundle: Path, tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The real program, a pipe at each end."""
    env = {**os.environ, "LICET_HOME": str(tmp_path / "home")}
    program = subprocess.Popen(
        [LICET, "check", "--jsonl", "--bundle", bundle, "--workers", "1"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
    )  # fmt: skip
    with program:
        yield program
        program.kill()


def test_each_line_is_answered_before_the_next_is_asked(piped: subprocess.Popen[bytes]) -> None:
    assert piped.stdin is not None
    assert piped.stdout is not None
    for number, text in enumerate(["fine", "purple walrus", "fine"]):
        piped.stdin.write(json.dumps({"id": number, "text": text}).encode() + b"\n")
        piped.stdin.flush()
        assert json.loads(piped.stdout.readline())["id"] == number
    piped.stdin.write(b'{"id": "last", "text": "no line end"}')
    piped.stdin.close()
    assert json.loads(piped.stdout.readline())["id"] == "last"
    assert piped.wait(10) == 1


def test_workers_keep_the_order_and_answer_slow_questions_too(
    bundle: Path, tmp_path: Path
) -> None:
    # More than may wait at once, so that the bound is reached.
    one = json.dumps({"id": 0, "text": "a walrus of no colour " * 200})
    count = 3 * 2 * WAITING_PER_WORKER * READ_BYTES // len(one)
    texts = [
        "purple walrus" if n % 7 == 0 else "a walrus of no colour " * 200 for n in range(count)
    ]
    program = subprocess.Popen(
        [LICET, "check", "--jsonl", "--bundle", bundle, "--workers", "2"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    with program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(b'{"id": "first", "text": "a"}\n')
        program.stdin.flush()
        assert json.loads(program.stdout.readline())["id"] == "first"
        out, _ = program.communicate(lines_of(*texts).encode() + b"?\n", timeout=60)
    found = answers(out.decode())
    assert [answer["id"] for answer in found] == [*range(count), None]
    assert all((a["action"] == "halt") == (a["id"] % 7 == 0) for a in found[:-1])
    assert found[-1]["error"]["line"] == count + 2
    assert program.returncode == 2


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What is started from here hears SIGINT, though these tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("workers", ["1", "2"])
def test_ctrl_c_ends_it_quietly(bundle: Path, workers: str) -> None:
    program = subprocess.Popen(
        [LICET, "check", "--jsonl", "--bundle", bundle, "--workers", workers],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        start_new_session=True,
    )  # fmt: skip
    with program:
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(b'{"id": 1, "text": "a"}\n')
        program.stdin.flush()
        assert json.loads(program.stdout.readline())["id"] == 1
        os.killpg(program.pid, signal.SIGINT)  # as a terminal does: to all of them
        out, err = program.communicate(timeout=30)
    assert (program.returncode, out, err.strip()) == (INTERRUPTED, b"", b"")
