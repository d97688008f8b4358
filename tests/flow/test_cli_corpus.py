"""`licet corpus`: from a folder to a version on record, and what a withdrawal leaves behind."""

from __future__ import annotations

import json
from pathlib import Path

import mlcroissant
import msgspec
import pytest
from click.testing import CliRunner, Result

from kit.corpus import SOUND, annotation_rules, batch, card, folder
from licet.cli.corpus import corpus
from licet.ledger.keyfiles import load_vkey
from licet.ledger.source import open_source
from licet.ledger.verify import verify_log


def run(home: Path, *words: object) -> Result:
    return CliRunner().invoke(corpus, [*map(str, words), "--home", str(home)])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def pushed(home: Path, at: Path, name: str) -> str:
    done = run(home, "push", at, name, "--by", "ann")
    assert done.exit_code == 0, done.output
    return done.output.split()[2]


def test_a_folder_becomes_a_version_that_is_found_and_on_record(
    home: Path, tmp_path: Path
) -> None:
    at = folder(tmp_path / "in", {"data/train.jsonl": b'{"text": "a"}\n', ".hidden": b"x"})
    commit = pushed(home, at, "pub/demo")
    assert "nothing is new" in run(home, "push", at, "pub/demo").output
    listed = json.loads(run(home, "list", "示例", "--json").output)
    assert (listed["version"], listed["files"]) == (commit, 2)
    shown = run(home, "show", f"pub/demo@{commit[:7]}", "--lang", "zh").output
    assert "data/train.jsonl" in shown
    assert "check     waiting" in shown
    assert run(home, "fsck").exit_code == 0
    log = home / "corpus/ledger"
    assert verify_log(open_source(str(log)), load_vkey(log / "vkey")).size == 1


def test_a_card_with_gaps_is_refused_with_all_of_them(home: Path, tmp_path: Path) -> None:
    gaps = card(licence="Beerware", ip_review=SOUND["ip_review"] | {"finding": ""})
    refused = run(home, "push", folder(tmp_path / "in", {"x": b"1"}, gaps), "pub/demo")
    assert refused.exit_code == 1
    assert "licence: The pack has no licence 'Beerware'" in refused.output
    assert "ip_review: " in refused.output
    assert run(home, "list").output == ""


@pytest.mark.parametrize(
    ("name", "said"),
    [("demo", "no id of a data set"), ("../../x", "no id of a data set")],
)
def test_names_that_will_not_do_end_with_2(
    home: Path, tmp_path: Path, name: str, said: str
) -> None:
    refused = run(home, "push", folder(tmp_path / "in", {"x": b"1"}), name)
    assert refused.exit_code == 2
    assert said in refused.output


def test_a_folder_without_a_card_or_with_a_link_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    assert "licet corpus card" in run(home, "push", tmp_path / "bare", "pub/x").output
    at = folder(tmp_path / "in", {"x": b"1"})
    (at / "passwd").symlink_to("/etc/passwd")
    refused = run(home, "push", at, "pub/x")
    assert (refused.exit_code, "is a link" in refused.output) == (2, True)


def test_a_dry_run_keeps_nothing(home: Path, tmp_path: Path) -> None:
    at = folder(tmp_path / "in", {"x": b"1"})
    assert "no gaps" in run(home, "push", at, "pub/demo", "--dry-run").output
    assert "0 versions, 0 pieces" in run(home, "fsck").output


def test_a_withdrawal_leaves_a_tombstone_with_its_reason(home: Path, tmp_path: Path) -> None:
    at = folder(tmp_path / "in", {"x": b"1"})
    commit = pushed(home, at, "pub/demo")
    below = card(made_from=[{"id": "pub/demo", "version": commit}])
    pushed(home, folder(tmp_path / "below", {"x": b"2"}, below), "lab/below")
    words = ("withdraw", f"pub/demo@{commit}", "--reason", "consent ended", "--by", "ann")
    reached = run(home, *words, "--dry-run").output
    assert "lab/below v1" in reached
    done = run(home, *words, "--erase")
    assert done.output.count("withdrawn: ") == 2
    assert "WITHDRAWN" in run(home, "show", "pub/demo").output
    assert run(home, "list").output == ""
    assert run(home, "fsck").exit_code == 0


