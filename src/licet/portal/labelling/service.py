"""Use cases of labelling: open a sample, say something of an item, close it.

It refuses to know pages, and what labels are for.

Rules
1. Whoever writes in a sample holds its row, so that no item gets a third voice.
2. What was said is never changed: a person who erred tells whoever decides.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from licet.assess.labelling import (
    VOICES,
    Drawn,
    Kind,
    Standing,
    Text,
    Vote,
    draw,
    next_item,
    next_split,
    render_labels,
    standing,
)
from licet.base.trouble import Conflict
from licet.portal.accounts.models import Person
from licet.portal.labelling.models import Sample, SampledText, Voice
from licet.portal.pack import pack

CONFIDENCE = 0.95
"""Where the pack asks for no assessment."""
SEEDS = 2**32


def open_sample(
    name: str, data: bytes, file: str, many: int, person: Person, now: datetime
) -> Sample:
    """Draw a sample from a file. Raises BadInput or TooMuch; then nothing is kept."""
    return keep_sample(name, draw(data, file, many, secrets.randbelow(SEEDS)), person, now)


def keep_sample(name: str, drawn: Drawn, person: Person, now: datetime, about: str = "") -> Sample:
    """Keep what was drawn, for the person's body. `about`: the version of a data set."""
    with transaction.atomic():
        sample = Sample.objects.create(
            name=name, body=person.body, kind=drawn.kind, of=drawn.of, seed=drawn.seed,
            sha256=drawn.sha256, opened=now, opened_by=person, about=about,
        )  # fmt: skip
        SampledText.objects.bulk_create(
            SampledText(sample=sample, place=n, key=one.id, prompt=one.prompt, reply=one.reply)
            for n, one in enumerate(drawn.texts)
        )
    return sample


def votes_of(sample: Sample) -> list[Vote]:
    """Everything that was said, in the order in which it was."""
    return [
        Vote(one.place, f"person-{one.by_id}", one.answers, one.final)
        for one in sample.voices.all()
    ]


def standing_of(sample: Sample) -> Standing:
    """How far it is, and how far its labellers agree."""
    return standing(sample.texts.count(), votes_of(sample), kind_of(sample), confidence())


def waiting_for(sample: Sample, person: Person, *, final: bool) -> int | None:
    """The item that this person labels, or decides, next."""
    if sample.closed is not None:
        return None
    by, votes = f"person-{person.pk}", votes_of(sample)
    if final:
        return next_split(by, votes, kind_of(sample))
    return next_item(by, sample.texts.count(), votes, str(sample.seed))


def say(
    sample: Sample, place: int, answers: Mapping[str, bool | None], person: Person,
    now: datetime, *, final: bool,
) -> None:  # fmt: skip
    """Keep what somebody says of an item. Raises Conflict where it is not theirs to say any more:
    two others were quicker, they said it before, or the sample is closed."""
    with transaction.atomic():
        held = Sample.objects.select_for_update().get(pk=sample.pk)
        said = list(held.voices.filter(place=place))
        mine = any(one.by_id == person.pk for one in said)
        full = sum(not one.final for one in said) >= VOICES
        decided = any(one.final for one in said)
        if held.closed is not None or mine or (decided or not full if final else full):
            raise Conflict("this item does not wait for you any more.")
        Voice.objects.create(
            sample=held, place=place, by=person, answers=dict(answers), final=final, at=now
        )


def render(sample: Sample) -> str:
    """The labels, as `licet assess report --labels` takes them."""
    texts = [Text(one.key, "", "") for one in sample.texts.all()]
    return render_labels(texts, votes_of(sample), kind_of(sample))


def close_sample(sample: Sample, now: datetime) -> None:
    """Remove the texts (rule 2 of the models); labels can be fetched as before."""
    with transaction.atomic():
        held = Sample.objects.select_for_update().get(pk=sample.pk)
        held.texts.update(prompt="", reply="")
        if held.closed is None:
            held.closed = now
            held.save()


def kind_of(sample: Sample) -> Kind:
    """What is labelled, and so what is asked."""
    return "texts" if sample.kind == "texts" else "answers"


def confidence() -> float:
    """With which agreement is bounded: the pack's for assessments."""
    rules = pack().assessment
    return rules.evidence.confidence if rules else CONFIDENCE
