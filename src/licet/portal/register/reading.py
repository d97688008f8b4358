"""Reading the register: search, filters, counts, one listing, differences between versions.

It refuses to know pages and to change anything.

Rules
1. A page of results costs the same number of queries whatever stands in the register.
2. The page is read first: where it is not full there is nothing left to count.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Min, Prefetch, QuerySet

from licet.portal.register.models import STATUSES, Listing, Step, Version

PAGE = 20
QUERY_CHARACTERS_MAX = 100
PAGES_MAX = 5_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody looks for. Empty fields ask nothing; unknown values find nothing."""

    words: str = ""
    route: str = ""
    status: str = ""
    region: str = ""
    page: int = 1


@dataclass(frozen=True, slots=True)
class Found:
    """A page of what was found."""

    listings: Sequence[Listing]
    total: int
    page: int
    pages: int

    @property
    def before(self) -> int:
        return self.page - 1

    @property
    def after(self) -> int:
        return self.page + 1


@dataclass(frozen=True, slots=True)
class Difference:
    """One row that two versions say differently; None where one lacks it."""

    label: Mapping[str, str]
    before: Any
    after: Any


def fold(text: str) -> str:
    """Text as it is searched: width and case made equal."""
    return unicodedata.normalize("NFKC", text).casefold()


def read_asked(fields: Mapping[str, str]) -> Asked:
    """What the fields of a query ask. What cannot be meant is left out, not refused."""
    page = fields.get("page", "1")
    number = int(page) if page.isdecimal() and len(page) <= 6 else 1
    return Asked(
        words=fields.get("q", "").strip()[:QUERY_CHARACTERS_MAX],
        route=fields.get("route", ""),
        status=fields.get("status", ""),
        region=fields.get("region", ""),
        page=max(1, min(number, PAGES_MAX)),
    )


def matching(asked: Asked) -> QuerySet[Listing]:
    """The listings that answer, newest first."""
    found = Listing.objects.order_by("-granted", "-id")
    for part in fold(asked.words).replace("\x00", "").split():
        found = found.filter(search__contains=part)
    if asked.route:
        found = found.filter(route=asked.route)
    if asked.status:
        found = found.filter(status=asked.status)
    if asked.region:
        found = found.filter(region=asked.region)
    return found


def find(asked: Asked) -> Found:
    """One page of the listings that answer; the last page where there are fewer."""
    found = matching(asked)
    if asked.page == 1:
        here = list(found[:PAGE])
        total = len(here) if len(here) < PAGE else found.count()
        return Found(here, total, 1, _pages(total))
    total = found.count()
    page = min(asked.page, _pages(total))
    return Found(list(found[(page - 1) * PAGE : page * PAGE]), total, page, _pages(total))


def _pages(total: int) -> int:
    return max(1, -(-total // PAGE))


@dataclass(frozen=True, slots=True)
class Facets:
    """What a search can be narrowed by: how many listings have each status, in the order of
    STATUSES; the routes that have listings, with their names and how many; their regions."""

    statuses: Sequence[Mapping[str, Any]]
    routes: Sequence[Mapping[str, Any]]
    regions: Sequence[str]


def count_facets() -> Facets:
    """The facets of the register as it is."""
    return Facets(_statuses(), _routes(), _regions())


def _statuses() -> list[dict[str, Any]]:
    counted = dict(Listing.objects.order_by().values_list("status").annotate(Count("id")))
    return [{"status": one, "count": counted.get(one, 0)} for one in STATUSES]


def _routes() -> list[dict[str, Any]]:
    rows = (
        Listing.objects.order_by("route")
        .values("route")
        .annotate(count=Count("id"), one=Min("id"))
    )
    names = dict(
        Listing.objects.filter(pk__in=[row["one"] for row in rows]).values_list("pk", "route_name")
    )
    return [{**row, "route_name": names[row["one"]]} for row in rows]


def _regions() -> list[str]:
    rows = Listing.objects.order_by("region").exclude(region="")
    return list(rows.values_list("region", flat=True).distinct())


def get_listing(number: str) -> Listing | None:
    """One listing with its versions and steps; None where there is none."""
    related = (Prefetch("versions", Version.objects.all()), Prefetch("steps", Step.objects.all()))
    return Listing.objects.prefetch_related(*related).filter(number=number).first()


def dependants(listing: Listing) -> list[Listing]:
    """Listings that depend on this one."""
    return list(Listing.objects.filter(upstream=listing.number).order_by("number")[:100])


def differences(before: Version | None, after: Version) -> list[Difference]:
    """What changed from one version to the next, in the order of the later."""
    if before is None:
        return []
    old = {row["id"]: row for row in before.rows}
    new = {row["id"]: row for row in after.rows}
    changed = [
        Difference(row["label"], old.get(key, {}).get("value"), row["value"])
        for key, row in new.items()
        if old.get(key, {}).get("value") != row["value"]
    ]
    gone = [
        Difference(row["label"], row["value"], None) for key, row in old.items() if key not in new
    ]
    return changed + gone
