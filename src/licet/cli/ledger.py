"""`licet ledger`: verify anybody's log; prove, export and show entries of one's own.

Parse, call, render. It refuses to know how a log is kept and what makes it true.
"""

from __future__ import annotations

import contextlib
import csv
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

import click

from licet.base.clock import SystemClock
from licet.base.trouble import BadInput, Corrupt
from licet.cases.proceedings import lawless
from licet.cases.transparency import Reading, report_as_json, report_rows
from licet.cli.home import Home, home_option
from licet.cli.refused import TroubleGroup
from licet.cli.rulebook import DEFAULT_PACK
from licet.gateway.config import load_config
from licet.ledger.checkpoint import read_checkpoint
from licet.ledger.connect import open_store
from licet.ledger.entry import parse_entry
from licet.ledger.export import export_log
from licet.ledger.keyfiles import load_signer, load_vkey
from licet.ledger.log import LogView
from licet.ledger.note import Verifier, parse_vkey
from licet.ledger.proof import RECEIPT_BYTES_MAX, SUFFIX, is_receipt, verify_receipt
from licet.ledger.source import open_source
from licet.ledger.tiles import WIDTH, TileName, split_entries
from licet.ledger.verify import Report, verify_log
from licet.rulebook import Pack, load_pack

WRONG_SHOWN = 20
NO = 1  # exit code: the log, or the receipt, does not hold


@click.group(cls=TroubleGroup)
def ledger() -> None:
    """The tamper-evident record: verify, prove, export, show."""


