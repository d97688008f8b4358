"""The demonstration's world is lawful: every act of it is taken, by the door that people use."""

from __future__ import annotations

import pytest

from kit.data_sets import store
from kit.portal import NOW, portal
from licet.corpus.readers import Readers


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
        with store() as shelf:
            shown = {one.dataset for one in shelf.catalogue.datasets()}
            states = [one.state for one in Readers(shelf.catalogue).requests()]
            gone = shelf.catalogue.resolve("91110108ma0dem0001/gardening")
        assert len(shown) == 3, "the two that were withdrawn are not among what is found"
        assert sorted(states) == ["asked", "granted"]
        assert gone.withdrawn is not None, "it went with what it was made from"
