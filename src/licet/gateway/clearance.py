"""Whether this gateway may serve at this moment, whom, and what it shows of its licence.

Values, and how they follow from a licence's standing; `licensing` keeps the present one in memory.
It refuses to know files, sockets and how a status is learnt.

Rules
1. Only a valid licence of one's own clears a gateway for the public; a laboratory (`--lab`) is
   cleared for this machine alone. Everything else is a refusal that says why.
   law:cn-genai-2023/art17
2. A status that is not known is not valid. It is refused as something that may pass (503); all
   other refusals are final until somebody acts (403).
3. What is shown is true of this moment: a laboratory and a demo never pass for licensed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from licet.base.clock import rfc3339
from licet.base.trouble import NotAllowed, Trouble
from licet.credentials import Licence, Standing, State
from licet.credentials.fetch import is_loopback
from licet.credentials.wording import MEANINGS
from licet.gateway.asgi import Scope

_FORWARDED = frozenset((b"forwarded", b"via", b"x-forwarded-for", b"x-real-ip"))


class NotServed(NotAllowed):
    """What is asked for may not be given just now: with the code and HTTP status to say so."""

    def __init__(self, code: str, message: str, *, status: int = 403) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


class NotLicensed(NotServed):
    """This service may not be offered to the public just now."""


@dataclass(frozen=True, slots=True)
class Clearance:
    """What holds now. `state` is a standing, `none`, `false` or `lab`; `refusal` (a code and a
    message, and the HTTP status that goes with them) is None where somebody may be served."""

    state: str
    refusal: tuple[str, str, int] | None = None
    licence: Licence | None = None
    here_only: bool = False
    shown: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """The licence as `/v1/models` and `licet` objects show it."""

    @property
    def is_open(self) -> bool:
        """Whether anybody may be served, without a look at who asks."""
        return self.refusal is None and not self.here_only

    def lost(self) -> NotLicensed | None:
        """Why what is running must end; None where it may go on."""
        if self.refusal is None:
            return None
        code, message, status = self.refusal
        return NotLicensed(code, message, status=status)

    def check(self) -> None:
        """Raises NotLicensed where what is running must end."""
        lost = self.lost()
        if lost is not None:
            raise lost

    def refuse(self, scope: Scope) -> NotLicensed | None:
        """Why the one who asks is not served; None where he may be."""
        if self.here_only and not _is_here(scope):
            return NotLicensed("licence_lab", _LAB)
        return self.lost()

    @property
    def headers(self) -> list[tuple[str, str]]:
        """What every answer bears."""
        mark = self.shown.get("licence", self.state)
        filing = self.shown.get("filing", "")
        named = [("licet-filing", filing)] if filing and filing.isascii() else []
        return [("licet-licence", mark), *named]


_LAB = (
    "This gateway runs unlicensed, as a laboratory (--lab): it serves this machine alone, and "
    "nobody through a proxy."
)
LAB = Clearance("lab", here_only=True, shown=MappingProxyType({"licence": "lab"}))

_CODES: Mapping[State, str] = MappingProxyType(
    {
        "suspended": "licence_suspended",
        "revoked": "licence_revoked",
        "expired": "licence_expired",
        "not-yet-valid": "licence_not_yet_valid",
        "unknown-stale": "licence_unknown",
    }
)


def clearance_of(standing: Standing) -> Clearance:
    """What follows from the standing of this gateway's own licence."""
    licence, state = standing.licence, standing.state
    mark = "demo" if licence.demo and standing.is_valid else state
    shown = MappingProxyType({"licence": mark, "filing": licence.filing, "model": licence.model})
    if state == "valid":
        return Clearance(state, licence=licence, shown=shown)
    where = (
        f" See {licence.register}." if licence.register else f" It was issued by {licence.issuer}."
    )
    message = f"{MEANINGS[state]['en']} Filing number {licence.filing}, {_when(standing)}.{where}"
    status = 503 if state == "unknown-stale" else 403
    return Clearance(state, (_CODES[state], message, status), licence, shown=shown)


def no_clearance(trouble: Trouble | None) -> Clearance:
    """What follows where there is no licence to ask about, or one that is not this gateway's."""
    if trouble is None:
        message = (
            "This service has no licence, so it is not offered to the public. Its operator names "
            "one under [licence] in the configuration; --lab serves this machine alone."
        )
        return Clearance("none", ("licence_none", message, 403))
    message = f"The licence of this service does not hold: {trouble.message}"
    return Clearance("false", ("licence_false", message, 403))


def _when(standing: Standing) -> str:
    licence = standing.licence
    if standing.state == "expired":
        return f"until {rfc3339(licence.ends)}"
    if standing.state == "not-yet-valid":
        return f"from {rfc3339(licence.begins)}"
    listed = standing.listed
    return f"as of {rfc3339(listed.issued)}" if listed else f"at {rfc3339(standing.at)}"


def _is_here(scope: Scope) -> bool:
    """Whether this very machine asks, and for itself."""
    client = scope.get("client")
    if client is None:
        return False
    for name, _ in scope["headers"]:
        if name in _FORWARDED:
            return False
    return is_loopback(client[0])
