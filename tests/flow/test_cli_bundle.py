"""`licet bundle`, as it is typed: whole, signed, installed at once, and compared on texts."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kit.bundles import KEY, RULES, small_bundle, write_rules
from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, NotAllowed, NotFound
from licet.cli.home import Home
from licet.cli.main import licet
from licet.gateway.bundlefile import (
    CURRENT,
    load_bundle,
    load_current,
    load_installed,
    save_bundle,
)
from licet.gateway.bundlekey import (
    PRIVATE,
    PUBLIC,
    create_bundle_key,
    load_bundle_key,
    load_or_create_bundle_key,
    load_trusted_keys,
)
from licet.gateway.config_demo import DemoChoice, demo_config
from licet.guard.bundle import read_bundle

OTHER = RULES.replace("purple walrus", "purple seal").replace('"flag"', '"halt"')


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return write_rules(tmp_path / "mine.toml")


def type_bundle(home: Home, *words: str | Path) -> Result:
    env = {"LICET_HOME": str(home.root)}
    return CliRunner().invoke(licet, ["bundle", *map(str, words)], env=env)


def chance(size: int) -> bytes:
    return bytes(range(1, size + 1))


# --- build ---------------------------------------------------------------------------------------


def test_what_is_built_and_installed_is_what_judges(home: Home, rules: Path) -> None:
    built = type_bundle(home, "build", "--no-shipped", "--rules", rules, "--install")
    assert built.exit_code == 0, built.output
    bundle = load_bundle(home.bundles / CURRENT, load_trusted_keys(home.keys))
    assert [rule.id for rule in bundle.all_rules] == ["walrus", "otter"]
    assert bundle.digest in built.stdout
    checked = CliRunner().invoke(licet, ["check", "purple walrus", "--home", str(home.root)])
    assert checked.exit_code == 1


def test_what_was_chosen_is_in_the_bundle(home: Home, rules: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.licet"
    words = ["--no-shipped", "--rules", rules, "--tier", "whole", "--name", "spring", "--urgent"]
    assert type_bundle(home, "build", *words, "-o", file).exit_code == 0
    shown = json.loads(type_bundle(home, "show", file, "--json").stdout)
    assert shown["name"] == "spring"
    assert shown["tier"] == "whole"
    assert shown["urgent"] is True
    assert shown["trusted"] is True
    assert shown["weights_sha256"] is None
    assert not (home.bundles / CURRENT).exists()


def test_rules_out_of_their_time_are_told_beside_what_was_built(
    home: Home, tmp_path: Path
) -> None:
    past, soon = date(2021, 1, 1), SystemClock().now().date() + timedelta(days=3)
    texts = [f"{rule.strip()}\nexpires = {day}" for rule, day in zip(
        RULES.split("\n\n"), (past, soon), strict=True)]  # fmt: skip
    rules = write_rules(tmp_path / "r.toml", "\n\n".join(texts))
    built = type_bundle(home, "build", "--no-shipped", "--rules", rules, "-o", tmp_path / "b")
    assert built.exit_code == 0, built.output
    assert built.stderr.splitlines() == [
        f"{rules}: out of their time and not used: walrus (since 2021-01-02).",
        f"{rules}: soon out of their time: otter (from {soon + timedelta(days=1)}).",
    ]


def test_the_same_choice_gives_the_same_bytes(home: Home, rules: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "a.licet", tmp_path / "b.licet"
    for file in (first, second):
        type_bundle(home, "build", "--no-shipped", "--rules", rules, "-o", file)
    assert first.read_bytes() == second.read_bytes()


def test_a_configured_home_gives_what_was_not_typed(home: Home, rules: Path) -> None:
    home.create()
    demo_config(home.root, DemoChoice(rules=(rules,)))
    text = home.config.read_text()
    home.config.write_text(text.replace('clause = "halt"', 'clause = "hold"'))
    more = write_rules(rules.with_name("more.toml"), OTHER.replace('id = "', 'id = "new-'))
    words = ["build", "--no-shipped", "--install", "--rules", rules, "--rules", more]
    assert type_bundle(home, *words).exit_code == 0
    bundle = load_bundle(home.bundles / CURRENT, None)
    assert bundle.policy.on_judge_failure["clause"] == "hold"
    assert [r.id for r in bundle.all_rules] == ["walrus", "otter", "new-walrus", "new-otter"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("build", "--no-shipped"), "Say where to"),
        (("build", "--no-shipped", "--name", "a\nb", "--install"), "printable characters"),
        (("build", "--no-shipped", "--rules", "{twice}", "--rules", "{rules}", "--install"),
         "is used already"),
        (("build", "--no-shipped", "-o", "{folder}/none/a.licet"), "cannot be written"),
        (("build", "--no-shipped", "--pack", "atlantis", "--install"), "no pack 'atlantis'"),
        (("show",), "licet bundle build --install"),
        (("show", "{rules}"), "this bundle is refused"),
        (("verify", "{small}"), "no signature counts here"),
        (("verify", "{small}", "--key", "walrus"), "64 hexadecimal digits"),
        (("diff", "{small}", "{small}", "--bank", "{rules}"), "mine.toml, line 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_ends_with_two_and_says_why(
    home: Home, rules: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "small.licet").write_bytes(small_bundle(tmp_path))
    places = {
        "rules": rules, "twice": write_rules(tmp_path / "twice.toml"), "folder": tmp_path,
        "small": tmp_path / "small.licet",
    }  # fmt: skip
    result = type_bundle(home, *(word.format(**places) for word in words))
    assert result.exit_code == 2, result.output
    assert said in result.stderr
    assert "Traceback" not in result.stderr
    assert not (home.bundles / CURRENT).exists()


def test_a_key_that_does_not_count_installs_nothing(home: Home, rules: Path) -> None:
    home.create()
    create_bundle_key(home.keys, chance)
    (home.keys / PUBLIC).write_text("00" * 32 + "  # the authority\n")
    result = type_bundle(home, "build", "--no-shipped", "--install")
    assert result.exit_code == 2
    assert "does not count here" in result.stderr
    assert not (home.bundles / CURRENT).exists()


# --- show, verify, diff --------------------------------------------------------------------------


def test_a_bundle_of_somebody_else_is_shown_but_not_trusted(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "theirs.licet"
    file.write_bytes(small_bundle(tmp_path))
    shown = type_bundle(home, "show", file)
    assert shown.exit_code == 0
    assert "trusted    no" in shown.stdout
    assert KEY.public_key().public_bytes_raw().hex() in shown.stdout


def test_a_bundle_verifies_by_the_right_key_alone(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "theirs.licet"
    data = small_bundle(tmp_path)
    file.write_bytes(data)
    key = KEY.public_key().public_bytes_raw().hex()
    assert type_bundle(home, "verify", file, "--key", key).exit_code == 0
    wrong = type_bundle(home, "verify", file, "--key", "11" * 32)
    assert (wrong.exit_code, wrong.stdout.split()[0]) == (1, "FALSE")
    file.write_bytes(data.replace(b"purple walrus", b"yellow walrus"))
    changed = type_bundle(home, "verify", file, "--key", key)
    assert (changed.exit_code, changed.stdout.split()[0]) == (1, "FALSE")


def test_a_difference_is_told_by_rule_and_by_text(home: Home, tmp_path: Path) -> None:
    old, new, bank = (tmp_path / name for name in ("old.licet", "new.licet", "bank.jsonl"))
    old.write_bytes(small_bundle(tmp_path))
    new.write_bytes(small_bundle(tmp_path, OTHER))
    texts = {"a": "purple walrus", "b": "green otter", "c": "grey owl", "d": "purple seal"}
    bank.write_text("\n".join(json.dumps({"id": n, "text": t}) for n, t in texts.items()) + "\n\n")
    plain = type_bundle(home, "diff", old, new)
    assert (plain.exit_code, plain.stdout) == (0, "~ rule otter\n~ rule walrus\n")
    tried = type_bundle(home, "diff", old, new, "--bank", bank)
    assert tried.exit_code == 1
    assert "4 texts, 3 fare otherwise" in tried.stdout
    for said in ("flag → halt: 1", "  a: halt → pass", "  b: flag → halt", "  d: pass → halt"):
        assert said in tried.stdout
    told = json.loads(type_bundle(home, "diff", old, new, "--bank", bank, "--json").stdout)
    assert told["rules_changed"] == ["otter", "walrus"]
    assert told["bank"]["texts"] == 4
    assert told["bank"]["changed"][0] == {"id": "a", "old": "halt", "new": "pass"}
    same = type_bundle(home, "diff", old, old, "--bank", bank)
    assert same.exit_code == 0
    assert "no difference" in same.stdout


# --- keys and files ------------------------------------------------------------------------------


def test_a_signing_key_is_made_once_for_its_owner_alone(home: Home) -> None:
    home.create()
    key = load_or_create_bundle_key(home.keys, chance)
    again = load_or_create_bundle_key(home.keys, lambda size: bytes(size))
    assert key.private_bytes_raw() == again.private_bytes_raw() == chance(32)
    assert stat.S_IMODE((home.keys / PRIVATE).stat().st_mode) == 0o600
    assert load_trusted_keys(home.keys) == {key.public_key().public_bytes_raw()}
    with pytest.raises(NotAllowed, match="exists"):
        create_bundle_key(home.keys, chance)
    assert {path.name for path in home.keys.iterdir()} == {PRIVATE, PUBLIC}


_MAKE = """
import secrets, sys
from pathlib import Path
from licet.gateway.bundlekey import load_or_create_bundle_key
print("ready", flush=True)
for line in sys.stdin:
    load_or_create_bundle_key(Path(line.strip()), secrets.token_bytes)
    print("made", flush=True)
