"""Guardian and child: from an invitation to a link, and to its end. A state machine with clocks.

It refuses to know accounts, pages and messages: a party is a reference, a notice says who is told.

Rules
1. A guardian invites with a code and the child claims it. A child that is old enough is asked
   besides, and may say no; one that is surely younger is not.
2. Either may end a link at any time, and both are told.
3. An invitation that nobody took up lapses. What lapsed, was declined or ended does not come back.
4. What cannot be done is a Refusal, a value.

law:cn-genai-2023/art10.3
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Literal

from licet.base.ids import Chance, base32
from licet.minors.signal import AgeSignal
from licet.rulebook.minors import MinorsRules

Stage = Literal["invited", "asked", "active", "declined", "withdrawn", "lapsed", "ended"]
Party = Literal["guardian", "child"]
Act = Literal["claim", "consent", "decline", "withdraw", "unlink"]
HOUR_MS = 3_600_000

_MOVES: dict[tuple[Stage, Act, Party], Stage] = {
    ("invited", "claim", "child"): "asked",  # or active at once: rule 1
    ("invited", "withdraw", "guardian"): "withdrawn",
    ("asked", "consent", "child"): "active",
    ("asked", "decline", "child"): "declined",
    ("asked", "withdraw", "guardian"): "withdrawn",
    ("active", "unlink", "guardian"): "ended",
    ("active", "unlink", "child"): "ended",
}
_TOLD: dict[Stage, tuple[Party, ...]] = {
    "asked": ("child",),
    "active": ("guardian", "child"),
    "declined": ("guardian",),
    "withdrawn": ("child",),
    "ended": ("guardian", "child"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """`child` is None until the code was claimed; `code` is a digest of it."""

    id: str
    guardian: str
    code: str
    invited_ms: int
    child: str | None = None
    stage: Stage = "invited"
    since_ms: int = 0


@dataclass(frozen=True, slots=True)
class Refusal:
    """A lawful no: its stable code."""

    code: Literal["not_now", "wrong_code", "own_code", "not_yours"]


def new_code(chance: Chance) -> str:
    """A code to hand over: ten characters, 50 bits of chance."""
    return base32(int.from_bytes(chance(7), "big") >> 6, 10)


def code_digest(code: str) -> str:
    """What is kept of a code: upper and lower case, hyphens and spaces do not matter."""
    plain = "".join(c for c in code.lower() if c.isalnum())
    return hashlib.sha256(b"licet/invitation/v1\n" + plain.encode()).hexdigest()


def invite(link_id: str, guardian: str, code: str, now_ms: int) -> Link:
    """An invitation by a guardian, with the digest of its code."""
    return Link(link_id, guardian, code_digest(code), now_ms, since_ms=now_ms)


def settled(link: Link, now_ms: int, rules: MinorsRules) -> Link:
    """The link at a moment: lapsed where nobody took it up in time (rule 3)."""
    ends_ms = link.invited_ms + rules.invitation_hours * HOUR_MS
    if link.stage in ("invited", "asked") and now_ms >= ends_ms:
        return replace(link, stage="lapsed", since_ms=ends_ms)
    return link


def claim(
    link: Link, child: str, code: str, signal: AgeSignal | None, now_ms: int, rules: MinorsRules
) -> Link | Refusal:
    """The child hands in the code. It is asked for consent unless it is surely too young."""
    if code_digest(code) != link.code:
        return Refusal("wrong_code")
    if child == link.guardian:
        return Refusal("own_code")
    taken = act(replace(link, child=child), "claim", "child", child, now_ms, rules)
    if isinstance(taken, Refusal) or is_asked(signal, rules):
        return taken
    return replace(taken, stage="active")


def act(
    link: Link, what: Act, party: Party, who: str, now_ms: int, rules: MinorsRules
) -> Link | Refusal:
    """The link after somebody did something, or why they cannot."""
    link = settled(link, now_ms, rules)
    if who != (link.guardian if party == "guardian" else link.child):
        return Refusal("not_yours")
    stage = _MOVES.get((link.stage, what, party))
    return Refusal("not_now") if stage is None else replace(link, stage=stage, since_ms=now_ms)


def is_asked(signal: AgeSignal | None, rules: MinorsRules) -> bool:
    """Whether a child of this age is asked before it is linked: whenever it may be old enough."""
    under = signal.under if signal else None
    return under is None or under > rules.child_consents_from


def told(before: Link, after: Link) -> tuple[Party, ...]:
    """Who is to be told of a change."""
    parties = _TOLD.get(after.stage, ()) if before.stage != after.stage else ()
    return tuple(party for party in parties if party == "guardian" or after.child is not None)