@ledger.command()
@click.argument("where", metavar="DIR|URL|RECEIPT")
@click.option("--vkey", metavar="KEY|FILE", help="The log's public key, as you know it.")
@click.option("--replay", is_flag=True, help="Replay what it tells of proceedings: was it lawful?")
@click.option("--pack", "pack_id", default=DEFAULT_PACK, show_default=True, help="By this pack.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(where: str, vkey: str | None, replay: bool, pack_id: str, as_json: bool) -> None:
    """Check a whole log from its entries up, or a receipt; exit code 1: it is false.

    DIR holds a `ledger.db`, or `checkpoint` and `tile/` as static files. URL is what stands
    before /checkpoint.
    """
    # First what is to replay by: a long log is not verified only to find that nothing is.
    pack = load_pack(pack_id) if replay or pack_id != DEFAULT_PACK else None
    if where.endswith(SUFFIX) or _holds_receipt(Path(where)):
        _verify_receipt(Path(where), _key(vkey))
        return
    key, beside = (_key(vkey), None) if vkey else _key_beside(Path(where))
    report = verify_log(where, key)
    if as_json:
        click.echo(json.dumps({**asdict(report), "ok": report.ok}))
    else:
        _show(report, beside)
    if not report.ok or (replay and pack and not _replays(where, pack, as_json)):
        raise SystemExit(NO)


@ledger.command()
@click.argument("index", type=click.IntRange(0))
@click.option("-o", "--output", metavar="FILE", help=f"Default INDEX{SUFFIX}; - to print.")
@home_option
def prove(index: int, output: str | None, home: Home) -> None:
    """Write a receipt that proves, offline, that entry INDEX stands in the log."""
    with _view(home) as log:
        receipt = log.prove(index).render()
        vkey = log.vkey
    target = output or f"{index}{SUFFIX}"
    try:
        with click.open_file(target, "wb") as file:
            file.write(receipt)
    except OSError as error:
        raise BadInput(f"{target}: {error.strerror}", hint="Name another file with -o.")
    if target != "-":
        click.echo(f"{target}\ncheck with: licet ledger verify {target} --vkey '{vkey}'")


@ledger.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@home_option
def export(folder: Path, home: Home) -> None:
    """Write the log as static files, to be published by any web server; again: what is new."""
    with _view(home) as log:
        written = export_log(log, folder)
        click.echo(f"{log.size} entries, {written} files written to {folder}")


@ledger.command("report")
@click.argument("where", metavar="DIR|URL")
@click.option("--pack", "pack_id", default=DEFAULT_PACK, show_default=True, help="By this pack.")
@click.option("--csv", "form", flag_value="csv", help="Comma-separated rows.")
@click.option("--json", "form", flag_value="json", help="Print JSON.")
def count(where: str, pack_id: str, form: str | None) -> None:
    """Report from a ledger alone: stops, incidents, measures, orders of access, notices due.

    Whoever has a copy of the ledger makes the same report. Verify it first.
    """
    following = load_pack(pack_id).following
    reading = Reading(following.proceedings.get("order") if following else None)
    made = reading.read(_entries(where)).report(SystemClock().now().date())
    if form == "json":
        click.echo(json.dumps(report_as_json(made), ensure_ascii=False, indent=1))
        return
    if form == "csv":
        csv.writer(sys.stdout).writerows(report_rows(made))
        return
    click.echo(f"{made.entries} entries, {made.since} to {made.until}")
    for what, one, two, three, many in report_rows(made):
        which = "  ".join(word for word in (one, two, three) if word)
        click.echo(f"{many:>8}  {what:<9} {which}")


@ledger.command()
@click.option("--last", type=click.IntRange(1), default=20, show_default=True, help="How many.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a line.")
@home_option
def show(last: int, as_json: bool, home: Home) -> None:
    """Print the latest entries, oldest first."""
    with _view(home) as log:
        first = max(0, log.size - last)
        for index, data in enumerate(log.entries(first, log.size - first), first):
            click.echo(_as_json(index, data) if as_json else _as_line(index, data))


def _replays(where: str, pack: Pack, as_json: bool) -> bool:
    """Whether what a whole log tells of proceedings was lawful; says what was not."""
    following = pack.following
    told = list(_told(where))
    wrong = list(lawless(told, following.proceedings if following else {}))
    if not as_json:
        click.echo(f"proceedings  {len(told)} entries replayed, {len(wrong)} unlawful")
        for line in wrong[:WRONG_SHOWN]:
            click.echo(f"  {line}")
    return not wrong


def _told(where: str) -> Iterator[tuple[int, Mapping[str, object]]]:
    """The entries about proceedings, with their indices."""
    marked = (pair for pair in lines_of(where) if b'"type":"proceeding.event"' in pair[1])
    return ((index, parse_entry(line).pub) for index, line in marked)


def _entries(where: str) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    parsed = (parse_entry(line) for _, line in lines_of(where))
    return ((entry.kind, entry.t, entry.pub) for entry in parsed)


def lines_of(where: str) -> Iterator[tuple[int, bytes]]:
    """Every entry of a log with its index, bundle by bundle."""
    source = open_source(where)
    try:
        size = read_checkpoint(source.fetch_checkpoint()).size
        for bundle in range(-(-size // WIDTH)):
            width = min(WIDTH, size - bundle * WIDTH)
            data = source.fetch_tile(TileName(None, bundle, width))
            yield from enumerate(split_entries(data, width), bundle * WIDTH)
    finally:
        source.close()


@contextlib.contextmanager
def _view(home: Home) -> Iterator[LogView]:
    """The log of this home, to read, also while a gateway writes it."""
    config = load_config(home.config).ledger if home.config.exists() else None
    published = home.ledger / "vkey"
    if config is None or published.exists():
        key = load_vkey(published)
    else:
        key = load_signer(config.key_file).verifier
    store = open_store(config.url if config else home.ledger / "ledger.db", read_only=True)
    with contextlib.closing(store):
        yield LogView(store, key)


def _key(given: str | None) -> Verifier:
    """A key that was typed, or the file that holds it."""
    if not given:
        raise BadInput("a receipt is checked with a key", hint="Give --vkey KEY or FILE.")
    path = Path(given)
    return load_vkey(path) if path.is_file() else parse_vkey(given)


def _key_beside(folder: Path) -> tuple[Verifier | None, Path | None]:
    """The key that lies with the log itself: good against accidents, not against its keeper."""
    for path in (folder / "vkey", folder / "ledger" / "vkey", folder.parent / "vkey"):
        if path.is_file():
            return load_vkey(path), path
    return None, None


def _holds_receipt(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return is_receipt(file.read(RECEIPT_BYTES_MAX))
    except OSError:  # as a URL that is too long for a name
        return False


def _verify_receipt(path: Path, key: Verifier) -> None:
    try:
        with path.open("rb") as file:
            data = file.read(RECEIPT_BYTES_MAX + 1)
    except OSError as error:
        raise BadInput(f"{path}: {error.strerror}")
    try:
        checkpoint, entry = verify_receipt(data, key)
    except Corrupt as error:
        click.echo(f"FALSE   {error.message}")
        raise SystemExit(NO)
    click.echo(f"proven  in the log {checkpoint.origin} of {checkpoint.size} entries")
    click.echo(entry.decode("utf-8", "replace"))


def _show(report: Report, beside: Path | None) -> None:
    click.echo(f"log        {report.origin} ({report.where})")
    click.echo(f"size       {report.size}, of which {report.entries_checked} were checked")
    click.echo(f"root       {report.root}")
    known = f", with the key in {beside}: compare it with the published one" if beside else ""
    click.echo(f"signature  {report.signature}{known}")
    if report.signature == "not checked":
        click.echo("           give --vkey to know whose log this is", err=True)
    if report.ok:
        click.echo("result     every entry, tile and hash fits")
        return
    where = "" if report.first_bad_index is None else f", from entry {report.first_bad_index} on"
    click.echo(f"result     FALSE{where}: {report.problem}")


def _as_line(index: int, data: bytes) -> str:
    try:
        entry = parse_entry(data)
    except BadInput:
        return f"{index:>8}  {len(data)} bytes that are no entry"
    said = " ".join(f"{name}={_plain(value)}" for name, value in sorted(entry.pub.items()))
    return f"{index:>8}  {entry.t}  {entry.kind:<18} {said}".rstrip()


def _as_json(index: int, data: bytes) -> str:
    try:
        parse_entry(data)
    except BadInput:
        return json.dumps({"index": index, "hex": data.hex()})
    return f'{{"index":{index},"entry":{data.decode()}}}'


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
