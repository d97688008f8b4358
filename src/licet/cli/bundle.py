"""`licet bundle`: what a bundle holds, how one is made, what a new one changes, whose it is.

Parse, call, render. It refuses to know the form of a bundle and how texts are judged.

Exit codes: 1 of `verify`: the bundle does not hold; 1 of `diff --bank`: some text fares otherwise.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import click

from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, NotAllowed, NotFound
from licet.cli.bundle_stage import drop, promote, shadow, stage
from licet.cli.check_lines import LineJudge, Lines
from licet.cli.home import Home, home_option
from licet.cli.refused import TroubleGroup
from licet.cli.rulebook import DEFAULT_PACK
from licet.gateway.bundlefile import CURRENT, load_bundle, load_bytes, save_bundle
from licet.gateway.bundlekey import (
    load_or_create_bundle_key,
    load_trusted_keys,
    parse_public_key,
)
from licet.gateway.bundling import FAIL_CLOSED, draft_bundle, ending_rules, unused_rules
from licet.gateway.config import GuardConfig, load_config
from licet.guard.bundle import (
    Bundle,
    Difference,
    Draft,
    build_bundle,
    compare,
    describe,
    make_guard,
    read_bundle,
)
from licet.guard.policy import OnFailure, Tier
from licet.guard.verdict import Action
from licet.rulebook import load_pack

NO = 1
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW = click.Path(dir_okay=False, path_type=Path)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(cls=TroubleGroup)
def bundle() -> None:
    """Show, build, compare, verify and try guard bundles."""


@bundle.command()
@click.argument("file", required=False, type=_FILE)
@_json
@home_option
def show(file: Path | None, as_json: bool, home: Home) -> None:
    """Show what FILE holds; without one, the bundle that is installed in the home folder."""
    opened = load_bundle(file or _installed(home), None)
    trusted = opened.author in _trusted_or_none(home)
    if as_json:
        click.echo(json.dumps({**describe(opened), "trusted": trusted}, ensure_ascii=False))
        return
    click.echo("\n".join(_described(opened)))
    click.echo(f"trusted    {'yes' if trusted else 'no: its signature does not count here'}")


@bundle.command()
@click.option("--rules", multiple=True, type=_FILE, metavar="FILE",
              help="A file of rules to put in; may be repeated.")  # fmt: skip
@click.option("--pack", metavar="ID", help="Pack that gives the policy.")
@click.option("--tier", type=click.Choice(("token", "clause", "whole")),
              help="What may leave before it is judged; default: as the pack says.")  # fmt: skip
@click.option("--name", default="local", show_default=True, help="What people call it.")
@click.option("--urgent", is_flag=True, help="Running streams are to change over at once.")
@click.option("--no-shipped", is_flag=True, help="Leave out the rules and weights of Licet.")
@click.option("--install", is_flag=True, help="Serve under it: put it into the home folder.")
@click.option("-o", "--output", type=_NEW, metavar="FILE", help="Write it here.")
@home_option
def build(
    rules: tuple[Path, ...], pack: str | None, tier: str | None, name: str, urgent: bool,
    no_shipped: bool, install: bool, output: Path | None, home: Home,
) -> None:  # fmt: skip
    """Build a bundle and sign it with the key of this home, made at first use.

    Rules, pack, tier and what happens when a judge fails are those of the home's configuration
    where there is one; what is given here is added to its rules, and comes before its choices.
    Rules that are out of their time, or will be within 30 days, are told; they are kept.
    """
    if output is None and not install:
        raise click.UsageError("Say where to: -o FILE, --install, or both.")
    guard = load_config(home.config).guard if home.config.exists() else None
    files = _files(guard, rules)
    draft = _draft(guard, files, pack, tier, name=name, shipped=not no_shipped, urgent=urgent)
    key = load_or_create_bundle_key(home.create().keys, secrets.token_bytes)
    data = build_bundle(draft, key)
    # Whoever installs must be able to read it back: better refused here than by the gateway.
    built = read_bundle(data, load_trusted_keys(home.keys) if install else None)
    if output is not None:
        save_bundle(output, data)
    if install:
        save_bundle(home.bundles / CURRENT, data)
    today = SystemClock().now().date()
    for tell in (unused_rules, ending_rules):
        for line in tell(built.rules, today, files):
            click.echo(line, err=True)
    click.echo("\n".join(_described(built)))
    if output is not None:
        click.echo(f"written to {output}")
    if install:
        click.echo(f"installed in {home.root}; a running gateway takes it up within a second")


@bundle.command()
@click.argument("old", type=_FILE)
@click.argument("new", type=_FILE)
@click.option("--bank", type=_FILE, metavar="FILE", help="Judge these texts by both (JSON lines).")
@_json
def diff(old: Path, new: Path, bank: Path | None, as_json: bool) -> None:
    """Tell what NEW does otherwise than OLD; with --bank, exit code 1 where a text shows it."""
    before, after = load_bundle(old, None), load_bundle(new, None)
    found = compare(before, after)
    trial = _try(bank, before, after) if bank else None
    if as_json:
        shown: dict[str, Any] = asdict(found)
        if trial is not None:
            changed = [asdict(change) for change in trial.changes]
            shown["bank"] = {"texts": trial.texts, "changed": changed}
        click.echo(json.dumps(shown, ensure_ascii=False))
    else:
        click.echo("\n".join(_differences(found)))
        if trial is not None:
            click.echo("\n".join(_trial(trial)))
    if trial is not None and trial.changes:
        raise SystemExit(NO)


@bundle.command()
@click.argument("file", type=_FILE)
@click.option("--key", metavar="HEX", help="Its author's public key; default: any trusted here.")
@home_option
def verify(file: Path, key: str | None, home: Home) -> None:
    """Check that FILE is whole and that an author who counts has signed it."""
    trusted = {parse_public_key(key)} if key else load_trusted_keys(home.keys)
    data = load_bytes(file)
    try:
        opened = read_bundle(data, trusted)
    except (BadInput, NotAllowed) as no:
        click.echo(f"FALSE      {no}")
        raise SystemExit(NO)
    click.echo(f"whole, and signed by {opened.author.hex()}")
    click.echo(f"digest     {opened.digest}")


for _command in (stage, shadow, promote, drop):
    bundle.add_command(_command)


# --- building ------------------------------------------------------------------------------------


def _files(guard: GuardConfig | None, rules: Sequence[Path]) -> tuple[Path, ...]:
    """The rule files of the configuration and those that were typed, each once."""
    configured = guard.rules if guard else ()
    return tuple({path.resolve(): path for path in (*configured, *rules)}.values())


def _draft(
    guard: GuardConfig | None, files: Sequence[Path], pack: str | None, tier: str | None, *,
    name: str, shipped: bool, urgent: bool,
) -> Draft:  # fmt: skip
    """The draft as the configuration has it, where there is one, and as was typed."""
    return draft_bundle(
        load_pack(pack or (guard.pack if guard else DEFAULT_PACK)),
        files,
        name=name,
        on_judge_failure=_on_failure(guard) if guard else FAIL_CLOSED,
        tier=cast(Tier | None, tier) or (guard.tier if guard else None),
        shipped=shipped,
        urgent=urgent,
    )


def _on_failure(guard: GuardConfig) -> Mapping[Tier, OnFailure]:
    chosen = guard.on_judge_failure
    return {"token": chosen.token, "clause": chosen.clause, "whole": chosen.whole}


def _installed(home: Home) -> Path:
    path = home.bundles / CURRENT
    if not path.exists():
        raise NotFound(
            f"no bundle is installed in {home.root}.",
            hint="Name a FILE, or make one: licet bundle build --install",
        )
    return path


def _trusted_or_none(home: Home) -> frozenset[bytes]:
    try:
        return load_trusted_keys(home.keys)
    except NotFound:
        return frozenset()


def _described(opened: Bundle) -> Iterator[str]:
    about = describe(opened)
    counts = ", ".join(f"{count} in {name}" for name, count in about["rules"].items())
    yield f"name       {about['name']}{', urgent' if about['urgent'] else ''}"
    yield f"digest     {about['digest']}"
    yield f"author     {about['author']}"
    yield f"pack       {about['pack']} (sha256 {about['pack_digest'][:16]}…)"
    yield f"rules      {counts or 'none'}"
    yield f"literals   {about['literals']}"
    yield f"patterns   {about['patterns']}"
    yield f"weights    {about['weights_sha256'] or 'none: nothing is judged by meaning'}"
    yield f"tier       {about['tier']}"
    yield f"audiences  {', '.join(about['audiences'])}"


# --- comparing -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Change:
    """A text that fares otherwise under the new bundle."""

    id: str
    old: Action
    new: Action


@dataclass(frozen=True, slots=True)
class _Trial:
    """What a bank of texts shows of two bundles."""

    texts: int
    changes: tuple[_Change, ...]


def _try(bank: Path, before: Bundle, after: Bundle) -> _Trial:
    today = SystemClock().now().date()
    old, new = (LineJudge(make_guard(one, today=today)) for one in (before, after))
    changes, texts = [], 0
    lines = Lines()
    for number, line in enumerate([*lines.feed(bank.read_bytes()), *lines.finish()], 1):
        if not line.strip():
            continue
        texts += 1
        try:
            text_id, was = old.action(line, number)
        except ValueError as fault:
            raise BadInput(
                f"{bank}, line {number}: {fault}.", hint="One object with id and text a line."
            )
        _, now = new.action(line, number)
        if was != now:
            changes.append(_Change(text_id, was, now))
    return _Trial(texts, tuple(changes))


def _differences(found: Difference) -> Iterator[str]:
    if found.is_empty:
        yield "no difference in rules, policy or weights"
    yield from (f"+ rule {rule}" for rule in found.rules_added)
    yield from (f"- rule {rule}" for rule in found.rules_removed)
    yield from (f"~ rule {rule}" for rule in found.rules_changed)
    yield from (f"~ {change}" for change in found.policy_changed)
    if found.weights_changed:
        yield "~ weights"


def _trial(trial: _Trial) -> Iterator[str]:
    yield ""
    yield f"{trial.texts} texts, {len(trial.changes)} fare otherwise"
    kinds = Counter((change.old, change.new) for change in trial.changes)
    yield from (f"{old} → {new}: {count}" for (old, new), count in sorted(kinds.items()))
    yield from (f"  {change.id}: {change.old} → {change.new}" for change in trial.changes)
