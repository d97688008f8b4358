"""`licet filing`: file with an authority's installation from a terminal, and read what it says.

Parse, call, render. It refuses to know law and the protocol.
"""

from __future__ import annotations

import secrets
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from licet.base.clock import SystemClock, rfc3339
from licet.base.ids import new_id
from licet.base.keyfile import replace_file
from licet.base.trouble import BadInput, Corrupt, NotFound, Unavailable
from licet.cli.filing_file import blank, read, read_answers
from licet.cli.home import Home, home_option
from licet.cli.installation import installation
from licet.cli.refused import TroubleGroup
from licet.credentials.keyfiles import load_key_set, load_or_create_signing_key
from licet.credentials.message import Receipt, read_receipt

if TYPE_CHECKING:
    from licet.portal.outbox.models import Outgoing

NO = 1  # exit code: a lawful "no", or no answer yet
WAIT_S = click.option(
    "--wait", "wait_s", default=10.0, show_default=True, type=click.FloatRange(0, 600),
    metavar="SECONDS", help="How long to wait for the authority's answer; it is sent on after it.",
)  # fmt: skip


@click.group(cls=TroubleGroup)
def filing() -> None:
    """File with an authority's installation over the network, and read what it says.

    What is sent waits in the outbox of the home folder until the authority has answered; `licet
    portal --role provider` sends on, and so does every `licet filing status`.
    """


@filing.command()
@click.argument("url")
@click.option("--code", required=True, help="The code that the authority gave you.")
@click.option("--address", default="", help="How the authority calls itself, if not by URL.")
@home_option
def enrol(url: str, code: str, address: str, home: Home) -> None:
    """Make this installation's key known to the authority at URL."""
    _set_up(home)
    from licet.portal.outbox.line import HttpLine
    from licet.portal.outbox.linking import enrol as enrol_at

    made = enrol_at(url.rstrip("/"), address, code, HttpLine(url), SystemClock().now())
    click.echo(f"{made.provider} speaks to {made.authority} with the key {made.kid}")
    click.echo("Its receipts count that are signed by:")
    for one in made.receipts["keys"]:
        click.echo(f"  {one['kid']}")


@filing.command()
@click.argument("route")
@home_option
def new(route: str, home: Home) -> None:
    """Print the form of a route, to be filled in: licet filing new model_filing > filing.toml"""
    click.echo(blank(route, new_id("case", SystemClock().now()), _procedure(home)), nl=False)


@filing.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@home_option
def check(file: Path, home: Home) -> None:
    """Say what is missing or wrong in a filing, without sending it. Exit code 1 if anything is."""
    procedure = _procedure(home)
    faults = read(file, procedure).faults(procedure)
    for name, words in faults:
        click.echo(f"{name}: {words}")
    if faults:
        raise SystemExit(NO)
    click.echo("complete")


@filing.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@WAIT_S
@home_option
def send(file: Path, wait_s: float, home: Home) -> None:
    """Send a filing. The same file again is the same filing, and is sent once.

    Exit code 1 if it is refused, or if there is no answer yet.
    """
    _set_up(home)
    procedure = _procedure(home)
    found = read(file, procedure)
    faults = found.faults(procedure)
    if faults:
        listed = "; ".join(f"{name}: {words}" for name, words in faults[:10])
        raise BadInput(f"not complete: {listed}", hint="See: licet filing check FILE")
    from licet.portal.outbox.sending import find_filing, put

    body = {"case": found.case, "route": found.route, "answers": dict(found.answers)}
    now = SystemClock().now()
    before = find_filing(found.case, body)
    message = before.pk if before else new_id("msg", now)
    put(message, "filing", found.case, body, found.files, now)
    _finish(message, wait_s)


@filing.command()
@click.argument("case")
@click.argument("act")
@click.option("--text", help="What the act says: an answer, a reason.")
@click.option("--date", "day", help="The day that the act is about, as 2026-11-28.")
@click.option(
    "--answers", "file", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A filled-in form: the draft that is filed by the act.",
)  # fmt: skip
@WAIT_S
@home_option
def act(
    case: str, act: str, text: str | None, day: str | None, file: Path | None, wait_s: float,
    home: Home,
) -> None:  # fmt: skip
    """Do something in a case: refile, answer, withdraw, report a change, renew, end.

    What can be done now is in `licet filing status CASE`; what an act is, `licet rulebook show
    act.NAME`.
    """
    _set_up(home)
    from licet.portal.filings.models import StoredCase
    from licet.portal.outbox.sending import put

    row = StoredCase.objects.filter(pk=case).first()
    if row is None:
        raise NotFound(f"there is no case {case} here.", hint="See: licet filing status")
    body: dict[str, Any] = {"case": case, "act": act, "data": {}}
    body["data"] |= {"text": text} if text else {}
    body["data"] |= {"date": day} if day else {}
    found = read_answers(file, row.route, _procedure(home)) if file else None
    if found:
        body["answers"] = dict(found.answers)
    now = SystemClock().now()
    message = new_id("msg", now)
    put(message, "act", case, body, found.files if found else (), now)
    _finish(message, wait_s)


@filing.command()
@click.argument("case", required=False)
@home_option
def status(case: str | None, home: Home) -> None:
    """Send what waits, read what happened, and say where your cases stand."""
    _set_up(home)
    from licet.cli.filing_lines import case_lines, list_lines

    trouble = _round(hasten=True)
    for line in case_lines(case, SystemClock().now()) if case else list_lines():
        click.echo(line)
    if trouble:
        click.echo(f"not up to date: {trouble}", err=True)


