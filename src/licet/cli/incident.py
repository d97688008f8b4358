"""`licet incident`: the desk of what follows after a halt, from a terminal.

Parse, call, render. It refuses to know law: the pack says what can be done, and by whom.

Exit codes: 1 of `do` and `begin`: a lawful "no"; it is recorded where it was refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from licet.base.clock import SystemClock, rfc3339
from licet.base.trouble import BadInput, NotFound
from licet.cases import Refusal, said_of
from licet.cases.proceedings import Proceeding, clocks, possible, said, settled, told
from licet.cli.home import Home, home_option
from licet.cli.installation import installation
from licet.cli.refused import TroubleGroup
from licet.portal.settings import ROLES
from licet.rulebook.proceeding import KINDS, ProceedingKind

if TYPE_CHECKING:
    from licet.portal.accounts.models import Person

NO = 1
_role = click.option(
    "--role", "roles", multiple=True, type=click.Choice(ROLES),
    help="Whose installation this is (repeatable; default: both).",
)  # fmt: skip
_as = click.option("--as", "email", required=True, metavar="EMAIL", help="Who acts.")
_answers = click.option(
    "--answers", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    help="Answers to the form of the act, as a JSON object.",
)  # fmt: skip


@click.group(cls=TroubleGroup)
def incident() -> None:
    """Incidents and what follows after a halt: list, show, act."""


@incident.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@_role
@home_option
def list_all(as_json: bool, roles: tuple[str, ...], home: Home) -> None:
    """List what this installation holds, the newest last."""
    _set_up(home, roles)
    from licet.portal.incidents.models import StoredProceeding

    rows = StoredProceeding.objects.order_by("opened", "pk").values_list(
        "pk", "kind", "stage", "title"
    )
    for row in rows:
        one = dict(zip(("id", "kind", "stage", "title"), row, strict=True))
        click.echo(json.dumps(one, ensure_ascii=False) if as_json else "  ".join(row))


@incident.command()
@click.argument("number")
@click.option("--as", "email", metavar="EMAIL", help="What this person may do now.")
@click.option("--json", "as_json", is_flag=True, help="Print its events, one a line.")
@_role
@home_option
def show(
    number: str, email: str | None, as_json: bool, roles: tuple[str, ...], home: Home
) -> None:
    """Show where NUMBER stands, what runs, what happened."""
    _set_up(home, roles)
    from licet.cases import event_as_json
    from licet.portal.incidents import service

    of = service.load(number)
    if as_json:
        for event in of.events:
            click.echo(json.dumps(event_as_json(event), ensure_ascii=False))
        return
    for line in _shown(of, _person(email) if email else None, SystemClock().now()):
        click.echo(line)


@incident.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("act")
@_as
@_answers
@_role
@home_option
def begin(
    kind: str, act: str, email: str, answers: Path | None, roles: tuple[str, ...], home: Home
) -> None:
    """Begin a proceeding of KIND by ACT, for the body of whoever acts."""
    _set_up(home, roles)
    from licet.portal.incidents import service

    now, of = SystemClock().now(), cast(ProceedingKind, kind)
    _tell(service.begin(of, act, _read(answers), _person(email), now), of)


@incident.command("do")
@click.argument("number")
@click.argument("act")
@_as
@_answers
@_role
@home_option
def do_act(
    number: str, act: str, email: str, answers: Path | None, roles: tuple[str, ...], home: Home
) -> None:
    """Do ACT in NUMBER. Where the authority is elsewhere, it is told, and decides."""
    _set_up(home, roles)
    from licet.portal.incidents import service

    kind = service.load(number).kind
    outcome = service.act(number, act, _read(answers), _person(email), SystemClock().now())
    _tell(outcome, kind)


def _shown(of: Proceeding, person: Person | None, now: datetime) -> Iterator[str]:
    from licet.portal.incidents import service

    rules, of = service.rules(of.kind), settled(of, now)
    yield f"{of.id}  {rules.name['en']}: {rules.stages[of.stage].name['en']}"
    for clock in clocks(of, now, rules):
        due = rfc3339(clock.due_at) if clock.due_at else "resting"
        yield f"clock     {clock.rule.name['en']}: {clock.state}, {due}"
    for event in of.events:
        yield f"{rfc3339(event.at)}  {told(event, 'en', rules)}  ({event.role})"
    if person is not None:
        for rule in possible(of, service.actor_of(person), now, rules):
            needs = f" --answers FILE ({rule.form})" if rule.form else ""
            yield f"can       {rule.id}{needs}"


def _tell(outcome: Proceeding | Refusal, kind: ProceedingKind) -> None:
    from licet.portal.incidents import service

    if isinstance(outcome, Refusal):
        click.echo(f"NO  {said(outcome, 'en', service.rules(kind))}")
        for fault in outcome.faults:
            click.echo(f"    {fault.field}: {said_of(fault, 'en')}")
        raise SystemExit(NO)
    click.echo(f"{outcome.id}  {outcome.stage}")


def _person(email: str) -> Person:
    from licet.portal.accounts.models import Person

    found = Person.objects.filter(email=email.lower(), is_active=True).first()
    if found is None:
        raise NotFound(f"nobody here is called {email}.", hint="Name them: licet portal person.")
    return cast("Person", found)


def _read(answers: Path | None) -> dict[str, Any]:
    if answers is None:
        return {}
    try:
        found = json.loads(answers.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{answers} is no JSON: {error}.") from None
    if not isinstance(found, dict):
        raise BadInput(f"{answers} holds no object.", hint='Write {"field": "answer"}.')
    return found


def _set_up(home: Home, roles: tuple[str, ...]) -> None:
    from licet.portal.serving import set_up

    set_up(installation(home, roles))
