"""Data sets in the portal of a test: published, asked for.

It refuses to know what pages say of them.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kit.corpus import NOW, RULES, annotation_rules, card, put
from licet.corpus.annotation_register import AnnotationRegister
from licet.corpus.card import Card
from licet.corpus.catalogue import Version
from licet.corpus.readers import Readers
from licet.corpus.shelf import Shelf

ROWS = '{"text": "第一行"}\n{"text": "second"}\n'.encode()


@contextmanager
def store() -> Iterator[Shelf]:
    """The store of the portal that the test has open."""
    from licet.portal.corpus.store import opened

    with opened() as shelf:
        yield shelf


def publish(
    dataset: str, files: dict[str, bytes] | None = None, said: Card | None = None
) -> Version:
    """A version in the portal's store."""
    with store() as shelf, tempfile.TemporaryDirectory() as folder:
        return put(shelf, Path(folder), dataset, files or {"train.jsonl": ROWS}, said)


def asked_for(dataset: str = "own/demo", body: str = "other") -> str:
    """A request of a body for a restricted data set, which is published; its id."""
    from licet.portal.accounts.models import Body
    from licet.portal.corpus.store import reader_of

    publish(dataset, said=card(access="restricted"))
    with store() as shelf:
        reader = reader_of(shelf, Body.objects.get(code=body), NOW)
        readers = Readers(shelf.catalogue)
        return readers.ask(dataset, reader, "A study of medicine", NOW, secrets.token_bytes)


def data_places() -> dict[str, dict[str, str]]:
    """What the places of the addresses of a restricted data set of `own` are filled with, and of
    annotation rules."""
    from licet.portal.accounts.models import Person
    from licet.portal.corpus import sampling

    asked = asked_for()
    with store() as shelf:
        AnnotationRegister(shelf.catalogue).register(annotation_rules(), "own", RULES, NOW)
        version = shelf.catalogue.resolve("own/demo")
        drawer = Person.objects.filter(body__code="own").first()
        assert drawer is not None
        drawn = sampling.open_sample(shelf, version, 1, drawer, NOW)
    here = {"space": "own", "name": "demo"}
    names = ("data-set", "data-set-any", "data-ask", "data-withdraw", "annotation-rules",
             "data-use", "data-chain", "data-sample")  # fmt: skip
    return {
        "data-decide": {"request_id": asked},
        "data-content": {"sha256": "0" * 64},
        "data-version-any": here | {"revision": "v1"},
        "data-of-model": {"number": "Num-1"},
        "data-sample-close": {"sample_id": str(drawn.pk)},
        **dict.fromkeys(names, here),
    }
