"""`licet corpus annotation`: the rules by which people annotate, and what they annotated.

It refuses to know what rules must say and what a batch is held against: parse, call, render.
"""

from __future__ import annotations

import getpass
import secrets
from importlib.resources import files
from pathlib import Path

import click

from licet.base.clock import SystemClock
from licet.cli.home import Home, home_option
from licet.cli.refused import TroubleGroup
from licet.cli.rulebook import DEFAULT_PACK
from licet.corpus.annotation import Batch, Rules, breaches, parse, quality
from licet.corpus.annotation_register import AnnotationRegister
from licet.corpus.publishing import Refusal
from licet.corpus.shelf import batch_fields, open_shelf, rules_fields
from licet.corpus.words import BREACHES
from licet.rulebook import load_pack

NO = 1
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_pack = click.option("--pack", "pack_id", default=DEFAULT_PACK, show_default=True, help="Pack id.")
_by = click.option("--by", default=getpass.getuser, help="Who says so. [default: you]")
_lang = click.option(
    "--lang", type=click.Choice(("zh", "en")), default="en", show_default=True,
    help="Language of reasons.",
)  # fmt: skip


@click.group(cls=TroubleGroup)
def annotation() -> None:
    """Rules of annotation, and what people annotated by them."""


@annotation.command()
@click.argument("what", type=click.Choice(("rules", "batch")))
def example(what: str) -> None:
    """Print rules, or the record of a batch, to fill in."""
    name = f"annotation-{what}-example.toml"
    click.echo((files("licet.corpus") / name).read_text(encoding="utf-8"), nl=False)


@annotation.command("register")
@click.argument("file", type=_FILE)
@_by
@_lang
@_pack
@home_option
def register_command(file: Path, by: str, lang: str, pack_id: str, home: Home) -> None:
    """Register a version of rules. What it says never changes."""
    rules = parse(file.read_bytes(), file.name, Rules)
    law, shelf = load_pack(pack_id).corpus, open_shelf(home.create().corpus, home.keys)
    try:
        now = SystemClock().now()
        made = AnnotationRegister(shelf.catalogue).register(rules, by, law, now)
        if isinstance(made, Refusal):
            _refuse(made, lang)
            return
        if made.new:
            shelf.record("corpus.rules", rules_fields(made), now, secrets.token_bytes)
        click.echo(f"{rules.id} {rules.version} {made.sha256}")
    finally:
        shelf.close()


@annotation.command("record")
@click.argument("file", type=_FILE)
@_by
@_lang
@_pack
@home_option
def record_command(file: Path, by: str, lang: str, pack_id: str, home: Home) -> None:
    """Put a batch on record, and say what stands against it. A breach is recorded too."""
    batch = parse(file.read_bytes(), file.name, Batch)
    pack, shelf = load_pack(pack_id), open_shelf(home.create().corpus, home.keys)
    try:
        register, now = AnnotationRegister(shelf.catalogue), SystemClock().now()
        made = register.record(batch, by, now)
        if isinstance(made, Refusal):
            _refuse(made, lang)
            return
        if made.new:
            shelf.record("corpus.annotated", batch_fields(made), now, secrets.token_bytes)
        rules = register.find(batch.rules, batch.version)
    finally:
        shelf.close()
    law, evidence = pack.corpus.annotation, pack.assessment.evidence
    found = quality(batch, law, evidence.confidence, evidence.sides)
    click.echo(
        f"{batch.rules} {batch.version}: {batch.right} of {batch.sampled} right"
        f" ({found.within.low:.1%} to {found.within.high:.1%}): {found.verdict}"
    )
    against = breaches(batch, rules.rules.kind, law) if rules else ()
    for one in against:
        click.echo(BREACHES[one.code][lang].format(where=one.where, about=one.about), err=True)
    if against or found.verdict != "conforms":
        raise SystemExit(NO)


@annotation.command("list")
@_lang
@home_option
def list_command(lang: str, home: Home) -> None:
    """List rules with their newest version, and how many batches followed them."""
    shelf = open_shelf(home.create().corpus, home.keys)
    try:
        register = AnnotationRegister(shelf.catalogue)
        for one in register.all():
            many = len(register.records(rules_id=one.rules.id))
            title = _line(getattr(one.rules.title, lang))
            click.echo(f"{one.rules.id}  {one.rules.version}  {one.rules.kind}  {many}  {title}")
    finally:
        shelf.close()


def _refuse(refusal: Refusal, lang: str) -> None:
    for reason in refusal.said(lang):
        click.echo(_line(reason), err=True)
    raise SystemExit(NO)


def _line(text: str) -> str:
    """A stranger's text on one line that commands no terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


__all__ = ["annotation"]
