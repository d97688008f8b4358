"""The store of data sets of this installation, and who a body is in it.

It refuses to know pages.

Rules
1. A request opens the store and closes it: no connection outlives it.
2. A body publishes in one namespace, which no other body's code leads to.
3. A body is one reader; a new token takes the place of its old one.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import secrets
from collections.abc import Iterator, Mapping
from datetime import datetime

from django.conf import settings
from django.http import Http404

from licet.base.trouble import BadInput, NotFound
from licet.corpus.catalogue import Version
from licet.corpus.naming import check_id
from licet.corpus.readers import Reader, Readers
from licet.corpus.shelf import Shelf, open_shelf
from licet.portal.accounts.models import Body
from licet.portal.pack import pack
from licet.rulebook import CorpusRules

_NAMESPACE = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_REGISTERED = re.compile(r"[0-9A-Z]{18}")
_OF_A_BODY = "body "


@contextlib.contextmanager
def opened() -> Iterator[Shelf]:
    """The store, for the block."""
    shelf = open_shelf(settings.LICET_HOME / "corpus", settings.LICET_HOME / "keys")
    try:
        yield shelf
    finally:
        shelf.close()


def rules() -> CorpusRules:
    """What the pack asks of shared data. Raises Http404 for a regime that says nothing of it."""
    found = pack().sharing
    if found is None:
        raise Http404
    return found


def version_at(shelf: Shelf, space: str, name: str, revision: str) -> Version:
    """The version that an address means. Raises Http404."""
    try:
        return shelf.catalogue.resolve(check_id(f"{space}/{name}"), revision or "main")
    except (NotFound, BadInput):
        raise Http404 from None


def title_of(shelf: Shelf, dataset: str) -> Mapping[str, str]:
    """What a data set is called, by language; its id where it is not here."""
    try:
        title = shelf.catalogue.resolve(dataset, "main").manifest.card.title
    except NotFound:
        return {"zh": dataset, "en": dataset}
    return {"zh": title.zh, "en": title.en}


def namespace_of(body: Body) -> str:
    """Where a body publishes: its number in the state's register in small letters, another code
    where that will do as it stands, else a mark of it."""
    if _REGISTERED.fullmatch(body.code):
        return str(body.code.lower())
    if _REGISTERED.fullmatch(body.code.upper()):
        return _mark(body)  # in small letters it would lead to another body's
    if _NAMESPACE.fullmatch(body.code) and not body.code.startswith("b-"):
        return str(body.code)
    return _mark(body)


def known_reader(shelf: Shelf, body: Body) -> Reader | None:
    """The reader that a body is; None where it never asked for anything."""
    name = _OF_A_BODY + body.code
    return next((one for one in Readers(shelf.catalogue).list() if one.name == name), None)


def reader_of(shelf: Shelf, body: Body, now: datetime) -> Reader:
    """The reader that a body is, made at the first call; its token is nobody's until renewed."""
    known = known_reader(shelf, body)
    if known is not None:
        return known
    readers, name = Readers(shelf.catalogue), _OF_A_BODY + body.code
    return readers.create(name, now, secrets.token_bytes, (namespace_of(body),))[0]


def name_of(reader: Reader) -> Mapping[str, str]:
    """Who a reader is, as officers read it: the body's name, or the name that was given."""
    return called(reader.name.removeprefix(_OF_A_BODY))


def called(code: str) -> Mapping[str, str]:
    """What a body is called, by language; another name stands as it was given."""
    body = Body.objects.filter(code=code).first()
    return body.name if body else {"zh": code, "en": code}


def _mark(body: Body) -> str:
    return f"b-{hashlib.sha256(body.code.encode()).hexdigest()[:16]}"
