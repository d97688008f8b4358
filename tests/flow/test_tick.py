"""What time has made due is done by a tick, once, however often it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from kit.api import AUTHORITY, now
from kit.cases import ADVERSE
from kit.portal import portal
from kit.visitors import does, granted, visitors


@pytest.fixture
def browser() -> Iterator[Any]:
    with portal(AUTHORITY) as client:
        yield client


def test_an_interim_suspension_lapses_by_a_tick_and_is_written_once(browser: Any) -> None:
    from licet.portal.filings import service
    from licet.portal.filings.models import StoredEvent
    from licet.portal.ticking import catch_up

    visitors()
    case = granted()
    urgent = {"urgency": "People are at risk now.", "statement": ADVERSE}
    case = does(case.id, ("approver", "suspend_interim", urgent))
    assert case.licence == "suspended_interim"
    ends = min(timer.at for timer in case.timers.values())

    catch_up(ends - timedelta(seconds=1), bytes)
    assert service.load(case.id).licence == "suspended_interim"
    before = StoredEvent.objects.count()
    for _ in range(3):
        done = catch_up(ends + timedelta(days=1), bytes)
    lapsed = service.load(case.id)
    assert (lapsed.licence, lapsed.events[-1].at) == ("in_force", ends), "dated when it fell due"
    assert StoredEvent.objects.count() == before + 1
    assert done == {
        "cases looked at": 0, "orders tidied up": 0, "uploads let go": 0,
        "messages answered": 0, "events read": 0, "versions of data checked": 0,
    }  # fmt: skip
    number = case.grant.number
    listed = browser.get(f"/api/v1/register/{number}").json()
    assert listed["listing"]["status"] == "valid"


def test_a_providers_installation_lets_nothing_happen_by_itself(browser: Any) -> None:
    """The authority decides; what it decided is read there."""
    from django.test import override_settings

    from licet.portal.filings import service
    from licet.portal.filings.models import StoredEvent
    from licet.portal.ticking import catch_up

    visitors()
    case = granted()
    urgent = {"urgency": "People are at risk now.", "statement": ADVERSE}
    case = does(case.id, ("approver", "suspend_interim", urgent))
    before = StoredEvent.objects.count()
    with override_settings(LICET_ROLES=("provider",)):
        catch_up(now() + timedelta(days=400), bytes)
    assert StoredEvent.objects.count() == before
    assert service.load(case.id).licence == "suspended_interim"
