"""One browser a file of journeys, one demonstration for all. It refuses to know any journey."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit.journeys import Demo, chromium, demonstration


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with demonstration(tmp_path_factory.mktemp("demo") / "home") as running:
        yield running


@pytest.fixture(autouse=True)
def _leave(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whoever came to a desk for one journey leaves it after."""
    if "browser" not in request.fixturenames:
        yield
        return
    browser = request.getfixturevalue("browser")
    there = set(browser.contexts)
    yield
    for context in set(browser.contexts) - there:
        context.close()
