"""`licet corpus scan`, `sheet` and `verify-scan`: check training data where it lies.

It refuses to know what is looked for: parse, call, render.

Exit codes: 0 nothing stands against using it; 1 a clause is not met, or a source is rejected;
2 what was given cannot be used.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click

from licet.base.clock import SystemClock
from licet.base.extras import to_install
from licet.base.trouble import BadInput
from licet.cli.check import choose_bundle
from licet.cli.home import Home, home_option
from licet.cli.rulebook import DEFAULT_PACK
from licet.corpus.naming import check_id
from licet.corpus.shelf import open_shelf
from licet.credentials.keyfiles import load_key_set
from licet.rulebook import load_pack

NO = 1
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MISSING = "the libraries of the extra `corpus` are not here."


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH…", type=click.Path(path_type=Path))
@click.option("-o", "--output", "folder", required=True, metavar="DIR",
              type=click.Path(file_okay=False, path_type=Path),
              help="Folder for report.html, report.json, report.jws and the receipt.")  # fmt: skip
@click.option("--out", "clean", metavar="DIR", type=click.Path(file_okay=False, path_type=Path),
              help="Write a cleaned copy there: a new folder.")  # fmt: skip
@click.option("--engine", type=click.Choice(("local", "ray")), default="local", show_default=True,
              help="Who works: this machine, or Ray.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 4096), default=1, show_default=True,
              help="Processes that work.")  # fmt: skip
@click.option(
    "--work",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep what is done there, to go on from it. [default: in the home folder]",
)
@click.option("--text-field", default="text", show_default=True, help="Field that holds a text.")
@click.option(
    "--source-field",
    default="source",
    show_default=True,
    help="Field that says where an item is from; else the path's own name does.",
)
@click.option("--benchmark", "benchmarks", multiple=True, type=_FILE, metavar="FILE",
              help="Texts that must not be trained on (repeatable).")  # fmt: skip
@click.option("--sample-share", type=click.FloatRange(0, 1, min_open=True), metavar="SHARE",
              help="Share that the guard judges whole. [default: the pack's]")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Of the draw.")
@click.option(
    "--rules",
    multiple=True,
    type=_FILE,
    metavar="FILE",
    help="Judge by what ships with Licet and these rules, too (repeatable).",
)
@click.option("--labels", multiple=True, type=_FILE, metavar="FILE",
              help="What people said of the items of a sheet.")  # fmt: skip
@click.option("--sheet", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Write a sheet of items for a person to label.")  # fmt: skip
@click.option("--by", default="", help="Name or pseudonym of the person who labels.")
@click.option("--examples", type=click.IntRange(0, 20), default=0, show_default=True,
              help="Show so many texts for each finding; mind who may read them.")  # fmt: skip
@click.option("--lang", type=click.Choice(("zh", "en")), default="en", show_default=True,
              help="Language that the page opens in.")  # fmt: skip
@click.option("--pack", "pack_id", default=DEFAULT_PACK, show_default=True, help="Pack id.")
@home_option
def scan(
    paths: tuple[Path, ...], folder: Path, clean: Path | None, engine: str, workers: int,
    work: Path | None, text_field: str, source_field: str, benchmarks: tuple[Path, ...],
    sample_share: float | None, seed: int, rules: tuple[Path, ...], labels: tuple[Path, ...],
    sheet: Path | None, by: str, examples: int, lang: str, pack_id: str, home: Home,
) -> None:  # fmt: skip
    """Check training data: legality, personal data, copies, benchmarks, language, quality.

    PATH is a file or folder with JSONL, Parquet, plain text or WARC. Nothing leaves this machine.
    A scan that was broken off goes on where it stopped when the same is asked again.
    """
    try:
        from licet.cli.corpus_scanning import Asked, scan_and_report
    except ImportError:
        raise BadInput(_MISSING, hint=to_install("corpus")) from None
    pack = load_pack(pack_id)
    bundle = choose_bundle(home, None, rules, pack_id if rules else None)
    shelf = open_shelf(home.create().corpus, home.keys)
    asked = Asked(
        paths=paths, folder=folder, clean=clean, engine=engine, workers=workers,
        work=work or home.corpus / "scans", fields=(text_field, source_field),
        benchmarks=benchmarks, sample_share=sample_share, seed=seed % (1 << 63), labels=labels,
        sheet=sheet, by=by, examples=examples, lang=lang,
    )  # fmt: skip
    try:
        done = scan_and_report(
            asked, pack, bundle, shelf, SystemClock().now(), secrets.token_bytes, _told
        )
    finally:
        shelf.close()
    click.echo("\n".join(done.lines))
    if done.stands_against:
        raise SystemExit(NO)


@click.command()
@click.argument("dataset", required=False, metavar="[NAMESPACE/NAME[@REVISION]]")
@click.option("--workers", type=click.IntRange(1, 4096), default=1, show_default=True,
              help="Processes that work.")  # fmt: skip
@click.option("--text-field", default="text", show_default=True, help="Field that holds a text.")
@click.option("--benchmark", "benchmarks", multiple=True, type=_FILE, metavar="FILE",
              help="Texts that must not be trained on (repeatable).")  # fmt: skip
@click.option("--sample-share", type=click.FloatRange(0, 1, min_open=True), metavar="SHARE",
              help="Share that the guard judges whole. [default: the pack's]")  # fmt: skip
@click.option("--rules", multiple=True, type=_FILE, metavar="FILE",
              help="Judge by what ships and these rules, too (repeatable).")  # fmt: skip
@click.option("--pack", "pack_id", default=DEFAULT_PACK, show_default=True, help="Pack id.")
@home_option
def check(
    dataset: str | None, workers: int, text_field: str, benchmarks: tuple[Path, ...],
    sample_share: float | None, rules: tuple[Path, ...], pack_id: str, home: Home,
) -> None:  # fmt: skip
    """Scan a published version; its report stands on the data set's page from then on.

    Without a name: every version that waits for its check. A portal that runs does that by itself.
    """
    try:
        from licet.cli.corpus_scanning import engine_of, said_of, said_of_report
        from licet.corpus.scan.published import Manner, alone, check_version, check_waiting
        from licet.corpus.scan.reading import Fields
        from licet.corpus.scan.report import stands_against
    except ImportError:
        raise BadInput(_MISSING, hint=to_install("corpus")) from None
    pack, clock = load_pack(pack_id), SystemClock()
    bundle = choose_bundle(home, None, rules, pack_id if rules else None)
    fields = Fields(text=text_field)
    manner = Manner(bundle, engine_of("local", workers), fields, benchmarks, sample_share)
    shelf = open_shelf(home.create().corpus, home.keys)
    try:
        if dataset is None:
            with alone(shelf):
                for one, trouble in check_waiting(
                    shelf, pack, manner, clock.now, secrets.token_bytes
                ):
                    click.echo(f"{one.dataset}@{one.commit[:12]}  {trouble or 'checked'}")
            return
        name, _, revision = dataset.partition("@")
        version = shelf.catalogue.resolve(check_id(name), revision or "main")
        with alone(shelf):
            document, published = check_version(
                version, shelf, pack, manner, clock.now(), secrets.token_bytes, _told
            )
    finally:
        shelf.close()
    click.echo("\n".join((*said_of(document), *said_of_report(published))))
    if stands_against(document):
        raise SystemExit(NO)


@click.command("verify-scan")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--keys", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path),
              help="Key set (JWKS) of whoever signed; by default your own.")  # fmt: skip
@home_option
def verify_scan(folder: Path, keys: Path | None, home: Home) -> None:
    """Check that the report of a scan is what was signed."""
    try:
        from licet.corpus.scan.signed import verify_report
    except ImportError:
        raise BadInput(_MISSING, hint=to_install("corpus")) from None
    document, made = verify_report(folder, load_key_set(keys or home.corpus / "jwks.json"))
    click.echo(f"{document['input']['items']} items, input {document['input']['sha256']}")
    click.echo(f"made {made}, signed")


def _told(done: int, of: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done} of {of} pieces", err=True, nl=done == of)


__all__ = ["check", "scan", "verify_scan"]
