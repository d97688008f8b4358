"""The edition of the register: which state of it this is, and what is kept while it stands.

It refuses to know what changed.
"""

from __future__ import annotations

from functools import lru_cache

from licet.portal.register.dump import make_dump
from licet.portal.register.models import Edition
from licet.portal.register.reading import Facets, count_facets


def edition() -> str:
    """The mark of the register as it is now."""
    return str(Edition.objects.values_list("mark", flat=True).get())


def turn(mark: str) -> None:
    """The register is another from now on; `mark` was never given before."""
    Edition.objects.update(mark=mark)


@lru_cache(maxsize=1)
def facets(of: str) -> Facets:
    """What a search can be narrowed by, in this edition."""
    return count_facets()


@lru_cache(maxsize=2)
def dump(kind: str, of: str) -> tuple[bytes, str]:
    """The whole register as bytes and their SHA-256, in this edition; `kind` is one of KINDS."""
    return make_dump(kind)
