"""The configuration that `licet up` writes: explicit, small, and meant to be edited.

It refuses to know the command line; it writes one file and never over one that a person wrote.

Rules
1. What it writes is what `load_config` reads: a newcomer's first file is a true example.
2. A file without our first line, or changed since we wrote it, belongs to a person: Conflict.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from licet.base.trouble import BadInput, Conflict
from licet.gateway.config import REPLAY, Config, load_config, parse_config

_LOOPBACK = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - where "everywhere" is here
_LICENCE = """\
# A demo authority in the folder authority/ grants this gateway a demo licence. For a real one, put
# its token and the authority's keys here, and take authority_home out.
[licence]
token_file = "licence/licence.jwt"
key_file = "keys/licence.key"
authority_keys = "licence/jwks.json"
authority_home = "authority"
"""
_MEDIA = """\
# Pictures and sound. `producer` is the code in every label: put your own there.
[media]
producer = "001191110000000000000000010001"
without_classifier = "serve"   # no classifier looks at pictures here: lists and rules alone

"""
_MINORS = """\
# Counts the time of users whose age the provider's program has told: docs/guides/minors.md
[minors]
url = "sqlite:minors.db"
profile = "chat"
key_file = "keys/minors.key"
unknown = "adult"
when_down = "refuse"
"""
_FIRST = "# Written by `licet up`, sha256 "
_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "upstream[1].url": "--upstream",
        "upstream[1].key_env": "--upstream-key-env",
    }
)
"""What a newcomer typed for a setting."""


@dataclass(frozen=True, slots=True)
class DemoChoice:
    """What `licet up` was told. Without `upstream_url`, the built-in replay upstream answers.
    `provider`: whose desk beside us lists measures against persons; empty where there is none."""

    host: str = "127.0.0.1"
    port: int = 8080
    upstream_url: str | None = None
    upstream_key_env: str | None = None
    rules: tuple[Path, ...] = ()
    pack: str = "cn-genai-2023"
    appeal_url: str = ""
    provider: str = ""


def plan_demo_config(home: Path, choice: DemoChoice) -> Config:
    """The settings that `demo_config` would write; nothing is written. Raises as it does."""
    path = home / "config.toml"
    try:
        config = parse_config(render_demo_config(choice), str(path), home.absolute())
    except BadInput as fault:
        raise _of_option(fault) from None
    try:
        if path.exists() and not _is_ours(path):
            raise _edited(path)
    except OSError as error:
        raise _locked_away(path, error) from None
    return config


def demo_config(home: Path, choice: DemoChoice) -> str:
    """Write `config.toml` into `home` (mode 0600) and give its text.

    Raises Conflict where the file there was edited, BadInput where the choice makes no valid file
    or the one there cannot be read and replaced.
    """
    plan_demo_config(home, choice)
    path = home / "config.toml"
    text = render_demo_config(choice)
    try:
        fresh = path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as error:
        raise _locked_away(path, error) from None
    return text


def _locked_away(path: Path, error: OSError) -> BadInput:
    return BadInput(
        f"{path} cannot be read and replaced: {error.strerror}.",
        hint="Check its owner and rights.",
    )


def _of_option(fault: BadInput) -> BadInput:
    """The fault by what was typed: no file holds it yet, so no line of one is named."""
    for setting, option in _OPTIONS.items():
        _, found, cause = fault.message.partition(f"`{setting}`")
        if found:
            return BadInput(f"{option}{cause}", hint=fault.hint)
    return fault


def _edited(path: Path) -> Conflict:
    """Why a person's file is left alone; what stands against it, where it cannot be used."""
    try:
        load_config(path)
    except BadInput as fault:
        return Conflict(
            f"{path} was edited and is not overwritten, and it has a fault: {fault.message}",
            hint=f"{fault.hint} Or move the file away.",
        )
    return Conflict(
        f"{path} was edited and is not overwritten.",
        hint="Run `licet gateway --config` with it, or move it away.",
    )


def render_demo_config(choice: DemoChoice) -> str:
    """The text of that file; relative paths in it are relative to the home folder."""
    if choice.upstream_key_env and not choice.upstream_url:
        raise BadInput(
            "a key for the upstream was named, but no upstream.",
            hint="Give --upstream URL with --upstream-key-env NAME.",
        )
    name = "main" if choice.upstream_url else "replay"
    host = f"[{choice.host}]" if ":" in choice.host else choice.host
    public_url = f"http://{reachable(choice.host)}:{choice.port}"
    appeal_url = choice.appeal_url or f"http://{host}:{choice.port}/appeal/{{case}}"
    key_line = f"key_env = {_quoted(choice.upstream_key_env)}\n" if choice.upstream_key_env else ""
    rules = ", ".join(_quoted(str(path.absolute())) for path in choice.rules)
    body = f"""\
# Edit it freely: it is then yours, and `licet up` leaves it alone.
# Every setting is explained in docs/configuration.md. Paths are relative to this file.

default_upstream = "{name}"

[server]
host = {_quoted(choice.host)}
port = {choice.port}

[[upstream]]
name = "{name}"
url = {_quoted(choice.upstream_url or REPLAY)}
{key_line}dialects = ["openai", "anthropic"]

[guard]
pack = {_quoted(choice.pack)}
rules = [{rules}]
audience = "default"
images = "refuse"

# What happens when a judge fails or is late, by tier: "hold", "halt" or "pass".
[guard.on_judge_failure]
token = "halt"
clause = "halt"
whole = "halt"

{_MEDIA}{_LICENCE}public_url = {_quoted(public_url)}
{_measures(choice, public_url)}
[ledger]
url = "sqlite:ledger/ledger.db"
origin = "localhost/licet"
key_file = "keys/ledger.skey"

[keys]
url = "sqlite:keys.db"

[limits]
url = "memory:"
rate_per_minute = 0   # 0: no limit
concurrency_max = 0

[appeal]
url = {_quoted(appeal_url)}
{_desk(choice, public_url)}
{_MINORS}"""
    return f"{_FIRST}{_mark(body)}\n{body}"


def _measures(choice: DemoChoice, public_url: str) -> str:
    if not choice.provider:
        return ""
    return f"""
# Measures against persons, as the desk of the demonstration's provider lists them.
[measures]
url = {_quoted(f"{public_url}/measures/{choice.provider}/list")}
desk_keys = "measures/measures.jwks"
token_file = "measures/measures.token"
"""


def _desk(choice: DemoChoice, public_url: str) -> str:
    if not choice.provider:
        return ""
    asked = f"provider={choice.provider}&about=stopped&case={{case}}"
    return f"desk_url = {_quoted(f'{public_url}/{{lang}}/complaint/?{asked}')}\n"


def reachable(host: str) -> str:
    """As this machine reaches whoever listens on `host`, for a URL."""
    shown = f"[{host}]" if ":" in host else host
    return _LOOPBACK.get(shown, shown)


def _quoted(text: str) -> str:
    # A JSON string is a TOML basic string, but for U+007F, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _mark(body: str) -> str:
    return hashlib.sha256(body.encode("utf-8", "surrogateescape")).hexdigest()[:16]


def _is_ours(path: Path) -> bool:
    first, _, body = path.read_bytes().decode("utf-8", "replace").partition("\n")
    return first == _FIRST + _mark(body)
