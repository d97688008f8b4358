"""How data sets are found by words: folded, so that width and case do not matter. Pure.

It refuses to know what is found.
"""

from __future__ import annotations

import unicodedata

from licet.corpus.manifest import Manifest


def fold(text: str) -> str:
    """Text as it is searched: width and case made equal."""
    return unicodedata.normalize("NFKC", text).casefold().replace("\x00", "")


def words_of(manifest: Manifest) -> str:
    """All that a data set is found by: id, title, summary, licence, languages, sources."""
    card = manifest.card
    said = [
        manifest.dataset, card.title.zh, card.title.en, card.summary.zh, card.summary.en,
        card.licence, card.access, *card.languages, *card.modalities,
        *(source.name for source in card.source),
    ]  # fmt: skip
    return fold("\n".join(said))
