"""Folding: what the classifier reads stays what it learnt from."""

from __future__ import annotations

import hashlib

from licet.guard import fold

USUAL = (
    (0x20, 0x250), (0x370, 0x530), (0x1E00, 0x2000), (0x3040, 0x3100), (0x4E00, 0x9FFD),
    (0xAC00, 0xD7A4), (0xFF01, 0xFF5F),
)  # fmt: skip
LEARNT = "1066503afd04ef5b5a2b355e12eba9ea965838b07f5aaa95b259dab2192c94d5"


def test_usual_letters_fold_as_when_the_weights_were_trained() -> None:
    folded = "|".join(fold.fold(chr(p)) for low, high in USUAL for p in range(low, high))
    assert hashlib.sha256(folded.encode()).hexdigest() == LEARNT


def test_rules_see_one_symbol_for_each_character_beyond_the_tables() -> None:
    view = fold.letters()
    assert view.plain("\U00020000") == "\U00020000"
    assert view.plain("\U0002f81a") == "\u51ac"
    assert view.plain("\ufa6c") == "\U000242ee"
    assert view.plain("\U000e0fff") == view.plain("\U000e0041") == fold.SKIP
    assert view.plain("\U000f0000") == view.plain("\U0003fffe") == fold.GAP
