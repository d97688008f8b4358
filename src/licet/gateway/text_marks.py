"""How answers in text say that they were generated, from [labels] and the pack.

It refuses to know APIs: `dialects.marking` puts the mark in.

law:cn-genai-2023/art12
"""

from __future__ import annotations

import re
from urllib.parse import quote

from licet.base.trouble import BadInput
from licet.gateway.config_labels import LabelsConfig
from licet.gateway.dialects.marking import TextMark
from licet.rulebook import Pack

HEADER = "licet-label"


def text_mark(settings: LabelsConfig | None, pack: Pack) -> TextMark | None:
    """The mark to put into texts; None where none is. Raises BadInput for a place that the pack
    does not allow, and for a pack without labels."""
    if settings is None:
        return None
    if pack.labelling is None or settings.text not in pack.labelling.media["text"].places:
        raise BadInput(
            f"[labels] text: the pack {pack.id} knows no mark at {settings.text!r}.",
            hint="Choose another place, or take the table out.",
        )
    if settings.text == "interface":
        return None
    from licet.labels.marks import mark_words  # only where a mark is put in
    from licet.labels.marks.text import bracketed

    words = mark_words(pack.labelling, "generated", settings.language)
    return TextMark(bracketed(words), settings.text)


def label_headers(settings: LabelsConfig | None, pack: Pack) -> list[tuple[str, str]]:
    """The hint for interfaces, on every answer where [labels] is set: a token with the notices as
    parameters (RFC 9651, Display Strings), for whoever shows the answer to show one of them."""
    if settings is None or pack.labelling is None:
        return []
    notices = pack.labelling.degrees["generated"].notice
    said = "".join(f';{lang}=%"{_displayed(words)}"' for lang, words in notices.items())
    return [(HEADER, f"generated{said}")]


def _displayed(words: str) -> str:
    """As in a Display String: UTF-8 in escapes with small letters."""
    return re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quote(words))
