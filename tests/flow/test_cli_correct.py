"""`licet correct`, as it is typed: freeze, candidate, proof, release, export."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kit.bundles import RULES, write_rules
from kit.proceedings import OFFICER, SECOND, Play
from licet.base.trouble import Conflict, NotAllowed
from licet.cases import event_as_json
from licet.cli.home import Home
from licet.cli.main import licet
from licet.gateway.bundlefile import CURRENT, load_bundle
from licet.gateway.bundlekey import load_trusted_keys
from licet.gateway.config_demo import DemoChoice, demo_config
from licet.guard.bundle import read_bundle

GIRAFFE = """\
[[rule]]
id = "giraffe"
category = "operator"
action = "halt"
literal = ["orange giraffe"{more}]
author = "A. Tester"
reason = "To be found."
"""


class Desk:
    """A home that serves under a bundle which stops walruses, and does not know giraffes."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.home = folder, Home(folder / "home")
        self.walrus = write_rules(folder / "walrus.toml", RULES)
        built = self.types("bundle", "build", "--no-shipped", "--rules", self.walrus, "--install")
        assert built.exit_code == 0, built.output
        self.items = folder / "items.jsonl"
        self.items.write_text("\n".join(map(json.dumps, self.bank())), encoding="utf-8")

    def bank(self) -> list[dict[str, str]]:
        """Held out: giraffes. Known before: walruses. Lawful: neither, and orange things."""
        held = [
            self.item("held_out", n, f"Herd {n}: an orange giraffe by tree {n}") for n in range(25)
        ]
        known = [self.item("regression", n, f"{n} purple walrus at sea {n}") for n in range(150)]
        lawful = [self.item("benign", n, f"{n} orange juice and giraffe {n}") for n in range(300)]
        return held + known + lawful

    @staticmethod
    def item(set_: str, number: int, text: str) -> dict[str, str]:
        return {"id": f"{set_}-{number}", "set": set_, "text": text}

    def types(self, *words: str | Path) -> Result:
        env = {"LICET_HOME": str(self.home.root)}
        return CliRunner().invoke(licet, [*map(str, words)], env=env)

    def candidate(self, more: str = "") -> Path:
        rules = write_rules(self.folder / "giraffe.toml", GIRAFFE.replace("{more}", more))
        made = self.folder / f"candidate{len(more)}.licet"
        built = self.types(
            *("correct", "candidate", "--no-shipped", "--rules", self.walrus),
            *("--rules", rules, "-o", made),
        )
        assert built.exit_code == 0, built.output
        return made

    def proves(self, candidate: Path, *words: str | Path) -> Result:
        report = ("-o", candidate.with_suffix(".json"))
        return self.types("correct", "prove", candidate, "--items", self.items, *report, *words)

    def releases(self, candidate: Path, *words: str | Path) -> Result:
        report = ("--proof", candidate.with_suffix(".json"))
        return self.types("correct", "release", candidate, *report, "--items", self.items, *words)

    @property
    def serving(self) -> str:
        trusted = load_trusted_keys(self.home.keys)
        return load_bundle(self.home.bundles / CURRENT, trusted).digest


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_proven_candidate_is_signed_and_served(desk: Desk) -> None:
    made = desk.candidate()
    proved = desk.proves(made)
    assert proved.exit_code == 0, proved.output
    assert "BETTER" in proved.output
    digest = read_bundle(made.read_bytes(), None).digest
    with pytest.raises(NotAllowed):
        read_bundle(made.read_bytes(), load_trusted_keys(desk.home.keys))
    released = desk.releases(made)
    assert released.exit_code == 0, released.output
    assert desk.serving == digest, "the digest that was proven is the one that serves"


def test_a_candidate_that_blocks_lawful_text_is_refused_and_a_better_one_goes(desk: Desk) -> None:
    before = desk.serving
    broad = desk.candidate(', "orange juice"')
    proved = desk.proves(broad)
    assert proved.exit_code == 1
    assert "REGRESSES" in proved.output
    assert "benign.regresses" in proved.output
    refused = desk.releases(broad)
    assert refused.exit_code == 1
    assert "NOT RELEASED" in refused.output
    assert desk.serving == before
    narrow = desk.candidate()
    assert desk.proves(narrow).exit_code == 0
    assert desk.releases(narrow).exit_code == 0
    assert desk.serving != before


def test_a_candidate_has_the_tier_and_the_judge_failures_of_the_configuration(desk: Desk) -> None:
    demo_config(desk.home.root, DemoChoice(rules=(desk.walrus,)))
    text = desk.home.config.read_text()
    text = text.replace('clause = "halt"', 'clause = "hold"')
    desk.home.config.write_text(text.replace("[guard]\n", '[guard]\ntier = "whole"\n'))
    policy = load_bundle(desk.candidate(), None).policy
    assert policy.judged.tier == "whole"
    assert policy.on_judge_failure == {"token": "halt", "clause": "hold", "whole": "halt"}


