"""`licet dossier`: what a model rests on, as a CycloneDX document.

Parse, call, render. It refuses to know what a document means. Dossiers themselves are written at
the portal's desk.

Exit codes: 1 of `bom validate`: the document is not valid.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click
import msgspec

from licet import __version__
from licet.base.clock import SystemClock
from licet.base.trouble import BadInput
from licet.cases.dossier_bom import SPEC, read_bom, write_bom
from licet.cases.dossier_chain import Chain, read_chain
from licet.cases.dossier_schema import schema_faults
from licet.cli.refused import TroubleGroup

NO = 1
FILE_BYTES_MAX = 32 << 20
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_output = click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE", help="Write it here.",
)  # fmt: skip


@click.group(cls=TroubleGroup)
def dossier() -> None:
    """Supply chains of models as CycloneDX: import, export, validate."""


@dossier.group(cls=TroubleGroup)
def bom() -> None:
    """Supply chains as CycloneDX 1.7: import, export, validate. Nothing is fetched."""


@bom.command("export")
@click.argument("file", type=_FILE)
@_output
def export_command(file: Path, output: Path) -> None:
    """Write a chain that is kept as TOML as a CycloneDX document, valid against its schema."""
    chain = read_chain(_read(file), str(file))
    data = write_bom(chain, SystemClock().now(), __version__)
    faults = schema_faults(data)
    if faults:
        raise BadInput(f"the document would not be valid: {faults[0]}.", hint="Mend the chain.")
    output.write_bytes(data)
    click.echo(f"{output}: {len(chain.part)} parts, valid CycloneDX {SPEC}")


@bom.command("import")
@click.argument("file", type=_FILE)
@_output
def import_command(file: Path, output: Path) -> None:
    """Read a CycloneDX document into a chain that people edit (TOML)."""
    data = _read(file)
    faults = schema_faults(data)
    if faults:
        raise BadInput(
            f"{file} is not valid: {faults[0]}.", hint="See: licet dossier bom validate"
        )
    chain = read_bom(data, str(file))
    output.write_text(_as_toml(chain), encoding="utf-8")
    click.echo(f"{output}: {len(chain.part)} parts")
    for name in chain.left_out:
        click.echo(f"left out: {name} (neither model, data, framework, chip nor platform)")


@bom.command()
@click.argument("file", type=_FILE)
def validate(file: Path) -> None:
    """Hold a document against the official schema, offline; 1 where it is not valid."""
    data = _read(file)
    faults = schema_faults(data)
    for one in faults:
        click.echo(one)
    if faults:
        raise click.exceptions.Exit(NO)
    chain = read_bom(data, str(file))
    click.echo(f"valid CycloneDX {SPEC}: {len(chain.part)} parts, {len(chain.left_out)} left out")


def _read(file: Path) -> bytes:
    if file.stat().st_size > FILE_BYTES_MAX:
        raise BadInput(f"{file} is larger than {FILE_BYTES_MAX >> 20} MiB.", hint="Divide it.")
    return file.read_bytes()


def _as_toml(chain: Chain) -> str:
    """The chain as a person would write it; what says nothing is left out."""
    lines = ["# What the model rests on. See docs/guides/dossiers.md.", ""]
    for part in chain.part:
        lines += ["[[part]]", *_rows(part, ("ref", "kind", "name"))]
        lines += _rows(part, ("version", "supplier", "licence", "sha256", "needs"))
        for role, origin in part.origin.items():
            lines.append(
                f"origin.{role} = {{ country = {_value(origin.country)}, "
                f"evidence = {_value(origin.evidence)} }}"
            )
        for trial in part.trial:
            lines += ["", "[[part.trial]]"]
            lines += _rows(trial, ("on", "instead", "outcome", "finding", "evidence"))
        lines.append("")
    return "\n".join(lines)


def _rows(of: object, names: tuple[str, ...]) -> list[str]:
    told = ((name, getattr(of, name)) for name in names)
    return [f"{name} = {_value(value)}" for name, value in told if value not in ("", ())]


def _value(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, tuple):
        return f"[{', '.join(_value(one) for one in value)}]"
    return msgspec.json.encode(value).decode()  # a JSON string is a basic string of TOML
