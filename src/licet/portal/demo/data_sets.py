"""The data sets of the demonstration's world, through the same door as people's.

It refuses to write a table itself, and to touch a store that holds anything.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from importlib.resources import files
from typing import Any

import msgspec
from django.core.files.uploadedfile import SimpleUploadedFile

from licet.assess.bankfile import shipped_banks
from licet.base.tomlsource import TomlSource
from licet.corpus.annotation import Batch, Rules, parse
from licet.corpus.annotation_register import Recorded, Registered
from licet.corpus.card import CARDS
from licet.corpus.catalogue import Version
from licet.corpus.readers import Readers
from licet.corpus.shelf import Shelf
from licet.portal.accounts.models import Body, Person
from licet.portal.corpus import acting
from licet.portal.corpus.store import opened, reader_of, rules
from licet.portal.filings.models import StoredCase


def share_data(begin: datetime) -> None:
    """Register, publish, use, ask, decide and withdraw as `data.toml` tells, from `begin` on."""
    told = TomlSource("data.toml", _text("data.toml")).parse()
    with opened() as shelf:
        if next(shelf.catalogue.all(), None) is not None:
            return
        deeds: list[tuple[float, Callable[[datetime], object]]] = []
        deeds += [(one["hours"], partial(_publish, shelf, one)) for one in told["set"]]
        deeds += [(one["hours"], partial(_load, shelf, one)) for one in told["loaded"]]
        deeds += [(one["hours"], partial(_withdraw, shelf, one)) for one in told["withdrawn"]]
        deeds += [(one["hours"], partial(_register, shelf, one)) for one in told["rules"]]
        deeds += [(one["hours"], partial(_record, shelf, one)) for one in told["batch"]]
        deeds += [(one["hours"], partial(_use, shelf, one)) for one in told["used"]]
        for one in told["request"]:
            asked: dict[str, str] = {}
            deeds.append((one["hours"], partial(_ask, shelf, one, asked)))
            if "decided" in one:
                deeds.append((one["decided"], partial(_grant, shelf, one, asked)))
        for hours, do in sorted(deeds, key=lambda deed: deed[0]):
            do(begin + timedelta(hours=hours))


def _publish(shelf: Shelf, one: Mapping[str, Any], moment: datetime) -> None:
    made_from = [shelf.catalogue.resolve(name) for name in one["card"].get("made_from", ())]
    parents = [{"id": v.dataset, "version": v.commit} for v in made_from]
    card = msgspec.json.encode({**one["card"], "made_from": parents})
    space, _, name = one["id"].partition("/")
    sent = acting.Sent(
        space, name, one["message"], SimpleUploadedFile(CARDS[1], card),
        [SimpleUploadedFile(path, _content(said)) for path, said in one["files"].items()],
    )  # fmt: skip
    made = acting.publish(shelf, sent, rules(), _person(one["by"]).body, moment)
    assert isinstance(made, Version), made.said("en")


def _content(said: str | Mapping[str, str]) -> bytes:
    if isinstance(said, str):
        return said.lstrip("\n").encode()
    bank = next(one for one in shipped_banks() if one.id == said["bank"])
    rows = [{"lang": i.lang, "topic": i.topic, "source": bank.id, "text": i.text}
            for i in bank.items]  # fmt: skip
    return b"".join(msgspec.json.encode(row) + b"\n" for row in rows)


def _register(shelf: Shelf, one: Mapping[str, Any], moment: datetime) -> None:
    said = parse(msgspec.json.encode(one["said"]), "data.json", Rules)
    made = acting.register_rules(shelf, said, rules(), _person(one["by"]).body, moment)
    assert isinstance(made, Registered), made.said("en")


def _record(shelf: Shelf, one: Mapping[str, Any], moment: datetime) -> None:
    said = parse(msgspec.json.encode(one["said"]), "data.json", Batch)
    made = acting.record_batch(shelf, said, _person(one["by"]).body, moment)
    assert isinstance(made, Recorded), made.said("en")


def _use(shelf: Shelf, one: Mapping[str, Any], moment: datetime) -> None:
    person = _person(one["by"])
    case = (
        StoredCase.objects.filter(holder=person.body, title=one["of"]).exclude(number=None).get()
    )
    version = shelf.catalogue.resolve(one["id"])
    acting.declare_use(shelf, version, person.body, str(case.number), one["job"], moment)


def _load(shelf: Shelf, one: Mapping[str, Any], moment: datetime) -> None:
    version = shelf.catalogue.resolve(one["id"])
    reader = reader_of(shelf, Body.objects.get(code=one["body"]), moment)
    for file in version.manifest.files:
        Readers(shelf.catalogue).receipt(
            version, file, reader, moment, partial(shelf.signing_key, secrets.token_bytes),
            secrets.token_bytes,
        )  # fmt: skip


def _ask(
    shelf: Shelf, one: Mapping[str, Any], asked: dict[str, str], moment: datetime
) -> None:  # fmt: skip
    version, body = shelf.catalogue.resolve(one["id"]), _person(one["by"]).body
    asked["id"] = acting.ask(shelf, version, body, one["purpose"], moment)


def _grant(
    shelf: Shelf, one: Mapping[str, Any], asked: Mapping[str, str], moment: datetime
) -> None:  # fmt: skip
    request = Readers(shelf.catalogue).get(asked["id"])
    acting.decide(shelf, request, "granted", "", _person(one["officer"]), moment)


def _withdraw(shelf: Shelf, one: Mapping[str, Any], moment: datetime) -> None:
    version = shelf.catalogue.resolve(one["id"])
    acting.withdraw(shelf, version, _person(one["by"]).body, one["reason"], moment)


def _person(email: str) -> Person:
    return Person.objects.get(email=email)


def _text(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")
