"""`licet up` and `licet gateway`: start serving.

It refuses to know how a gateway is built and run: parse, call, render.

Rule
1. `licet up` replaces nothing of a home before it has read everything and claimed the ledger: one
   that fails leaves the gateway that runs there its files.
"""

from __future__ import annotations

import json
import shlex
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import click
import uvloop

from licet import __version__
from licet.base.clock import SystemClock
from licet.base.trouble import Trouble
from licet.cli.home import Home, home_option
from licet.cli.refused import Refused
from licet.gateway.app import Gateway, build_gateway
from licet.gateway.bundling import unused_rules
from licet.gateway.clearance import Clearance
from licet.gateway.config import REPLAY, Config, load_config
from licet.gateway.config_demo import DemoChoice, demo_config, plan_demo_config
from licet.gateway.demo_licence import grant_demo_licence
from licet.gateway.keys import Grant
from licet.gateway.listening import bind, replay_url
from licet.gateway.running import run_gateway
from licet.portal.demo import PROVIDER
from licet.rulebook import load_pack

_UP_KEY = "licet up"
PACE_MS_MAX = 60_000
_FILE = click.Path(exists=False, dir_okay=False, path_type=Path)
_HELLO = ("Say hello.", "用一句话打个招呼。")
_TRIES = """
The built-in upstream answers by the last user message. Try:
  answer:en-river-walk     lawful prose, streamed as it comes
  answer:en-bank-call      turns unlawful half-way: halted before it leaves
  answer:zh-fraud-call     the same in Chinese
It paints and speaks, too: client.images.generate(model="replay-picture", prompt="A lake at dawn"),
client.audio.speech.create(model="replay-speech", voice="alloy", input="Hello").
"""
_PORTAL = click.option("--no-portal", is_flag=True, help="Leave out desks and public register.")
_LAB = click.option("--lab", is_flag=True, help="Unlicensed: serve this machine alone.")


def _as_pace(context: click.Context, parameter: click.Parameter, value: float) -> float:
    if not 0 <= value <= PACE_MS_MAX:  # false of nan, which a range would let through
        raise click.BadParameter(f"it is 0 to {PACE_MS_MAX:,} milliseconds.")
    return value


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65_535),
              help="Port to listen on; 0: any that is free.")  # fmt: skip
@click.option("--upstream", metavar="URL", help="An OpenAI-compatible model, https://…/v1.")
@click.option("--upstream-key-env", metavar="NAME", help="Environment variable with its key.")
@click.option("--rules", multiple=True, type=_FILE, help="A file of literal rules (repeatable).")
@click.option("--pace-ms", default=15.0, show_default=True, callback=_as_pace,
              help="Of the built-in upstream.")  # fmt: skip
@click.option("--quiet", is_flag=True, help="Print nothing but trouble, and make no key.")
@_PORTAL
@_LAB
@home_option
def up(
    host: str, port: int, upstream: str | None, upstream_key_env: str | None,
    rules: tuple[Path, ...], pace_ms: float, quiet: bool, no_portal: bool, lab: bool, home: Home,
) -> None:  # fmt: skip
    """Start a gateway with everything that it needs.

    Without --upstream a built-in one recites prose, some of it unlawful on purpose, so that
    halting can be watched with no model and no network. A demo authority, kept in the same
    folder, grants it a demo licence; with --lab it runs unlicensed instead.
    """
    home.create()
    try:
        listener = bind(host, port)  # first: links name the port that 0 has become
        choice = DemoChoice(
            host=host, port=listener.getsockname()[1], upstream_url=upstream,
            upstream_key_env=upstream_key_env, rules=rules,
            provider="" if no_portal else PROVIDER,
        )  # fmt: skip
        config = plan_demo_config(home.root, choice)
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble

    def claimed() -> None:
        demo_config(home.root, choice)
        if not lab and config.licence is not None and config.licence.authority_home is not None:
            pack = load_pack(config.guard.pack)
            grant_demo_licence(config.licence, home.licence, pack, SystemClock().now())

    _run(
        config, home, listener, pace_ms=pace_ms, quiet=quiet, greet=not quiet, lab=lab,
        portal=not no_portal, claimed=claimed,
    )  # fmt: skip


@click.command()
@click.option("--config", "path", type=_FILE, help="Default: config.toml in the home folder.")
@click.option("--quiet", is_flag=True, help="Print nothing but trouble.")
@_LAB
@home_option
def gateway(path: Path | None, quiet: bool, lab: bool, home: Home) -> None:
    """Run a gateway as its configuration says."""
    home.create()
    try:
        config = load_config(path or home.config)
        listener = bind(config.server.host, config.server.port)
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble
    _run(config, home, listener, pace_ms=15, quiet=quiet, greet=False, lab=lab)


