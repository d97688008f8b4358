"""The gateway's configuration: strict, explained, and free of keys."""

from __future__ import annotations

import dataclasses
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import BadInput, Conflict, NotFound
from licet.gateway import config as settings
from licet.gateway.config import Config, load_config, parse_config, upstream_settings
from licet.gateway.config_demo import DemoChoice, demo_config, render_demo_config
from licet.gateway.config_judge import EncoderConfig
from licet.gateway.config_labels import LabelsConfig
from licet.gateway.config_measures import MeasuresConfig
from licet.gateway.config_media import MediaConfig, PictureClassifierConfig
from licet.gateway.config_minors import MinorsConfig, RealNameConfig
from licet.guard.ruleset import Rule, parse_rules

FOLDER = Path("/etc/licet")

LEAST = """\
default_upstream = "main"
[[upstream]]
name = "main"
url = "https://models.example/v1"
key_env = "MAIN_KEY"
[guard]
[guard.on_judge_failure]
token = "halt"
clause = "hold"
whole = "pass"
[ledger]
url = "sqlite:ledger/ledger.db"
origin = "gateway.example/licet"
key_file = "keys/ledger.skey"
[keys]
url = "postgresql://licet:hunter2@db/licet"
[appeal]
url = "https://example.cn/appeal/{case}"
"""

FULL = (
    LEAST.replace("[guard]\n", '[guard]\nrules = ["a.toml", "/b.toml"]\ntier = "whole"\n')
    + """
[[upstream]]
name = "spare"
url = "replay:"
dialects = ["openai", "anthropic"]
connect_s = 2
[models]
"gpt-4.1" = { upstream = "main", model = "qwen3" }
[models.small]
upstream = "spare"
[[guard.judge]]
name = "near"
kind = "qwen3guard-gen"
url = "http://judge:8000/v1"
model = "guard-3"
timeout_ms = 300
bands = [[0.2, 0.6], [0.9, 1]]
threshold = 0.5
[[guard.judge]]
name = "far"
kind = "moderation"
url = "https://judge.example/v1"
model = "omni"
key_env = "FAR_KEY"
bands = [[0.4, 0.6]]
[limits]
url = "redis://:hunter2@cache/0"
rate_per_minute = 60
[telemetry]
metrics = false
"""
)


def _parse(text: str) -> Config:
    return parse_config(text, "licet.toml", FOLDER)


def test_the_least_file_is_enough_and_its_paths_start_at_its_folder() -> None:
    config = _parse(LEAST)
    assert config.server == settings.ServerConfig()
    assert config.server.body_bytes_max == 8 * 1024 * 1024
    assert config.ledger.url == "sqlite:/etc/licet/ledger/ledger.db"
    assert config.ledger.key_file == FOLDER / "keys/ledger.skey"
    assert config.guard.images == "refuse"
    assert config.find_upstream("main").dialects == ("openai",)
    with pytest.raises(NotFound):
        config.find_upstream("other")


def test_a_full_file_is_read_whole() -> None:
    config = _parse(FULL)
    assert config.guard.rules == (FOLDER / "a.toml", Path("/b.toml"))
    assert config.guard.tier == "whole"
    near, far = config.guard.judge
    assert (near.timeout_ms, near.threshold, far.threshold) == (300, 0.5, None)
    assert near.doubt.bands == ((0.2, 0.6), (0.9, 1.0))
    assert config.guard.doubt is not None
    assert [config.guard.doubt.holds(harm) for harm in (0.1, 0.5, 0.95)] == [False, True, True]
    assert config.models["gpt-4.1"] == settings.ModelConfig("main", "qwen3")
    assert config.models["small"] == settings.ModelConfig("spare")
    assert config.find_upstream("spare").connect_s == 2.0
    assert config.limits.rate_per_minute == 60
    assert not config.telemetry.metrics


def test_no_secret_is_in_what_a_configuration_shows_of_itself() -> None:
    config = _parse(FULL)
    upstream = upstream_settings(config.upstream[0], {"MAIN_KEY": "sk-1234"})
    assert upstream.key is not None
    assert upstream.key.reveal() == "sk-1234"
    assert "hunter2" not in repr(config)
    assert "sk-1234" not in repr(upstream)


@pytest.mark.parametrize("environ", [{}, {"MAIN_KEY": ""}])
def test_a_key_that_the_environment_lacks_is_named_by_its_variable(
    environ: dict[str, str],
) -> None:
    with pytest.raises(BadInput, match="variable MAIN_KEY is empty") as caught:
        upstream_settings(_parse(LEAST).upstream[0], environ)
    assert caught.value.hint == "Set it: export MAIN_KEY=…"