def test_a_report_that_was_changed_releases_nothing(desk: Desk) -> None:
    broad = desk.candidate(', "orange juice"')
    desk.proves(broad)
    report = broad.with_suffix(".json")
    report.write_text(report.read_text().replace('"regresses"', '"better"'))
    assert isinstance(desk.releases(broad).exception, SystemExit | Conflict)
    assert desk.releases(broad).exit_code != 0


def test_a_proof_against_a_bundle_that_serves_no_more_releases_nothing(desk: Desk) -> None:
    made, other = desk.candidate(), desk.candidate(', "orange okapi"')
    assert desk.proves(made).exit_code == 0
    assert desk.proves(other).exit_code == 0
    assert desk.releases(other).exit_code == 0
    late = desk.releases(made)
    assert late.exit_code != 0
    assert "another one than this report" in late.output


def test_what_made_the_fix_cannot_prove_it(desk: Desk) -> None:
    used = desk.folder / "used.jsonl"
    used.write_text(json.dumps({"id": "u", "text": "Herd 3: an ORANGE giraffe by tree 3"}))
    refused = desk.proves(desk.candidate(), "--used", used)
    assert refused.exit_code != 0
    assert "held_out-3 (u)" in refused.output


def test_people_may_release_against_the_proof_and_nobody_alone(desk: Desk) -> None:
    broad = desk.candidate(', "orange juice"')
    desk.proves(broad)
    digest = read_bundle(broad.read_bytes(), None).digest
    play = Play("correction").begun("start", OFFICER)
    play.does("contain", OFFICER).does("explain", OFFICER)
    play.does("name_candidate", OFFICER, candidate_sha256=digest)
    play.does("record_proof", OFFICER, verdict="regresses")
    events = desk.folder / "events.jsonl"

    def written() -> Path:
        lines = (json.dumps(event_as_json(event)) for event in play.of.events)
        events.write_text("\n".join(lines), encoding="utf-8")
        return events

    assert desk.releases(broad, "--correction", written()).exit_code == 1
    play.does("release_against_proof", SECOND)
    assert desk.releases(broad, "--correction", written()).exit_code == 0
    assert desk.serving == digest


def test_items_are_divided_before_anybody_looks(desk: Desk) -> None:
    family = desk.folder / "family.jsonl"
    lines = (json.dumps({"id": str(n), "text": f"text {n}"}) for n in range(40))
    family.write_text("\n".join(lines), encoding="utf-8")
    folder = desk.folder / "frozen"
    assert desk.types("correct", "freeze", family, "-o", folder).exit_code == 0
    held, fix = (folder / f"{name}.jsonl" for name in ("held-out", "fix"))
    assert held.stat().st_mode & 0o077 == 0
    assert len(held.read_bytes().splitlines()) + len(fix.read_bytes().splitlines()) == 40
    again = desk.types("correct", "freeze", family, "-o", folder)
    assert again.exit_code != 0
    assert "Freeze once" in again.output


def test_pairs_are_exported(desk: Desk) -> None:
    opened = desk.folder / "opened.jsonl"
    opened.write_text('{"prompt": "How?", "rejected": "So.", "category": "weapons"}')
    pairs = desk.folder / "pairs.jsonl"
    assert desk.types("correct", "export", opened, "-o", pairs).exit_code == 0
    assert set(json.loads(pairs.read_text())) == {"prompt", "chosen", "rejected"}


def test_exported_pairs_load_with_datasets(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As TRL takes them: three columns of messages, each a role and its words."""
    reason = "`datasets` is not installed; to run this: pip install datasets"
    datasets = pytest.importorskip("datasets", reason=reason)
    # Not by the environment: a library that is imported here first would stay so for other tests.
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    opened, pairs = desk.folder / "opened.jsonl", desk.folder / "pairs.jsonl"
    lines = [
        {"prompt": "怎么做？", "rejected": "这样做。", "category": "weapons"},
        {"prompt": "How?", "rejected": "So.", "chosen": "Ask the fire brigade."},
    ]
    opened.write_text("\n".join(json.dumps(one) for one in lines), encoding="utf-8")
    done = desk.types("correct", "export", opened, "-o", pairs)
    assert done.exit_code == 0, done.output
    cache = str(desk.folder / "cache")
    found = datasets.load_dataset("json", data_files=str(pairs), split="train", cache_dir=cache)
    assert set(found.column_names) == {"prompt", "chosen", "rejected"}
    assert len(found) == 2
    for row in found:
        assert [one["role"] for one in row["prompt"]] == ["user"]
        for side in ("chosen", "rejected"):
            assert [one["role"] for one in row[side]] == ["assistant"]
            assert all(one["content"].strip() for one in row[side])
    assert found[1]["chosen"][0]["content"] == "Ask the fire brigade."
