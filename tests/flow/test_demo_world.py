"""The demonstration's world is lawful: every act of it is taken, by the door that people use."""

from __future__ import annotations

import pytest

from kit.portal import NOW, portal


@pytest.mark.slow
def test_every_act_of_the_world_is_taken_and_every_desk_has_something_to_show() -> None:
    with portal("https://authority.example"):
        from licet.portal.demo.seeding import seed
        from licet.portal.filings.models import StoredCase
        from licet.portal.incidents.models import StoredProceeding

        assert seed(NOW, "Demo-Licet-20261120")
        assert not seed(NOW), "a portal that holds anything is left alone"
        stages = set(StoredProceeding.objects.values_list("kind", "stage"))
        assert {("incident", "closed"), ("incident", "asked"), ("correction", "served")} <= stages
        assert {"granted", "filed"} <= set(StoredCase.objects.values_list("filing", flat=True))
