"""What stays is set aside from the collector, and garbage among it is found in the end."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from licet.gateway.settling import BUSY_LOOK_S, LOOK_S, YOUNG_MAX, Settling, building

USUAL = gc.get_threshold()


class Ring:
    """Garbage that only a collection finds."""

    def __init__(self) -> None:
        self.me = self


@pytest.fixture
def settling() -> Iterator[Settling]:
    settling = Settling()
    settling.begin(0.0)
    yield settling
    settling.end()


def forgotten_ring() -> weakref.ref[Ring]:
    """A ring that was set aside while it was in use, and is not any more."""
    ring = Ring()
    gc.collect()
    return weakref.ref(ring)


def test_what_survives_a_full_collection_is_not_looked_at_again(settling: Settling) -> None:
    assert gc.get_freeze_count()
    ring = forgotten_ring()
    gc.collect()
    assert ring() is not None


def test_what_is_set_aside_goes_when_nothing_refers_to_it(settling: Settling) -> None:
    plain = Ring()
    plain.me = None  # type: ignore[assignment]
    settling.set_aside()
    gone = weakref.ref(plain)
    del plain
    assert gone() is None


@pytest.mark.parametrize(("busy", "after_s"), [(False, LOOK_S), (True, BUSY_LOOK_S)])
def test_everything_is_looked_at_in_the_end(
    settling: Settling, busy: bool, after_s: float
) -> None:
    ring = forgotten_ring()
    settling.tend(after_s, busy=busy)
    assert ring() is not None
    settling.tend(after_s + 1, busy=busy)
    assert ring() is None


def test_while_somebody_is_served_the_look_waits(settling: Settling) -> None:
    ring = forgotten_ring()
    settling.tend(LOOK_S + 1, busy=True)
    assert ring() is not None
    settling.tend(LOOK_S + 2, busy=False)
    assert ring() is None


def test_new_objects_are_looked_at_seldom(settling: Settling) -> None:
    assert gc.get_threshold()[0] == YOUNG_MAX
    settling.end()
    assert gc.get_threshold() == USUAL


def test_one_that_ends_lets_others_go_on(settling: Settling) -> None:
    Settling().end()  # was never begun
    ring = forgotten_ring()
    gc.collect()
    assert ring() is not None


def test_once_ended_nothing_more_is_set_aside() -> None:
    settling = Settling()
    settling.begin(0.0)
    settling.end()
    settling.end()
    ring = forgotten_ring()
    gc.collect()
    assert ring() is None


def test_while_rules_are_built_nothing_is_looked_at_whatever_comes_of_it() -> None:
    looks = []

    def fails() -> None:
        with building():
            looks.append(gc.isenabled())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert (looks, gc.isenabled()) == ([False], True)


def test_a_process_that_looks_for_no_garbage_does_not_begin_to() -> None:
    gc.disable()
    try:
        with building():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
