"""`licet pictures`: lists of pictures that may not pass, and copies that left without a mark.

It refuses to know how pictures are looked at and kept: parse, call, render.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from pathlib import Path

import click

from licet.base.clock import SystemClock, rfc3339
from licet.base.trouble import BadInput, NotFound
from licet.cli.home import Home, home_option
from licet.cli.refused import TroubleGroup
from licet.cli.rulebook import DEFAULT_PACK
from licet.gateway.casestore import CaseStore
from licet.gateway.media.copylog import FILE, CopyLog
from licet.gateway.media.seeing import see
from licet.guard.pictures import parse_blocklist
from licet.rulebook import load_pack

PIXELS_MAX = 64 << 20
_FILES = click.argument(
    "files", nargs=-1, metavar="FILE...",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)  # fmt: skip
_PACK = click.option("--pack", default=DEFAULT_PACK, show_default=True, metavar="ID",
                     help="Pack whose rules hold.")  # fmt: skip
_OWN = re.compile(r"phash ([0-9a-f]{16})\]")


@click.group(cls=TroubleGroup)
def pictures() -> None:
    """List pictures that may not pass, and show which left without a mark."""


@pictures.command("hash")
@_FILES
def hash_command(files: tuple[Path, ...]) -> None:
    """Print the perceptual hash of pictures, as it stands in lists."""
    for path in files:
        click.echo(f"{_hash_of(path)}  {path}")


@pictures.command("block")
@_FILES
@click.option("--case", "cases", multiple=True, metavar="NUMBER",
              help="A picture that was stopped here, by its case (repeatable).")  # fmt: skip
@click.option("--list", "listing", required=True, metavar="FILE",
              type=click.Path(dir_okay=False, path_type=Path), help="Where to add.")  # fmt: skip
@click.option("--category", required=True, metavar="ID", help="A category of the pack.")
@click.option("--note", default="", metavar="TEXT", help="Why, for whoever reads the list.")
@_PACK
@home_option
def block_command(
    files: tuple[Path, ...], cases: tuple[str, ...], listing: Path, category: str, note: str,
    pack: str, home: Home,
) -> None:  # fmt: skip
    """Put pictures on a list; a running gateway that names it follows within a second.

    Pictures are given as files, or as cases in which a picture was stopped here.
    """
    opened = load_pack(pack)
    if category not in opened.categories:
        raise click.BadParameter(
            f"there is no {category!r}. One of: {', '.join(sorted(opened.categories))}.",
            param_hint="--category",
        )
    found = [_hash_of(path) for path in files] + [_hash_in(case, home, pack) for case in cases]
    if not found:
        raise click.UsageError("Give a FILE or a --case.")
    text = listing.read_text("utf-8") if listing.exists() else ""
    known = {one.phash for one in parse_blocklist(text, str(listing), opened.categories)}
    for own in dict.fromkeys(found):
        if int(own, 16) in known:
            click.echo(f"{own}  is listed already")
            continue
        name = f"p-{SystemClock().now():%Y%m%d}-{secrets.token_hex(3)}"
        text += f'\n[[picture]]\nid = "{name}"\nphash = "{own}"\ncategory = "{category}"\n'
        text += f"note = {json.dumps(note, ensure_ascii=False)}\n" if note else ""
        click.echo(f"{own}  {name}")
    parse_blocklist(text, str(listing), opened.categories)  # nothing unfit is written
    fresh = listing.with_name(f".{listing.name}.new")
    fresh.write_text(text.lstrip(), "utf-8")
    os.replace(fresh, listing)


@pictures.command("unmarked")
@_PACK
@home_option
def unmarked_command(pack: str, home: Home) -> None:
    """Print the copies that were given without a mark, and to whom, as lines of JSON."""
    if not (home.root / FILE).exists():
        raise NotFound("no copy without a mark was ever given here.")
    rules = load_pack(pack)
    days = rules.retention[rules.labels.unlabelled.retention].days
    log = CopyLog(home.root, keep_days=days, chance=secrets.token_bytes)
    try:
        for one in log.read():
            said = {
                "content": one.content, "given": rfc3339(one.given), "medium": one.medium,
                "agreement": one.agreement, "recipient": one.recipient,
            }  # fmt: skip
            click.echo(json.dumps(said, ensure_ascii=False))
    finally:
        log.close()


def _hash_of(path: Path) -> str:
    own = see(path.read_bytes(), pixels_max=PIXELS_MAX).own
    if not own:
        raise BadInput(f"{path} shows nothing: all such pictures look alike.")
    return own


def _hash_in(case: str, home: Home, pack: str) -> str:
    """The hash that the sealed excerpt of a case holds: of a picture it holds nothing else."""
    store = CaseStore(
        home.root / "cases.db", home.keys / "case_keys.db",
        keep_days=load_pack(pack).retention["halted_excerpt"].days, chance=secrets.token_bytes,
    )  # fmt: skip
    try:
        found = _OWN.search(store.read_excerpt(case, SystemClock().now()).text)
    finally:
        store.close()
    if found is None:
        raise BadInput(f"{case} is not about a picture.", hint="Give the picture as a file.")
    return found[1]
