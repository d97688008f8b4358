"""`licet corpus`: publish, check, serve and withdraw training data.

Parse, call, render. It refuses to know what a card must say and which licences agree.

Exit codes: 0 done; 1 a lawful "no": a card with gaps, a conflict of licences, content that was
lost; 2 what was given cannot be used.
"""

from __future__ import annotations

import getpass
import json
import os
import secrets
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import click

from licet.base.canonical import sha256_hex
from licet.base.clock import SystemClock, rfc3339_ms
from licet.base.trouble import BadInput
from licet.cli.corpus_annotation import annotation
from licet.cli.corpus_scan import check as check_command
from licet.cli.corpus_scan import scan, verify_scan
from licet.cli.corpus_serving import access, serve, token
from licet.cli.home import Home, home_option
from licet.cli.refused import TroubleGroup
from licet.cli.rulebook import DEFAULT_PACK
from licet.corpus.catalogue import Version
from licet.corpus.checking import VersionChecks
from licet.corpus.croissant import croissant
from licet.corpus.fsck import check
from licet.corpus.licences import terms
from licet.corpus.naming import check_id
from licet.corpus.publishing import (
    Push,
    Refusal,
    chain_of,
    examine,
    publish,
    reach,
    unused,
    withdraw,
)
from licet.corpus.pusher import Platform, Published
from licet.corpus.pusher import push as push_to
from licet.corpus.shelf import Shelf, keep_files, open_shelf, published_fields, read_folder
from licet.rulebook import load_pack

NO = 1
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
pack_option = click.option("--pack", default=DEFAULT_PACK, show_default=True, help="Pack id.")
lang_option = click.option(
    "--lang", type=click.Choice(("zh", "en")), default="en", show_default=True,
    help="Language of reasons.",
)  # fmt: skip


@click.group(cls=TroubleGroup)
def corpus() -> None:
    """Publish, check, serve and withdraw training data."""


corpus.add_command(serve)
corpus.add_command(token)
corpus.add_command(access)
corpus.add_command(annotation)
corpus.add_command(check_command)
corpus.add_command(scan)
corpus.add_command(verify_scan)


def shelf_of(home: Home) -> Shelf:
    """The store of this installation, made where there is none."""
    home.create()
    return open_shelf(home.corpus, home.keys)


@corpus.command()
def card() -> None:
    """Print a card to fill in."""
    click.echo((files("licet.corpus") / "card-example.toml").read_text(encoding="utf-8"), nl=False)


@corpus.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.argument("dataset", metavar="NAMESPACE/NAME")
@click.option("--by", default=getpass.getuser, help="Who publishes. [default: you]")
@click.option("-m", "--message", default="", help="What is new.")
@click.option("--dry-run", is_flag=True, help="Say what would be refused; keep nothing.")
@click.option("--to", metavar="URL", help="Publish on a platform elsewhere, with a token.")
@click.option("--token-env", default="LICET_CORPUS_TOKEN", show_default=True, metavar="NAME",
              help="Environment variable with the token for --to.")  # fmt: skip
@lang_option
@pack_option
@home_option
def push(
    folder: Path, dataset: str, by: str, message: str, dry_run: bool, to: str | None,
    token_env: str, lang: str, pack: str, home: Home,
) -> None:  # fmt: skip
    """Publish a folder as a new version of a data set.

    DIR holds the files and licet-card.toml (see `licet corpus card`). What is kept already is not
    kept twice; the same folder again is the same version. With --to what was broken off goes on
    where it stopped.
    """
    check_id(dataset)
    if to is not None:
        _push_to(to, token_env, folder, dataset, message, lang)
        return
    rules = load_pack(pack).corpus
    shelf = shelf_of(home)
    try:
        said, found = read_folder(folder)
        refusal = examine(said, dataset, shelf.catalogue, rules)
        if refusal is None and dry_run:
            size = sum(path.stat().st_size for _, path in found)
            click.echo(f"{dataset}: {len(found)} files, {size} bytes; the card has no gaps")
            return
        if refusal is not None:
            _refuse(refusal, lang)
        now = SystemClock().now()
        before = shelf.catalogue.versions(dataset)
        wanted = Push(dataset, keep_files(shelf, found), said, by, message)
        made = publish(wanted, shelf.catalogue, shelf.blobs, rules, now)
        if isinstance(made, Refusal):
            _refuse(made, lang)
        elif before and made.commit == before[0].commit:
            click.echo(f"{dataset} v{made.n} {made.commit}: nothing is new")
        else:
            shelf.record("corpus.published", published_fields(made), now, secrets.token_bytes)
            size = made.manifest.size
            click.echo(f"{dataset} v{made.n} {made.commit}")
            click.echo(f"{len(made.manifest.files)} files, {size} bytes")
    finally:
        shelf.close()