LAST = 'url = "http://x/{case}"\n'
JUDGE = """\
[[guard.judge]]
name = "near"
kind = "moderation"
url = "http://judge:8000/v1"
model = "omni"
"""
FAULTS = [
    # (line of LEAST, what is put there, line blamed, cause, remedy)
    (1, 'default_upstream = "man"', 1, "`default_upstream` names no [[upstream]]", "main"),
    (1, "", 1, "no model could be served", 'default_upstream = "main"'),
    (1, 'default_upstraem = "main"', 1, "`default_upstraem` is not a setting", "default_upstream"),
    (3, "", 2, "`upstream[1].name` is required", "docs/configuration.md"),
    (3, 'name = "Main Model"', 3, "`upstream[1].name` does not have the right form", '"main"'),
    (3, "name = 3", 3, "is not a text in quotes", "text in quotes"),
    (4, 'url = "models.example"', 4, "`upstream[1].url` does not have the right", "http://"),
    (4, 'url = "https://u:hunter2@m/v1"', 4, "does not have the right form", "http://"),
    (4, 'url = "https://m/v1?api-version=3"', 4, "holds a user, a query or a", "key_env"),
    (5, 'key = "sk-hunter2"', 5, "`upstream[1].key` is not a setting", "key_env"),
    (5, 'key_env = "sk-hunter2"', 5, "`upstream[1].key_env` does not have", "OPENAI_API_KEY"),
    (5, 'dialects = "openai"', 5, "`upstream[1].dialects` is not a list", "a list"),
    (5, 'dialects = ["opanai"]', 5, "is not one of the choices", '"openai", "anthropic"'),
    (5, "dialects = []", 5, "is empty", "openai"),
    (5, "connect_s = 0", 5, "is not between 0.001 and 86,400", "number between"),
    (5, "connect_s = true", 5, "is not a number", "a number"),
    (5, "pool_max = 2.5", 5, "is not a whole number", "whole number"),
    (6, '[guard]\nimages = "blur"', 7, "`guard.images` is not one of", '"pass", "refuse"'),
    (7, "[guard.on_judge_failures]", 7, "is not a setting", "`on_judge_failure`"),
    (8, "", 7, "`guard.on_judge_failure.token` is required", '"hold" or "halt" or "pass"'),
    (8, 'token = "log"', 8, "`guard.on_judge_failure.token` is not one of", '"hold", "halt"'),
    (12, 'url = "mysql://x"', 12, "does not name a store", "sqlite:, postgresql://"),
    (13, 'origin = "has space"', 13, "`ledger.origin` does not have", "gateway.example.cn"),
    (14, 'key_file = ""', 14, "`ledger.key_file` is not a path", "path in quotes"),
    (18, 'url = "https://example.cn/appeal"', 18, "does not have the right form", "{case}"),
    (18, LAST + "[server]\nport = 70000", 20, "not between 0 and 65,535", ""),
    (
        18,
        'url = "http://x/{case}"\n[limits]\nurl = "redis://x"\nlease_s = 9',
        21,
        "ends before",
        "",
    ),
    (18, LAST + '[models]\nm = {upstream = "x"}', 20, "names no [[upst", "main"),
    (2, '[[upstream]]\nname = "main"\nurl = "replay:"\n[[upstream]]', 6, "is used already", ""),
    (2, "[upstream]", 2, "`upstream` is not a list of tables", "[[…]]"),
    (9, "clause = hold", 9, "not TOML", "quotes"),
    (18, LAST + JUDGE.replace("[[", "[").replace("]]", "]"), 19, "is not a list of tables", "[["),
    (18, LAST + JUDGE + 'key = "hunter2"', 24, "`guard.judge[1].key` is not a setting", "key_env"),
    (18, LAST + JUDGE.replace('"moderation"', '"gpt"'), 21, "is not one of", '"qwen3guard-gen"'),
    (18, LAST + JUDGE + "bands = [[0.9, 0.1]]", 24, "is not a band of scores", "[[0.2, 0.8]]"),
    (18, LAST + JUDGE + "bands = [[0.1, 0.2, 0.3]]", 24, "is not a band", ""),
    (18, LAST + JUDGE + "bands = []", 24, "is empty", "[[0.0, 1.0]]"),
    (18, LAST + JUDGE + JUDGE, 25, "`guard.judge[2].name` is used already", ""),
    (18, LAST + JUDGE + "threshold = 0", 24, "is not between 0.001 and 1", ""),
    (18, LAST + JUDGE + "flag_threshold = 0.2", 24, "has no threshold", "threshold too"),
    (18, LAST + JUDGE + "threshold = 0.1\nflag_threshold = 0.2", 25, "has no threshold", ""),
    (18, LAST + JUDGE + "timeout_ms = 10\nbatch_wait_ms = 10", 25, "not shorter", "milliseconds"),
]


