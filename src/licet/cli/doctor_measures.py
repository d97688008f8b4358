"""What `licet doctor` looks at of the measures against persons: the last list that was taken.

It refuses to ask the desk: what a running gateway has taken lies here. Rules: see `doctor_scene`.
"""

from __future__ import annotations

from licet.base.clock import rfc3339
from licet.base.keyfile import read_private
from licet.base.trouble import Trouble
from licet.cli.doctor_scene import Finding, Scene
from licet.gateway.measures import in_force, read_kept


def check_measures(scene: Scene) -> Finding:
    """A list is there whose signature holds, and the token that opens the next one."""
    config = scene.config.measures if scene.config else None
    if config is None:
        return Finding("ok", "none are taken: no desk is configured")
    again = f"Hand out keys and token anew at the desk, or see whether {config.url} answers."
    try:
        read_private(config.token_file)
        listed = read_kept(scene.home.root / "measures", config)
    except Trouble as wrong:
        return Finding("bad", str(wrong), again)
    if listed is None:
        return Finding("warn", "no list here yet: no measure binds", again)
    hours = (scene.now - listed.issued).total_seconds() / 3600
    many = in_force(listed, scene.now)
    return Finding("ok", f"{many} in force; changed {rfc3339(listed.issued)}, {hours:.0f} h ago")