@corpus.command("list")
@click.argument("words", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each.")
@lang_option
@home_option
def list_command(words: tuple[str, ...], as_json: bool, lang: str, home: Home) -> None:
    """List data sets, newest first: all, or those in which all WORDS stand."""
    shelf = shelf_of(home)
    try:
        for one in shelf.catalogue.datasets(" ".join(words)):
            if as_json:
                click.echo(json.dumps(_as_object(one), ensure_ascii=False))
            else:
                title = getattr(one.manifest.card.title, lang)
                click.echo(f"{one.dataset}  v{one.n}  {one.manifest.card.licence}  {_line(title)}")
    finally:
        shelf.close()


@corpus.command()
@click.argument("dataset", metavar="NAMESPACE/NAME[@REVISION]")
@click.option("--croissant", "as_croissant", is_flag=True, help="As Croissant 1.1 metadata.")
@click.option("--base-url", default="http://localhost:8080", show_default=True, metavar="URL",
              help="Address of the platform in the metadata.")  # fmt: skip
@lang_option
@pack_option
@home_option
def show(
    dataset: str, as_croissant: bool, base_url: str, lang: str, pack: str, home: Home
) -> None:
    """Show a data set: its versions, card, files, terms, and what was made from it."""
    rules = load_pack(pack).corpus
    shelf = shelf_of(home)
    try:
        name, _, revision = dataset.partition("@")
        one = shelf.catalogue.resolve(check_id(name), revision or "main")
        within = terms(chain_of(one.manifest.card, name, shelf.catalogue), rules.licences)
        if as_croissant:
            said = croissant(one, within, rules, base_url=base_url.rstrip("/"))
            click.echo(json.dumps(said, ensure_ascii=False, indent=1))
            return
        click.echo("\n".join(_described(one, shelf, lang)))
        click.echo(f"allows    {', '.join(sorted(within.allows)) or 'nothing'}")
        click.echo(f"asks      {', '.join(sorted(within.asks)) or 'nothing'}")
        if within.credit:
            click.echo(f"credit    {'; '.join(map(_line, within.credit))}")
    finally:
        shelf.close()


@corpus.command("withdraw")
@click.argument("dataset", metavar="NAMESPACE/NAME@VERSION")
@click.option("--reason", required=True, help="What users are told.")
@click.option("--by", default=getpass.getuser, help="Who decides. [default: you]")
@click.option("--dry-run", is_flag=True, help="Only say which versions it reaches.")
@click.option("--erase", is_flag=True, help="Remove the content that no version has any more.")
@home_option
def withdraw_command(
    dataset: str, reason: str, by: str, dry_run: bool, erase: bool, home: Home
) -> None:
    """Withdraw a version, and every version that was made from it.

    A tombstone with the reason stays; the content stays too, unless it is erased.
    """
    name, _, revision = dataset.partition("@")
    if not revision:
        raise click.UsageError("Name the version: NAMESPACE/NAME@VERSION.")
    shelf = shelf_of(home)
    try:
        one = shelf.catalogue.resolve(check_id(name), revision)
        if dry_run:
            for reached in reach(one, shelf.catalogue):
                click.echo(f"{reached.dataset} v{reached.n} {reached.commit}")
            return
        now = SystemClock().now()
        for gone in withdraw(one, shelf.catalogue, by=by, reason=reason, now=now):
            assert gone.withdrawn is not None
            shelf.record(
                "corpus.withdrawn",
                {
                    "dataset": gone.dataset, "version": gone.commit,
                    "cause": gone.withdrawn.cause,
                    "reason_sha256": sha256_hex(reason.encode()),
                },
                now, secrets.token_bytes,
            )  # fmt: skip
            click.echo(f"withdrawn: {gone.dataset} v{gone.n} {gone.commit}")
        if erase:
            for sha256 in unused(shelf.catalogue):
                shelf.blobs.drop(sha256)
    finally:
        shelf.close()


@corpus.command()
@home_option
def fsck(home: Home) -> None:
    """Read everything that is kept, and say what was lost or altered."""
    shelf = shelf_of(home)
    try:
        bad = 0
        for one in check(shelf.catalogue, shelf.blobs):
            bad += one.is_fault
            at = f"  in {', '.join(v[:7] for v in one.versions)}" if one.versions else ""
            click.echo(f"{one.kind:<9} {one.what}{at}")
        versions = sum(1 for _ in shelf.catalogue.all())
        pieces = sum(1 for _ in shelf.blobs.all())
        click.echo(f"{versions} versions, {pieces} pieces of content, {bad} faults")
        if bad:
            raise SystemExit(NO)
    finally:
        shelf.close()


def _push_to(to: str, token_env: str, folder: Path, dataset: str, message: str, lang: str) -> None:
    token = os.environ.get(token_env, "")
    if not token:
        raise BadInput(f"{token_env} holds no token.", hint="Ask the platform for one.")
    said, found = read_folder(folder)
    done = push_to(
        Platform(to, token), dataset, said, found, message,
        lambda text: click.echo(_line(text), err=True),
    )  # fmt: skip
    if isinstance(done, Published):
        click.echo(f"{done.dataset} v{done.n} {done.version}")
        return
    for reason in done.get(lang, ()):
        click.echo(_line(reason), err=True)
    raise SystemExit(NO)


def _refuse(refusal: Refusal, lang: str) -> None:
    for reason in refusal.said(lang):
        click.echo(_line(reason), err=True)
    raise SystemExit(NO)


def _described(one: Version, shelf: Shelf, lang: str) -> Iterator[str]:
    said = one.manifest.card
    yield f"{one.dataset} v{one.n} {one.commit}"
    yield _line(getattr(said.title, lang))
    yield _line(getattr(said.summary, lang))
    if one.withdrawn is not None:
        yield f"WITHDRAWN {rfc3339_ms(one.withdrawn.at_ms)}: {_line(one.withdrawn.reason)}"
    checked = VersionChecks(shelf.catalogue).of(one)
    why = (checked.said_zh if lang == "zh" else "") or checked.said
    yield f"check     {checked.state}{': ' if why else ''}{_line(why)}"
    yield f"licence   {said.licence}, {said.access}"
    yield f"languages {', '.join(said.languages)}"
    for source in said.source:
        yield f"source    {_line(source.name)} ({source.type})"
    for parent in said.made_from:
        yield f"made from {parent.id}@{parent.version[:7]}"
    for below in shelf.catalogue.made_from(one.commit):
        yield f"used by   {below.dataset}@{below.commit[:7]}"
    for file in one.manifest.files:
        yield f"{file.size:>12}  {file.path}"
    for other in shelf.catalogue.versions(one.dataset):
        gone = "  withdrawn" if other.withdrawn else ""
        yield f"v{other.n:<8} {rfc3339_ms(other.made_ms)}  {other.commit}{gone}"


def _as_object(one: Version) -> dict[str, object]:
    card = one.manifest.card
    return {
        "id": one.dataset, "n": one.n, "version": one.commit, "made": one.manifest.made,
        "title": {"zh": card.title.zh, "en": card.title.en}, "licence": card.licence,
        "access": card.access, "files": len(one.manifest.files), "bytes": one.manifest.size,
    }  # fmt: skip


def _line(text: str) -> str:
    """A stranger's text on one line that commands no terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


__all__ = ["corpus"]
