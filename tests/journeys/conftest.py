"""One browser a file of journeys. It refuses to know any journey."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kit.journeys import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found
