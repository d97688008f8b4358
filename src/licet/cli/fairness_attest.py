"""`licet fairness attest`: what the provider attests of its customers' data, signed.

Parse, call, render. It refuses to believe any of it.
"""

from __future__ import annotations

import secrets
from pathlib import Path

import click

from licet.assess.fairness.attesting import (
    blank,
    make_attestation,
    parse_attested,
    render_attestation,
)
from licet.assess.report_html import LANGS
from licet.assess.signed import publish
from licet.base.clock import SystemClock
from licet.base.trouble import BadInput
from licet.cli.bank import pack_option
from licet.cli.home import Home, home_option
from licet.rulebook import load_pack

DOES_NOT_HOLD = 1


@click.command()
@click.argument("path", metavar="FILE", required=False,
                type=click.Path(exists=True, dir_okay=False, path_type=Path))  # fmt: skip
@click.option("--blank", "as_blank", is_flag=True, help="Print the file to be filled in.")
@click.option("-o", "--output", "folder", metavar="DIR",
              type=click.Path(file_okay=False, path_type=Path),
              help="Folder for page, JSON, signature and receipt.")  # fmt: skip
@click.option("--lang", type=click.Choice(LANGS), default="en", show_default=True,
              help="Language that the page opens in.")  # fmt: skip
@click.option("--demo", is_flag=True, help="Mark it as a demonstration.")
@pack_option
@home_option
def attest(
    path: Path | None, as_blank: bool, folder: Path | None, lang: str, demo: bool, pack_id: str,
    home: Home,
) -> None:  # fmt: skip
    """Attest that customers' data is kept apart, signed and on record; exit code 1: something
    does not hold.

    FILE answers every statement of the pack: what holds with its evidence, what does not with why.
    """
    pack = load_pack(pack_id)
    rule = pack.assessment.attestation
    if rule is None:
        raise BadInput(f"the pack {pack.id} asks for no attestation.", hint="Name another pack.")
    if as_blank:
        click.echo(blank(rule))
        return
    if path is None or folder is None:
        raise BadInput("FILE and -o DIR go together.", hint="--blank prints a file to fill in.")
    text = path.read_text(encoding="utf-8-sig")
    attested, now = parse_attested(path.name, text, rule), SystemClock().now()
    document = make_attestation(attested, text, pack, now, demo=demo)
    publish(
        document, render_attestation(document, lang), folder, keys=home.create().keys,
        log_folder=home.assessments, now=now, chance=secrets.token_bytes,
    )  # fmt: skip
    for key, one in attested.answers.items():
        click.echo(f"{key:<20} {'holds' if one.holds else 'DOES NOT HOLD'}")
    click.echo(f"until {document['results']['until']}: {folder / 'report.html'}")
    if not all(one.holds for one in attested.answers.values()):
        raise SystemExit(DOES_NOT_HOLD)
