"""`licet labels`: write labels into files, read them, verify them.

Parse, call, render. It refuses to know formats and marks.

Exit codes: 0 done, all compliant; 1 a file that is not compliant, or bears no label; 2 a file that
cannot be used.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import click

from licet.base.clock import SystemClock
from licet.base.keyfile import read_private, write_once
from licet.base.trouble import BadInput, Conflict, NotFound, TooMuch
from licet.cli.refused import TroubleGroup
from licet.cli.rulebook import DEFAULT_PACK
from licet.labels import Report, produce, propagate, verify
from licet.labels.formats import format_of
from licet.labels.formats.markdown import front_and_body
from licet.labels.formats.model import FILE_BYTES_MAX
from licet.labels.manifests import Manifest, check, make_authority, sign
from licet.labels.marks import mark_words
from licet.labels.marks.picture import Corner, mark_picture
from licet.labels.marks.sound import mark_sound
from licet.labels.marks.text import mark_text
from licet.rulebook import LabelRules, load_pack

NO, UNUSABLE = 1, 2
ROOT, ROOT_KEY, CHAIN, KEY = "ca.pem", "ca.key", "signer.pem", "signer.key"
_FILES = click.argument(
    "files", nargs=-1, required=True, metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)  # fmt: skip
_FOLDER = click.Path(file_okay=False, path_type=Path)
_PACK = click.option("--pack", default=DEFAULT_PACK, show_default=True, metavar="ID",
                     help="Pack whose rules hold.")  # fmt: skip
_JSON = click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each.")
_LANG = click.option("--lang", default="en", show_default=True, help="Language of the words.")


@click.group(cls=TroubleGroup)
def labels() -> None:
    """Write, read and verify the labels of generated content."""


@labels.command("write")
@_FILES
@click.option("--role", type=click.Choice(("producer", "propagator")), default="producer",
              show_default=True, help="Whether you made them or pass them on.")  # fmt: skip
@click.option("--name", "code", required=True, metavar="CODE", help="Your code as a provider.")
@click.option("--number", metavar="ID", help="Content number, for one FILE; else one is made.")
@click.option("--declared", is_flag=True, help="As propagator: its user says it was generated.")
@click.option("--mark", metavar="LANG", help="Put the mark on as well, in: zh, en.")
@click.option("--place", metavar="PLACE", help="Where the mark goes: a corner, start or end.")
@click.option("--sign-with", "signer", metavar="DIR", type=_FOLDER,
              help="Sign a C2PA manifest too, with the keys that make-ca made.")  # fmt: skip
@click.option("--into", type=_FOLDER, metavar="DIR",
              help="Write the files there; by default each in its place.")  # fmt: skip
@_PACK
def write_command(
    files: tuple[Path, ...], role: str, code: str, number: str | None, declared: bool,
    mark: str | None, place: str | None, signer: Path | None, into: Path | None, pack: str,
) -> None:  # fmt: skip
    """Label files as generated, or add what a platform must.

    A file gets the seven fields of the pack's metadata, once, bound to its content; with --mark a
    picture, WAV or text gets its mark too, before it is labelled.
    """
    if number and len(files) > 1:
        raise click.UsageError("--number is for one FILE; leave it out to have numbers made.")
    if mark and role == "propagator":
        raise click.UsageError("--mark is for who generated a file, not for who passes it on.")
    rules = load_pack(pack).labels
    for path in files:
        target = into / path.name if into else path
        if into and target.exists():
            raise Conflict(f"{target} is there already.", hint="Choose another folder.")
        data, content_id = _load(path), number or secrets.token_hex(12)
        if mark:
            data = _marked(data, path.name, mark, place, rules)
        if role == "producer":
            data = produce(data, code, content_id, rules, name=path.name)
        else:
            data = propagate(data, code, content_id, rules, declared=declared, name=path.name)
        if signer:
            media_type = format_of(data, path.name).media_type
            data = sign(data, media_type, _load(signer / CHAIN), read_private(signer / KEY))
        _save(target, data)
        click.echo(f"{target}  {content_id}")


@labels.command("read")
@_FILES
@_PACK
def read_command(files: tuple[Path, ...], pack: str) -> None:
    """Print what files say of themselves, as lines of JSON."""
    rules = load_pack(pack).labels
    for path in files:
        click.echo(json.dumps(_as_object(path, _verified(path, rules)), ensure_ascii=False))


@labels.command("verify")
@_FILES
@click.option("--anchors", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              metavar="FILE", help="Check C2PA manifests too, under these.")  # fmt: skip
@_JSON
@_LANG
@_PACK
def verify_command(
    files: tuple[Path, ...], anchors: Path | None, as_json: bool, lang: str, pack: str
) -> None:
    """Say whether files bear the label that the rules ask for.

    compliant: one label, as the rules want it. noncompliant: what is wrong, and by which clause.
    not_found: no label; that proves nothing about who made the file. inconclusive: the file cannot
    be read.
    """
    opened = load_pack(pack)
    if lang not in opened.languages:
        raise click.UsageError(f"--lang: one of {', '.join(opened.languages)}.")
    verdicts: set[str] = set()
    for path in files:
        report = _verified(path, opened.labels)
        manifest = _manifest(path, _load(anchors)) if anchors else None
        verdicts |= {report.verdict, *(["broken"] if manifest and not manifest.stands else [])}
        if as_json:
            click.echo(json.dumps(_as_object(path, report, manifest), ensure_ascii=False))
        else:
            click.echo("\n".join(_render(path, report, opened.labels, lang, manifest)))
    if verdicts != {"compliant"}:
        raise SystemExit(UNUSABLE if "inconclusive" in verdicts else NO)


@labels.command("make-ca")
@click.argument("organisation")
@click.option("--into", required=True, type=_FOLDER, metavar="DIR",
              help="Where keys and certificates go; a new folder.")  # fmt: skip
@click.option("--days", type=click.IntRange(1, 825), default=90, show_default=True,
              help="How long the signer is good.")  # fmt: skip
@click.option("--root-days", type=click.IntRange(1, 7305), default=3650, show_default=True,
              help="How long the root is good.")  # fmt: skip
def make_ca_command(organisation: str, into: Path, days: int, root_days: int) -> None:
    """Make an authority of your own that signs C2PA manifests, and a signer under it.

    Give ca.pem to whoever is to trust your files. Keep ca.key away from the machine that signs.
    """
    made = make_authority(
        organisation, now=SystemClock().now(), days=days, root_days=max(days, root_days)
    )
    if into.exists():
        raise Conflict(f"{into} is there already.", hint="Name a new folder.")
    into.mkdir(parents=True, mode=0o700)
    _save(into / ROOT, made.root)
    _save(into / CHAIN, made.chain)
    for name, key in ((ROOT_KEY, made.root_key), (KEY, made.key)):
        write_once(into / name, key)
    click.echo(f"{into / ROOT}  to be trusted\n{into / CHAIN}  the signer, good for {days} days")


def _verified(path: Path, rules: LabelRules) -> Report:
    return verify(_load(path), rules, name=path.name)


def _manifest(path: Path, anchors: bytes) -> Manifest:
    data = _load(path)
    try:
        media_type = format_of(data, path.name).media_type
    except BadInput:
        return Manifest("not_found")
    return check(data, media_type, anchors)


def _marked(data: bytes, name: str, lang: str, place: str | None, rules: LabelRules) -> bytes:
    """The file with its mark, by its medium. Raises BadInput where we cannot put one on."""
    known = format_of(data, name)
    words = mark_words(rules, "generated", lang)
    if known.medium == "image":
        corner = cast(Corner, place or "bottom-right")
        return mark_picture(data, words, rules.media["image"].height_share_min, corner=corner)
    if known.id == "wav":
        return mark_sound(data, place or "start", rules)
    if known.id == "markdown":
        front, body = front_and_body(data)
        return (front + mark_text(body, words, place or "start", rules)).encode()
    hint = "Pictures, WAV and plain text can be marked; leave --mark out to label alone."
    raise BadInput(f"no mark can be put on {known.id}.", hint=hint)


def _as_object(path: Path, report: Report, manifest: Manifest | None = None) -> dict[str, Any]:
    said = {"file": str(path), **asdict(report)}
    return said | {"manifest": asdict(manifest)} if manifest else said


def _render(
    path: Path, report: Report, rules: LabelRules, lang: str, manifest: Manifest | None
) -> Iterator[str]:
    yield f"{path}: {report.verdict}"
    if report.problem:
        yield f"  problem   {report.problem}"
    if report.aigc:
        degree = next((d for d in rules.degrees.values() if d.value == report.aigc.label), None)
        if degree:
            yield f"  says      {degree.notice[lang]}"
        for field in rules.metadata.fields:
            if report.aigc.value(field):
                yield f"  {field} = {_shown(report.aigc.value(field))}"
    if report.copies:
        yield f"  where     {', '.join(copy.place for copy in report.copies)}"
    if report.bound:
        yield "  bound     the digest in the label fits the content"
    if manifest:
        why = ", ".join(manifest.problems) or _shown(manifest.signer)
        yield f"  C2PA      {manifest.state}{f': {_shown(why)}' if why else ''}"
    for fault in report.faults:
        broken = rules.checks[fault.check]
        yield f"  fault     {broken.broken[lang]}: {_shown(fault.detail)} ({broken.clause[lang]})"


def _shown(text: str) -> str:
    """A stranger's text on one line that commands no terminal."""
    return "".join(c if c.isprintable() else " " for c in text)


def _load(path: Path) -> bytes:
    if not path.is_file():
        raise NotFound(f"there is no file {path}.", hint="`licet labels make-ca` makes keys.")
    if path.stat().st_size > FILE_BYTES_MAX:
        raise TooMuch(f"{path} is too large.", hint=f"Up to {FILE_BYTES_MAX >> 20} MiB.")
    return path.read_bytes()


def _save(path: Path, data: bytes) -> None:
    """All of the file or nothing of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        beside.write_bytes(data)
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o777)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