"""


def test_of_many_who_make_a_key_at_once_one_is_trusted(tmp_path: Path) -> None:
    makers = [
        subprocess.Popen(
            [sys.executable, "-c", _MAKE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    inputs, outputs = [m.stdin for m in makers], [m.stdout for m in makers]
    assert [said.readline() for said in outputs if said] == ["ready\n"] * 4
    for trial in range(20):
        folder = tmp_path / str(trial)
        for told in inputs:
            assert told is not None
            told.write(f"{folder}\n")
            told.flush()
        assert [said.readline() for said in outputs if said] == ["made\n"] * 4
        own = load_bundle_key(folder).public_key().public_bytes_raw()
        assert load_trusted_keys(folder) == {own}
    for maker in makers:
        maker.communicate(timeout=30)


def test_a_new_key_is_trusted_beside_those_that_were(home: Home) -> None:
    home.create()
    (home.keys / PUBLIC).write_text("ab" * 32)
    key = create_bundle_key(home.keys, chance)
    assert load_trusted_keys(home.keys) == {
        bytes.fromhex("ab" * 32), key.public_key().public_bytes_raw(),
    }  # fmt: skip


def test_a_key_that_others_can_read_signs_nothing(home: Home) -> None:
    home.create()
    create_bundle_key(home.keys, chance)
    (home.keys / PRIVATE).chmod(0o640)
    with pytest.raises(NotAllowed, match="can be read by others"):
        load_bundle_key(home.keys)


@pytest.mark.parametrize("text", ["", "walrus", "00" * 31, "00" * 33, "ключ"])
def test_a_file_that_holds_no_key_is_refused(home: Home, text: str) -> None:
    home.create()
    (home.keys / PRIVATE).touch(mode=0o600)
    (home.keys / PRIVATE).write_text(text, encoding="utf-8")
    with pytest.raises(BadInput, match="cannot be read as keys"):
        load_bundle_key(home.keys)
    if text:
        (home.keys / PUBLIC).write_text(text, encoding="utf-8")
        with pytest.raises(BadInput, match="cannot be read as keys"):
            load_trusted_keys(home.keys)


def test_no_trusted_keys_are_not_all_keys(home: Home, tmp_path: Path) -> None:
    home.create()
    assert load_current(home.bundles, home.keys) is None
    save_bundle(home.bundles / CURRENT, small_bundle(tmp_path))
    with pytest.raises(NotFound, match="no signature counts here"):
        load_current(home.bundles, home.keys)
    (home.keys / PUBLIC).write_text("# nobody yet\n")
    with pytest.raises(NotAllowed, match="does not count here"):
        load_current(home.bundles, home.keys)


def test_a_bundle_replaces_another_whole_or_not_at_all(home: Home, tmp_path: Path) -> None:
    home.create()
    path = home.bundles / CURRENT
    save_bundle(path, small_bundle(tmp_path))
    before = path.stat().st_ino
    save_bundle(path, small_bundle(tmp_path, OTHER))
    assert path.stat().st_ino != before, "a reader of the old one keeps it whole"
    assert read_bundle(path.read_bytes(), None)
    assert [found.name for found in home.bundles.iterdir()] == [CURRENT]


def test_a_bundle_replaces_files_and_nothing_else(home: Home, rules: Path, tmp_path: Path) -> None:
    pipe, real, link = tmp_path / "pipe", tmp_path / "real.licet", tmp_path / "link.licet"
    os.mkfifo(pipe)
    real.write_bytes(b"")
    link.symlink_to(real)
    words = ("build", "--no-shipped", "--rules", rules, "-o")
    refused = type_bundle(home, *words, pipe)
    assert refused.exit_code == 2
    assert "is no file. Name a file" in refused.output
    assert pipe.is_fifo()
    assert type_bundle(home, *words, link).exit_code == 0
    assert link.is_symlink()
    assert read_bundle(real.read_bytes(), None)


def test_an_installed_bundle_that_is_broken_is_named(home: Home, tmp_path: Path) -> None:
    home.create()
    (home.keys / PUBLIC).write_text(KEY.public_key().public_bytes_raw().hex())
    path = home.bundles / CURRENT
    path.write_bytes(small_bundle(tmp_path)[:-30])
    for opening in (load_current, load_installed):
        with pytest.raises(BadInput, match=str(path)) as refused:
            opening(home.bundles, home.keys)
        assert "build it anew" in refused.value.hint