@pytest.mark.parametrize(("place", "line", "blamed", "cause", "remedy"), FAULTS)
def test_a_fault_names_file_line_cause_and_remedy_and_no_value(
    place: int, line: str, blamed: int, cause: str, remedy: str
) -> None:
    lines = LEAST.splitlines()
    lines[place - 1] = line
    with pytest.raises(BadInput) as caught:
        _parse("\n".join(lines))
    assert caught.value.message.startswith(f"licet.toml, line {blamed}: ")
    assert cause in caught.value.message
    assert remedy in caught.value.hint
    assert "hunter2" not in str(caught.value)


def test_what_happens_when_a_judge_fails_has_no_default() -> None:
    without = LEAST.replace("[guard.on_judge_failure]\n", "")
    for key in ("token", "clause", "whole"):
        without = without.replace(
            f'{key} = "{ {"token": "halt", "clause": "hold"}.get(key, "pass") }"\n', ""
        )
    with pytest.raises(BadInput, match=r"line 6: `guard.on_judge_failure` is required"):
        _parse(without)


@given(st.text(max_size=60), st.integers(1, 18))
def test_any_line_is_read_or_refused(line: str, place: int) -> None:
    lines = LEAST.splitlines()
    lines[place - 1] = line
    refused = ""
    try:
        _parse("\n".join(lines))
    except BadInput as refusal:
        refused = refusal.message
    assert not refused or refused.startswith("licet.toml, line ")


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="No such file"):
        load_config(tmp_path / "none.toml")
    (tmp_path / "latin.toml").write_bytes(b"# caf\xe9\n")
    with pytest.raises(BadInput, match="byte 6 is not UTF-8"):
        load_config(tmp_path / "latin.toml")


class TestDemoConfig:
    def test_it_is_a_file_that_loads(self, tmp_path: Path) -> None:
        demo_config(tmp_path, DemoChoice())
        config = load_config(tmp_path / "config.toml")
        assert config.upstream[0].url == settings.REPLAY
        assert config.keys.url == f"sqlite:{tmp_path}/keys.db"
        assert config.appeal.url == "http://127.0.0.1:8080/appeal/{case}"
        assert stat.S_IMODE((tmp_path / "config.toml").stat().st_mode) == 0o600

    def test_choices_are_written_into_it(self, tmp_path: Path) -> None:
        rules = tmp_path / 'odd "name".toml'
        choice = DemoChoice("::1", 9, "http://m/v1", "M_KEY", (rules,))
        demo_config(tmp_path, choice)
        config = load_config(tmp_path / "config.toml")
        assert (config.server.host, config.server.port) == ("::1", 9)
        assert config.guard.rules == (rules,)
        assert config.upstream[0].key_env == "M_KEY"
        assert config.appeal.url == "http://[::1]:9/appeal/{case}"

    def test_ours_is_replaced_and_an_edited_one_is_kept(self, tmp_path: Path) -> None:
        demo_config(tmp_path, DemoChoice(port=1))
        demo_config(tmp_path, DemoChoice(port=2))
        path = tmp_path / "config.toml"
        path.write_text(path.read_text().replace("port = 2", "port = 3"))
        with pytest.raises(Conflict, match="was edited"):
            demo_config(tmp_path, DemoChoice(port=4))
        assert load_config(path).server.port == 3
        for junk, fault in (("", "`upstream` is required"), ("x = [", "line 1: not TOML")):
            path.write_text(junk)
            with pytest.raises(Conflict, match=f"was edited .*{fault}"):
                demo_config(tmp_path, DemoChoice(port=4))

    def test_one_that_is_out_of_reach_is_a_matter_of_rights(self, tmp_path: Path) -> None:
        (tmp_path / "config.toml").mkdir()
        with pytest.raises(BadInput, match=r"config\.toml cannot be read .* owner and rights"):
            demo_config(tmp_path, DemoChoice())
        with pytest.raises(BadInput, match=r"config\.toml cannot be read.* owner and rights"):
            load_config(tmp_path / "config.toml")

    def test_an_unfit_choice_writes_nothing(self, tmp_path: Path) -> None:
        for choice, said in (
            (DemoChoice(upstream_url="models.example"), "--upstream does not"),
            (DemoChoice(upstream_url="https://h/v1?q"), "--upstream cannot be used"),
            (DemoChoice(upstream_url="https://h/v1", upstream_key_env="1"), "--upstream-key-env "),
        ):
            with pytest.raises(BadInput, match=f"^{said}"):
                demo_config(tmp_path, choice)
        with pytest.raises(BadInput, match="but no upstream"):
            render_demo_config(DemoChoice(upstream_key_env="M_KEY"))
        assert list(tmp_path.iterdir()) == []


