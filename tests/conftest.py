"""What every test runs under: a Hypothesis profile, and no way out of this machine.

Rules
1. The default profile is `ci`: the same examples in every run, so a red test is red for all.
   HYPOTHESIS_PROFILE=dev draws new ones; `make properties` uses `fuzz` (many, new each time).
2. A test may talk to loopback and to services named in LICET_TEST_* variables, to nothing else.
3. What collecting has imported stays to the end: the garbage collector passes it over.
"""

from __future__ import annotations

import gc
import ipaddress
import os
import sys
from urllib.parse import urlsplit

from hypothesis import HealthCheck, Phase, settings

settings.register_profile("ci", deadline=None, derandomize=True, max_examples=50, print_blob=True)
settings.register_profile("dev", deadline=None, max_examples=100, print_blob=True)
settings.register_profile(
    "fuzz",
    deadline=None,
    max_examples=1_000,
    print_blob=True,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_finish() -> None:
    gc.freeze()  # rule 3


class ReachedOutside(RuntimeError):
    """A test tried to reach another machine."""


def _lent_hosts() -> frozenset[str]:
    """Hosts of the services that whoever runs the tests has named on purpose."""
    urls = [value for name, value in os.environ.items() if name.startswith("LICET_TEST_")]
    return frozenset(host for host in (urlsplit(url).hostname for url in urls) if host)


_LENT = _lent_hosts()


def is_near(host: str) -> bool:
    """Whether a socket of a test may go to `host`: loopback, or lent by LICET_TEST_*."""
    if host in {"", "localhost"} or host in _LENT:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_outside(event: str, args: tuple[object, ...]) -> None:
    if event in {"socket.connect", "socket.sendto"}:
        address = args[1]
        host = address[0] if isinstance(address, tuple) else ""  # a path: a Unix socket
    elif event == "socket.getaddrinfo":
        host = args[0] or ""
    else:
        return
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if isinstance(host, str) and not is_near(host):
        raise ReachedOutside(f"{event} to {host!r}: use a fake from tests/kit, or loopback")


# An audit hook and not a fixture: it also holds while fixtures, threads and clients set up.
sys.addaudithook(_refuse_outside)
