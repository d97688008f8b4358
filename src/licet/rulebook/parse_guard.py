"""The guard's settings out of guard.toml: matching, judging, thresholds by audience.

It refuses to know how the guard matches or judges.

Rules
1. Every scored category has a threshold, and nothing else has.
2. 0 < flag <= halt <= 1, for every audience, after its factor; so for the encoder's own.
3. A stride lies within what may leave unjudged.
4. There is an audience `default`. Every audience takes the thresholds times its factor, save those
   that it names itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import get_args

from licet.rulebook.model import (
    Category,
    EncoderSettings,
    GuardSettings,
    JudgedSettings,
    LexicalSettings,
    Threshold,
    TierName,
)
from licet.rulebook.strict import Table

TIERS: tuple[TierName, ...] = get_args(TierName)
DISGUISES = (
    "pinyin", "initials", "split", "emoji", "variants", "leet", "repeats", "reversed", "rot13"
)  # fmt: skip
_DIGITS = 6  # of a threshold after its factor: 0.8 x 0.98 shall be 0.784, not 0.7840000000000001


GROUPS = tuple(
    f"{role}.{script}" for role in ("prompt", "reply", "comment") for script in ("latin", "han")
)
"""Kinds of text that a model of meaning is measured on: who wrote it, in which script."""


def parse_guard(root: Table, categories: Mapping[str, Category]) -> GuardSettings:
    """GuardSettings for the categories of a pack. Raises BadInput with file and key."""
    with root.table("lexical") as lexical:
        literal = LexicalSettings(
            short_literal_letters=lexical.integer("short_literal_letters", 0, 64),
            gap_characters_max=lexical.integer("gap_characters_max", 0, 64),
            pattern_characters_max=lexical.integer("pattern_characters_max", 2, 400),
            within_characters_max=lexical.integer("within_characters_max", 1, 2_000),
            disguises=lexical.policies("disguises", DISGUISES),
            seam_characters=lexical.integer("seam_characters", 0, 4_096),
        )
    with root.table("judged") as judged:
        window = judged.integer("window_characters", 16, 65_536)
        stride = judged.integer("stride_characters", 1, window)
        walk = JudgedSettings(
            tier=judged.policy("tier", TIERS),
            stride_characters=stride,
            window_characters=window,
            clause_characters_max=judged.integer("clause_characters_max", 1, 65_536),
            late_characters_max=judged.integer("late_characters_max", stride, 65_536),
        )
    scored = tuple(category.id for category in categories.values() if category.scored)
    base = _thresholds(root, scored, complete=True)
    with root.table("audience") as audiences:
        if not audiences.has("default"):
            audiences.refuse("default", "is missing.", "Add [audience.default] with a factor.")
        names = audiences.names()
        found = {name: _audience(audiences, name, base, scored) for name in names}
    by_audience = {name: thresholds for name, (_, thresholds) in found.items()}
    encoder = _encoder(root, {name: factor for name, (factor, _) in found.items()})
    return GuardSettings(literal, walk, MappingProxyType(by_audience), encoder)


def _encoder(root: Table, factors: Mapping[str, float]) -> EncoderSettings:
    with root.table("encoder") as encoder:
        low, high = encoder.share("doubt_low"), encoder.share("doubt_high")
        if low > high:
            encoder.refuse("doubt_low", f"{low} lies above doubt_high = {high}.", "Swap them.")
        with encoder.table("thresholds") as thresholds:
            for name in thresholds.names():
                if name not in GROUPS:
                    hint = "Groups: " + ", ".join(GROUPS) + "."
                    thresholds.refuse(name, "is no group of texts.", hint)
            base = {name: _threshold(thresholds, name) for name in GROUPS}
    scaled = {
        audience: MappingProxyType({name: _scaled(one, factor) for name, one in base.items()})
        for audience, factor in factors.items()
    }
    return EncoderSettings(low, high, MappingProxyType(scaled))


def _audience(
    audiences: Table, name: str, base: Mapping[str, Threshold], scored: tuple[str, ...]
) -> tuple[float, Mapping[str, Threshold]]:
    """(factor, thresholds) of an audience."""
    with audiences.table(name) as audience:
        factor = audience.share("factor")
        own: Mapping[str, Threshold] = {}
        if audience.has("thresholds"):
            own = _thresholds(audience, scored, complete=False)
        scaled = {category: _scaled(threshold, factor) for category, threshold in base.items()}
        return factor, MappingProxyType({**scaled, **own})


def _thresholds(
    table: Table, scored: tuple[str, ...], *, complete: bool
) -> Mapping[str, Threshold]:
    with table.table("thresholds") as thresholds:
        named = thresholds.names()
        for category in named:
            if category not in scored:
                hint = "Scored categories: " + ", ".join(scored) + "."
                thresholds.refuse(category, "is no scored category.", hint)
        for category in scored if complete else ():
            if category not in named:
                hint = f'Add [thresholds."{category}"] with halt and flag, each with its source.'
                thresholds.refuse(category, "is missing.", hint)
        return {name: _threshold(thresholds, name) for name in scored if name in named}


def _threshold(thresholds: Table, category: str) -> Threshold:
    with thresholds.table(category) as one:
        halt, flag = one.share("halt"), one.share("flag")
        if flag > halt:
            one.refuse("flag", f"{flag} lies above halt = {halt}.", "A flag comes before a halt.")
        return Threshold(halt=halt, flag=flag)


def _scaled(threshold: Threshold, factor: float) -> Threshold:
    return Threshold(
        halt=round(threshold.halt * factor, _DIGITS),
        flag=round(threshold.flag * factor, _DIGITS),
    )
