"""The dossiers of the demonstration's world, and the keys of its people.

It refuses to write a table itself: acts go through the same door as people's.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any

from licet import __version__
from licet.cases.dossier import Version
from licet.cases.dossier_bom import write_bom
from licet.cases.dossier_chain import read_chain
from licet.cases.proceedings import Proceeding
from licet.portal.accounts.models import Person
from licet.portal.dossiers import sealing, service
from licet.portal.dossiers.chain_views import NAME, TYPE
from licet.portal.dossiers.models import StoredDossier
from licet.portal.dossiers.views import keep_exhibit
from licet.portal.filings import uploads
from licet.portal.filings.models import StoredCase
from licet.portal.orders import service as orders
from licet.portal.orders.models import StoredOrder


def give_keys(people: list[Person], passphrase: str, now: datetime) -> None:
    """Keys for those of them who keep shares or read what orders open."""
    for person in people:
        if {sealing.SHARE_KEEPER, "reviewer"} & set(person.roles):
            sealing.make_key(person, passphrase, now)


def publish(one: Mapping[str, Any], step: Mapping[str, Any], moment: datetime) -> None:
    """A version of a dossier: answers, texts that are sealed as files, and what is new."""
    case = StoredCase.objects.filter(title=one["of"]).exclude(number=None).get()
    person = Person.objects.get(email=one["by"])
    row = service.begin(case, moment)
    closed = {
        name: service.Sealing(text.encode(), f"{name}.txt")
        for name, text in step.get("sealed", {}).items()
    }
    answers = dict(step["answers"])
    if step.get("chain"):
        answers[service.rules().chain] = _chain(row, moment)
    faults = service.save(row.pk, answers, closed, moment)
    assert not faults, faults
    version = service.publish(row.pk, step["whats_new"], person, moment)
    assert isinstance(version, Version), version


def ask(one: Mapping[str, Any], now: datetime) -> None:
    """An order for sealed sections of the dossier of a filing, taken as far as its acts go."""
    dossier = StoredDossier.objects.get(case__title=one["of"])
    names = "\n".join(sealing.about(dossier.pk, field) for field in one["sections"])
    until = (now + timedelta(days=one["days"])).date().isoformat()
    told = {**one["told"], "opens": "section", "names": names, "until": until}
    begin = now - timedelta(hours=one["hours_ago"])
    of = orders.request(told, dossier.holder, Person.objects.get(email=one["by"]), begin)
    assert isinstance(of, Proceeding), of
    for after, (act, by) in enumerate(one["acts"], 1):
        order, moment = StoredOrder.objects.get(pk=of.id), begin + timedelta(hours=after)
        done = orders.act(order, act, {}, Person.objects.get(email=by), moment)
        assert isinstance(done, Proceeding), done


def _chain(row: StoredDossier, moment: datetime) -> dict[str, Any]:
    told = files(__package__).joinpath("chain.toml").read_bytes()
    data = write_bom(read_chain(told, "chain.toml"), moment, __version__)
    return keep_exhibit(row, uploads.Taken(NAME, TYPE, data))