def _run(
    config: Config, home: Home, listener: socket.socket, *, pace_ms: float, quiet: bool,
    greet: bool, lab: bool, portal: bool = False, claimed: Callable[[], None] = lambda: None,
) -> None:  # fmt: skip
    if not sys.flags.optimize == 0:
        raise Refused("python -O removes checks that this program relies on: run it without.")
    try:
        needs_replay = any(upstream.url == REPLAY for upstream in config.upstream)
        replay = bind("127.0.0.1", 0) if needs_replay else None
        replay_at = replay_url(replay) if replay else ""
        built = build_gateway(config, home.root, replay_url=replay_at, lab=lab, claimed=claimed)
        key = _fresh_key(built) if greet else ""
    except Trouble as trouble:
        raise Refused(str(trouble)) from trouble
    port = listener.getsockname()[1]

    def note(text: str) -> None:
        click.echo(f"licet: {text}", err=True)

    today = SystemClock().now().date()
    for line in unused_rules(built.bundle.rules, today, config.guard.rules):
        note(line)
    if portal:
        from licet.cli.portal import open_beside

        open_beside(built, home, note)

    def started() -> None:
        if greet:
            click.echo(
                _greeting(config, port, key, home, built.parts.clearance, replay is not None)
                + (_desks(config, port, home) if portal else "")
            )
        elif not quiet:
            click.echo(f"Licet {__version__} serves http://{config.server.host}:{port}")

    uvloop.run(
        run_gateway(
            built,
            listener,
            replay=replay,
            pace_ms=pace_ms,
            started=started,
            note=(lambda text: None) if quiet else note,
        )
    )


def _fresh_key(built: Gateway) -> str:
    """A key for this run; those of earlier runs end. Keys that people made are left alone."""
    clock = SystemClock()
    for key in built.keystore.list():
        if key.name == _UP_KEY and key.revoked is None:
            built.keystore.revoke(key.id, clock.now())
    _, text = built.keystore.create(_UP_KEY, Grant(), clock.now())
    built.parts.keyring.refresh(clock.monotonic())
    return text


def _licence_line(clearance: Clearance) -> str:
    licence = clearance.licence
    if clearance.state == "lab":
        return (
            "UNLICENSED (--lab): serves this machine alone. Nothing here is offered to the public."
        )
    if clearance.refusal is not None or licence is None:
        return f"NOBODY IS SERVED: {clearance.refusal[1] if clearance.refusal else ''}"
    demo = "DEMO licence, by nobody's authority" if licence.demo else "Licence"
    return f"{demo}: {licence.filing}, until {licence.ends:%Y-%m-%d}. See /.well-known/licet"


def _program() -> str:
    """What to type for `licet`: by its path where a shell would not find it."""
    return "licet" if shutil.which("licet") else sys.argv[0]


def _desks(config: Config, port: int, home: Home) -> str:
    host = f"[{config.server.host}]" if ":" in config.server.host else config.server.host
    people = shlex.join([_program(), "portal", "people", *home.as_words()])
    return f"\nDesks and register: http://{host}:{port}/   Who may sign in: {people}"


def _greeting(
    config: Config, port: int, key: str, home: Home, clearance: Clearance, replays: bool
) -> str:
    host = config.server.host
    shown = f"[{host}]" if ":" in host else host
    base = f"http://{shown}:{port}/v1"
    model = "replay" if replays else next(iter(config.models), "NAME-OF-YOUR-MODEL")
    asked, asked_again = ("answer:en-bank-call", "answer:zh-fraud-call") if replays else _HELLO
    body = json.dumps(
        {"model": model, "stream": True, "messages": [{"role": "user", "content": asked}]}
    )
    verify = shlex.join([_program(), "ledger", "verify", str(home.ledger)])
    return f"""\
Licet {__version__} stands at {base}
{_licence_line(clearance)}
API key (shown once, good until the next start): {key}

curl -N {base}/chat/completions \\
  -H 'Authorization: Bearer {key}' \\
  -H 'Content-Type: application/json' \\
  -d {shlex.quote(body)}

from openai import OpenAI  # pip install openai
client = OpenAI(base_url="{base}", api_key="{key}")
for event in client.chat.completions.create(
    model="{model}", stream=True,
    messages=[{{"role": "user", "content": "{asked_again}"}}],
):
    print(event.choices[0].delta.content or "", end="", flush=True)
{_TRIES if replays else ""}
State: {home.root}   Ledger: {verify}   Stop: Ctrl-C"""


__all__ = ["gateway", "up"]