def test_what_a_request_for_access_names_wrongly_is_told_with_what_shows_it(
    home: Path, tmp_path: Path
) -> None:
    pushed(home, folder(tmp_path / "in", {"a.txt": b"a"}), "pub/demo")
    wrong = (
        (("access", "ask", "pub/demo", "ann", "--purpose", "p"), "token list"),
        (("token", "end", "ann"), "token create NAME"),
        (("access", "ask", "pub/other", "ann", "--purpose", "p"), "corpus list"),
        (("access", "decide", "ac-1", "granted"), "access list --all"),
    )
    for words, remedy in wrong:
        done = run(home, *words)
        assert done.exit_code == 2
        assert "there is no" in done.stderr
        assert f"{remedy}`" in done.stderr, done.stderr


def test_lost_content_ends_with_1(home: Path, tmp_path: Path) -> None:
    pushed(home, folder(tmp_path / "in", {"x": b"1"}), "pub/demo")
    for one in (home / "corpus/content").glob("??/*"):
        one.unlink()
    found = run(home, "fsck")
    assert (found.exit_code, found.output.count("lost")) == (1, 2)


@pytest.mark.filterwarnings("ignore:ConjunctiveGraph:DeprecationWarning")  # rdflib's own
def test_the_croissant_of_a_version_validates(home: Path, tmp_path: Path) -> None:
    old = pushed(home, folder(tmp_path / "old", {"x.jsonl": b"1"}), "pub/old")
    said = card(
        made_from=[{"id": "pub/old", "version": old}],
        personal_data={"basis": "consent", "record": "file 2"},
        annotation=[{"id": "lab/rules", "version": "1.2"}],
    )
    (tmp_path / "rules.json").write_bytes(
        msgspec.json.encode(annotation_rules(id="lab/rules", version="1.2"))
    )
    assert run(home, "annotation", "register", str(tmp_path / "rules.json")).exit_code == 0
    pushed(home, folder(tmp_path / "in", {"data/a b.jsonl": b"1"}, said), "pub/demo")
    shown = run(home, "show", "pub/demo", "--croissant", "--base-url", "https://data.example")
    document = json.loads(shown.output)
    read = mlcroissant.Dataset(document)
    assert not read.metadata.issues.errors
    assert not read.metadata.issues.warnings
    assert document["conformsTo"] == "http://mlcommons.org/croissant/1.1"
    assert [f["encodingFormat"] for f in document["distribution"]] == [
        "application/jsonlines", "application/json",
    ]  # fmt: skip
    assert "a%20b.jsonl" in document["distribution"][0]["contentUrl"]
    assert document["creditText"] == "pub/demo; pub/old@" + old[:7]


def test_batches_are_recorded_with_what_stands_against_them(home: Path, tmp_path: Path) -> None:
    for what in ("rules", "batch"):
        shown = CliRunner().invoke(corpus, ["annotation", "example", what])
        (tmp_path / f"{what}.toml").write_text(shown.output, encoding="utf-8")
    early = run(home, "annotation", "record", str(tmp_path / "batch.toml"))
    assert (early.exit_code, "not registered here" in early.output) == (1, True)
    assert run(home, "annotation", "register", str(tmp_path / "rules.toml")).exit_code == 0
    good = run(home, "annotation", "record", str(tmp_path / "batch.toml"))
    assert (good.exit_code, "197 of 200 right" in good.output) == (0, True), good.output
    worse = batch(rules="namespace/dialogues", right=400)
    (tmp_path / "worse.json").write_bytes(msgspec.json.encode(worse))
    bad = run(home, "annotation", "record", str(tmp_path / "worse.json"))
    assert (bad.exit_code, "does_not" in bad.output) == (1, True)
    assert "namespace/dialogues  1.0  functional  2" in run(home, "annotation", "list").output