MANUAL = Path(__file__).parents[2] / "docs" / "configuration.md"

TABLES: dict[str, type] = {
    "Top of the file": settings.Config,
    "[server]": settings.ServerConfig,
    "[[upstream]]": settings.UpstreamConfig,
    "[models]": settings.ModelConfig,
    "[guard]": settings.GuardConfig,
    "[guard.on_judge_failure]": settings.JudgeFailure,
    "[guard.encoder]": EncoderConfig,
    "[[guard.judge]]": settings.JudgeConfig,
    "[licence]": settings.LicenceConfig,
    "[ledger]": settings.LedgerConfig,
    "[keys]": settings.KeysConfig,
    "[limits]": settings.LimitsConfig,
    "[minors]": MinorsConfig,
    "[measures]": MeasuresConfig,
    "[minors.real_name]": RealNameConfig,
    "[labels]": LabelsConfig,
    "[media]": MediaConfig,
    "[media.classifier]": PictureClassifierConfig,
    "[appeal]": settings.AppealConfig,
    "[telemetry]": settings.TelemetryConfig,
    "[[rule]]": Rule,
}


IN_WORDS = {
    "[[rule]]": {
        "literal": "required, or `pattern`",
        "pattern": "required, or `literal`",
        "requires": "none",
        "allow": "none",
        "within_characters": "required with these two",
        "also": "the pack's, for long literals",
    }
}
"""Defaults that a value of Python does not say to a reader: one key asks for another."""


def _documented() -> dict[str, dict[str, str]]:
    """By heading: key and default, from the manual's tables."""
    found: dict[str, dict[str, str]] = {}
    table: dict[str, str] = {}
    for line in MANUAL.read_text("utf-8").splitlines():
        if line.startswith("## "):
            table = found.setdefault(line[3:].strip().strip("`"), {})
        elif line.startswith("| `"):
            cells = [cell.strip() for cell in line.split("|")]
            table[cells[1].strip("`")] = cells[2].strip("`")
    return found


def _default(field: dataclasses.Field[object]) -> str:
    if field.default is dataclasses.MISSING:
        return "required"
    return "none" if field.default is None else _written(field.default)


def _written(value: object) -> str:
    if isinstance(value, tuple):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    return f"{value:g}" if isinstance(value, float) else str(value)


@pytest.mark.parametrize("heading", TABLES)
def test_the_manual_names_every_setting_and_its_default(heading: str) -> None:
    stem = "" if heading == "Top of the file" else heading.strip("[]") + "."
    tables = [name.strip("[]") for name in TABLES]
    below = {name.removeprefix(stem) for name in tables if name.startswith(stem)}
    fields = [field for field in dataclasses.fields(TABLES[heading]) if field.name not in below]
    defaults = {field.name: _default(field) for field in fields} | IN_WORDS.get(heading, {})
    documented = _documented()[heading]
    assert {name: said.strip("`") for name, said in defaults.items()} == documented


def test_the_manual_has_no_other_tables_of_settings() -> None:
    assert {heading for heading, keys in _documented().items() if keys} == set(TABLES)


def test_the_guides_judges_are_a_configuration() -> None:
    guide = (MANUAL.parent / "guides" / "judges.md").read_text("utf-8")
    (example,) = [part.split("```")[0] for part in guide.split("```toml\n")[1:]]
    small, large = _parse(f"{LEAST}\n{example}").guard.judge
    assert (small.name, large.doubt.bands) == ("small", ((0.3, 0.9),))


def test_the_manuals_examples_are_files_that_load() -> None:
    _, whole, rules = MANUAL.read_text("utf-8").split("```toml\n")
    config = _parse(whole.split("```")[0])
    assert (len(config.upstream), len(config.guard.judge)) == (2, 1)
    assert len(parse_rules(rules.split("```")[0], "op.toml")) == 2
