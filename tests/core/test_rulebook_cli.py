"""`licet rulebook` shows what the pack holds and refuses with exit code 2 what it can't use."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from licet.cli.rulebook import describe, rulebook
from licet.rulebook import load_pack

PACK = load_pack("cn-genai-2023")
LAW = "law:"  # apart, so that examples are no citations


def run(*words: str) -> Result:
    return CliRunner().invoke(rulebook, list(words))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_overview_shows_every_risk_and_provision(lang: str) -> None:
    shown = run("show", "--lang", lang)
    assert shown.exit_code == 0
    assert PACK.title[lang] in shown.output
    for risk in PACK.risks.values():
        assert f"{risk.id}  {risk.name[lang]}" in shown.output
    for provision_id in PACK.provisions:
        assert f"\n{provision_id} " in shown.output
    assert "18 shipped, 8 assessment-only, 5 operator-authored" in shown.output


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize("shelf", PACK.shelves)
def test_everything_with_an_id_can_be_described(shelf: Mapping[str, object], lang: str) -> None:
    for entry_id in shelf:
        first, *rest = describe(PACK, entry_id, lang)
        assert first.startswith(entry_id)
        assert rest, "more than a title"


def test_no_entry_is_shown_as_a_program_keeps_it() -> None:
    for shelf in PACK.shelves:
        for entry_id in shelf:
            shown = "\n".join(describe(PACK, entry_id, "en"))
            assert "{'" not in shown, entry_id


def test_a_provision_is_shown_as_a_paraphrase_with_its_source() -> None:
    shown = run("show", "art14.1").output
    assert "paraphrase, not the official text" in shown
    assert "status    official, source S4" in shown
    assert "clock     promptly from unlawful_content.found (official, source S4)" in shown


def test_an_article_is_shown_whole() -> None:
    shown = run("show", "art14").output
    assert "art14.1  Art. 14 para. 1" in shown
    assert "art14.2  Art. 14 para. 2" in shown


def test_a_parameter_is_shown_with_what_it_rests_on() -> None:
    shown = run("show", "guard.judged.tier").output
    assert shown.startswith("guard.judged.tier = token")
    assert "local-policy" in shown


@pytest.mark.parametrize(
    "words",
    [("show", "art99"), ("show", "artx"), ("show", "--lang", "fr"), ("show", "--pack", "none")],
)
def test_what_is_not_there_is_refused_with_2(words: tuple[str, ...]) -> None:
    refused = run(*words)
    assert refused.exit_code == 2
    assert refused.output.startswith("Error: ")


def test_check_names_each_pack_and_its_digest() -> None:
    checked = run("check")
    assert checked.exit_code == 0
    assert PACK.digest in checked.output


def test_check_refuses_a_broken_pack_with_file_and_key(tmp_path: Path) -> None:
    with as_file(files("licet.rulebook") / "packs") as packs:
        shutil.copytree(packs, tmp_path, dirs_exist_ok=True)
    guard = tmp_path / "cn-genai-2023" / "guard.toml"
    text = guard.read_text("utf-8").replace(
        '"local-policy", source = "LICET"', '"local-policy"', 1
    )
    guard.write_text(text, "utf-8")
    refused = run("check", "--root", str(tmp_path))
    assert refused.exit_code == 2
    assert "guard.toml: lexical.short_literal_letters: names no source" in refused.output


def test_check_finds_citations_of_unknown_law(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.py", tmp_path / "bad.py"
    good.write_text(f"x = 1  # {LAW}cn-genai-2023/art14.1\n")
    bad.write_text(f"x = 1  # {LAW}cn-genai-2023/art77\n")
    assert run("check", str(good)).exit_code == 0
    refused = run("check", str(tmp_path))
    assert refused.exit_code == 1
    assert "bad.py:1" in refused.output
    assert "2 citations in source, 1 of unknown law" in refused.output


def test_check_of_an_empty_folder_says_so(tmp_path: Path) -> None:
    refused = run("check", "--root", str(tmp_path))
    assert refused.exit_code == 2
    assert "no pack here" in refused.output
