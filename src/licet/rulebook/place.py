"""Where a rule stands, in words: `Algorithm Recommendation Provisions, Art. 24(1)`.

It refuses to know the text of the rule.
"""

from __future__ import annotations

from licet.base.trouble import NotFound
from licet.rulebook.grounds import Cite
from licet.rulebook.model import Pack

_OWN = {"zh": "第{article}条", "en": "Art. {article}"}


def place(pack: Pack, rule_id: str, language: str) -> str:
    """The instrument and the place in it, in a language of the pack. Raises NotFound."""
    if rule_id in pack.provisions:
        cite = pack.provisions[rule_id].cite
        return _joined(pack.title[language], _OWN.get(language, _OWN["en"]), cite, language)
    bases = pack.licensing.bases if pack.licensing else {}
    if rule_id not in bases:
        raise NotFound(f"{pack.id} has no rule {rule_id!r}.", hint="See `licet rulebook show`.")
    law = pack.procedure.instruments[bases[rule_id].instrument]
    return _joined(law.title[language], law.place[language], bases[rule_id].cite, language)


def _joined(title: str, words: str, cite: Cite, language: str) -> str:
    chinese = language == "zh"
    said = words.format(article=cite.article)
    if cite.paragraph:
        said += f"第{cite.paragraph}款" if chinese else f"({cite.paragraph})"
    if cite.item:
        said += f"第{cite.item}项" if chinese else f" item {cite.item}"
    if not chinese:
        return f"{title}, {said}"
    return f"{title}{said}" if title.startswith("《") else f"《{title}》{said}"
