"""What `licet doctor` looks at of judging: pack, rules, weights, the installed bundle.

Rules: see `doctor_scene`. It refuses to know which text is unlawful.
"""

from __future__ import annotations

from licet.cli.doctor_scene import Finding, Scene
from licet.cli.rulebook import DEFAULT_PACK
from licet.gateway.bundlefile import CURRENT, load_current
from licet.gateway.bundlekey import KEY_BYTES
from licet.gateway.bundling import draft_bundle, shipped_rules, shipped_weights
from licet.gateway.config import GuardConfig
from licet.guard.bundle import make_guard, read_bundle, take_bundle
from licet.guard.classifier import Classifier
from licet.guard.ruleset import in_force
from licet.rulebook import load_pack


def check_shipped(scene: Scene) -> Finding:
    """Rules, weights and pack that come with this version are there."""
    pack = load_pack(scene.config.guard.pack if scene.config else DEFAULT_PACK)
    rules = shipped_rules()
    try:
        weights = shipped_weights()
    except FileNotFoundError:
        return Finding("bad", "the classifier's weights are missing", "Install Licet again.")
    made = Classifier.from_bytes(weights)
    return Finding(
        "ok", f"pack {pack.id} {pack.version}, {len(rules)} rule files, classifier {made.name}"
    )


def check_bundle(scene: Scene) -> Finding:
    """The bundle that a start would judge by counts, can judge, and is of the pack that is here:
    the one that the configuration's rule files make, else the installed one."""
    data = load_current(scene.home.bundles, scene.home.keys)
    if scene.config is not None and scene.config.guard.rules:
        return _look_at_files(scene, scene.config.guard, installed=data is not None)
    if data is None:
        return Finding("ok", "none installed: a gateway makes its own at start")
    opened = read_bundle(data, None)
    today = scene.now.date()
    make_guard(opened, today=today)
    made = (scene.home.bundles / CURRENT).stat().st_mtime
    age_days = int(scene.now.timestamp() - made) // 86_400
    said = f"{opened.name} {opened.digest[:12]}, {age_days} days old"
    again = "Run: licet bundle build --install"
    if load_pack(opened.pack).digest != opened.pack_digest:
        return Finding("warn", f"{said}, made from another {opened.pack} than this one", again)
    expired = len(opened.all_rules) - len(in_force(opened.all_rules, today))
    if expired:
        return Finding("warn", f"{said}: {expired} of its rules have expired", again)
    return Finding("ok", said)


def _look_at_files(scene: Scene, guard: GuardConfig, *, installed: bool) -> Finding:
    """What the rule files of the configuration make of a start. Raises Trouble where it fails."""
    draft = draft_bundle(load_pack(guard.pack), guard.rules, tier=guard.tier)
    opened, today = take_bundle(draft, bytes(KEY_BYTES)), scene.now.date()
    make_guard(opened, today=today, doubt=guard.doubt)
    said = f"made at start, with {len(guard.rules)} configured rule file(s)"
    expired = len(opened.all_rules) - len(in_force(opened.all_rules, today))
    if expired:
        return Finding(
            "warn", f"{said}: {expired} of its rules have expired",
            "Take them out, or give them a later `expires`.",
        )  # fmt: skip
    if installed:
        return Finding(
            "warn", f"{said}; the installed bundle is not used",
            "Take the files out of [guard] once their rules are in the bundle.",
        )  # fmt: skip
    return Finding("ok", said)