@filing.command()
@click.argument("case")
@click.option(
    "--key-file", required=True, type=click.Path(dir_okay=False, path_type=Path),
    help="The key that it is bound to, as the gateway's configuration names it; made if new.",
)  # fmt: skip
@click.option(
    "-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write it there."
)
@home_option
def licence(case: str, key_file: Path, output: Path | None, home: Home) -> None:
    """Get the licence of a case that was granted, for the key of your gateway."""
    _set_up(home)
    from licet.portal.outbox.line import HttpLine
    from licet.portal.outbox.linking import fetch_licence, link

    key = load_or_create_signing_key(key_file, secrets.token_bytes)
    token = fetch_licence(case, key.public, HttpLine(link().url), SystemClock().now())
    if output is None:
        click.echo(token)
    else:
        replace_file(output, token.encode("ascii"))


@filing.command()
@click.argument("message", metavar="MESSAGE|FILE")
@click.option(
    "--keys", type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Check the receipt in FILE by these keys of the authority (its /api/v1/keys).",
)  # fmt: skip
@click.option(
    "--about",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The message that FILE should be about, as it was sent.",
)
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path),
    help="Leave receipt, message and keys in this folder, for others to check.",
)  # fmt: skip
@home_option
def receipt(
    message: str, keys: Path | None, about: Path | None, out: Path | None, home: Home
) -> None:  # fmt: skip
    """Check a receipt, offline: of a message of ours, or one in a file with --keys.

    Exit code 1 if it does not hold.
    """
    if keys is not None:
        said = Path(message).read_text(encoding="ascii").strip()
        sent = about.read_text(encoding="ascii").strip() if about else None
        trusted = load_key_set(keys)
    else:
        said, sent, trusted = _kept(message, home, out)
    try:
        found = read_receipt(said, trusted, sent)
    except (BadInput, Corrupt) as false:
        click.echo(f"FALSE   {false}")
        raise SystemExit(NO)
    for line in _receipt_lines(found):
        click.echo(line)


def _kept(message: str, home: Home, out: Path | None) -> tuple[str, str, Any]:
    """Receipt, message and keys as they are kept here; copied to `out` if it is given."""
    _set_up(home)
    from licet.portal.outbox.linking import link, receipt_keys
    from licet.portal.outbox.models import Outgoing

    row = Outgoing.objects.filter(pk=message).first()
    row = row or Outgoing.objects.filter(subject=message).exclude(receipt="").last()
    if row is None or not row.receipt:
        raise NotFound(f"there is no receipt for {message}.", hint="See: licet filing status")
    trusted = receipt_keys(link())
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / f"{row.pk}.receipt").write_text(row.receipt, encoding="ascii")
        (out / f"{row.pk}.message").write_text(row.token, encoding="ascii")
        (out / "keys.json").write_bytes(trusted.as_jwks())
    return row.receipt, row.token, trusted


def _receipt_lines(found: Receipt) -> list[str]:
    entries = f"{found.entries[0]} to {found.entries[1]}" if found.entries else "none"
    lines = [
        f"{found.outcome.upper():<11}{found.kind} {found.subject}",
        f"{'received':<11}{rfc3339(found.received)} by {found.authority}",
        f"{'from':<11}{found.provider}, as {found.message}",
        f"{'sha256':<11}{found.sha256}",
        f"{'entries':<11}{entries}",
    ]
    if found.refusal:
        lines.append(f"{'because':<11}{found.refusal.get('said', {}).get('en', '')}")
        faults = found.refusal.get("faults", ())
        lines += [f"  {one['field']}: {one['said']['en']}" for one in faults]
    return lines


def _finish(message: str, wait_s: float) -> None:
    """Send until there is an answer or the time is over, and say which."""
    from licet.portal.outbox.models import Outgoing

    ends = time.monotonic() + wait_s
    trouble = _round(hasten=True)
    row: Outgoing = Outgoing.objects.get(pk=message)
    while row.state == "waiting" and time.monotonic() < ends:
        time.sleep(min(0.5, wait_s))
        trouble = _round()
        row = Outgoing.objects.get(pk=message)
    click.echo(f"{row.subject}  {row.pk}  {row.state.replace('_', ' ')}")
    if row.state == "waiting":
        why = trouble or row.detail
        click.echo(f"It waits in the outbox and is sent on: {why}", err=True)
    elif row.state != "done":
        click.echo(f"{row.code}: {row.detail}", err=True)
    if row.state != "done":
        raise SystemExit(NO)


def _round(*, hasten: bool = False) -> str:
    """One round of the courier; what keeps it from the authority, in words."""
    from licet.portal.outbox import delivering
    from licet.portal.outbox.following import follow
    from licet.portal.outbox.line import HttpLine
    from licet.portal.outbox.linking import link

    line, now = HttpLine(link().url), _now()
    if hasten:
        delivering.hasten(now)
    delivering.deliver(line, now, secrets.token_bytes)
    try:
        follow(line, now)
    except Unavailable as silence:
        return str(silence)
    return ""


def _now() -> datetime:
    return SystemClock().now()


def _procedure(home: Home) -> Any:
    from licet.rulebook import load_pack

    return load_pack(installation(home, ("provider",)).pack).procedure


def _set_up(home: Home) -> None:
    """The provider's installation in the home folder, without a server."""
    from licet.portal.serving import set_up

    home.create()
    set_up(installation(home, ("provider",)))


__all__ = ["filing"]
