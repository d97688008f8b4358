"""What `licet doctor` looks at of the licence: whose it is, what it is worth, if that is known.

It refuses to ask the authority: what a running gateway has learnt lies here. Rules: see
`doctor_scene`.
"""

from __future__ import annotations

from datetime import timedelta

from licet.cli.doctor_scene import Finding, Scene
from licet.credentials import standing_of
from licet.credentials.shelf import Shelf
from licet.gateway.licensing import read_held

SOON_DAYS = 30


def check_licence(scene: Scene) -> Finding:
    """It is there, bound to our key, valid, and not about to run out."""
    config = scene.config.licence if scene.config else None
    if config is None:
        return Finding(
            "warn", "none is configured: nobody is served",
            "Name it under [licence], or start with --lab for this machine alone.",
        )  # fmt: skip
    if config.authority_home is not None and not config.token_file.exists():
        return Finding("warn", "there is no demo licence yet", "`licet up` has one granted.")
    held = read_held(config)
    lists = Shelf(scene.home.licence).lists(held.licence.status.uri, held.keys)
    standing = standing_of(held.licence, lists, scene.now)
    name = f"{held.licence.filing}{' (demo)' if held.licence.demo else ''}"
    if standing.state == "unknown-stale":
        return Finding(
            "warn", f"{name}: no status list here that still counts",
            f"A running gateway asks for it; or see whether {held.licence.status.uri} answers, "
            "and whether the clocks agree: licet licence fetch.",
        )  # fmt: skip
    if not standing.is_valid:
        return Finding(
            "bad", f"{name} is {standing.state}", "Ask the authority; see its register."
        )
    left = held.licence.ends - scene.now
    if left < timedelta(days=SOON_DAYS) and not held.licence.demo:
        return Finding("warn", f"{name} ends in {left.days} days", "Apply for its renewal.")
    return Finding("ok", f"{name}, until {held.licence.ends:%Y-%m-%d}")
