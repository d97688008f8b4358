"""Which answer a message gets. Pure; it refuses to know dialects and the rest of a conversation.

Rules
1. `answer:ID` in the message picks exactly; several pick for choice 0, 1, … in turn.
2. Else the answer whose keywords cover the most of the message; at a tie its language decides.
3. Else a lawful answer in the language of the message, the same for the same message. An
   unlawful answer is never the luck of the draw: it comes to those who ask for it.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Sequence

from licet.base.trouble import BadInput, NotFound
from licet.gateway.replay.answer import Answer, Lang

EXAMPLES = (
    "Describe a walk along the river at dusk.",
    "麻婆豆腐怎么做才好吃？",
    "Tell me a story about a phone call from the bank.",
)
"""Prompts to try first: two pass, and the reply to the last turns unlawful and is halted."""

_PICK = re.compile(r"\banswer:([a-z0-9-]+)", re.IGNORECASE)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LETTER = re.compile(r"[^\W\d_]")
_HAN_SHARE = 0.2  # a Chinese sentence about `asyncio` is still Chinese


def choose(last_user_message: str, answers: Sequence[Answer], index: int = 0) -> Answer:
    """The answer that `last_user_message` gets as choice `index` of those asked for.

    Raises NotFound for an `answer:ID` that there is not, BadInput where there are no answers.
    """
    if not answers:
        raise BadInput("there are no answers to choose from", hint="Load at least one.")
    picks = _PICK.findall(last_user_message)
    if picks:
        return _picked(picks[index % len(picks)].lower().rstrip("-"), answers)
    lang = language(last_user_message)
    folded = last_user_message.casefold()
    score, _, best = min(
        ((-_score(folded, answer), answer.lang != lang, answer) for answer in answers),
        key=lambda entry: (entry[0], entry[1], entry[2].id),
    )
    return best if score else _drawn(last_user_message, lang, answers)


def language(message: str) -> Lang:
    """`zh` where at least a fifth of the letters are Han characters, else `en`."""
    letters = len(_LETTER.findall(message))
    return "zh" if len(_HAN.findall(message)) > letters * _HAN_SHARE else "en"


def _picked(identity: str, answers: Sequence[Answer]) -> Answer:
    for answer in answers:
        if answer.id == identity:
            return answer
    near = difflib.get_close_matches(identity, [answer.id for answer in answers], n=3, cutoff=0.4)
    hint = f"Did you mean {', '.join(near)}?" if near else "See GET /replay/answers for the ids."
    raise NotFound(f"there is no answer {identity!r}", hint=hint)


def _score(folded: str, answer: Answer) -> int:
    """How much of the message the keywords cover, in characters; Han characters weigh three."""
    return sum(
        len(word) + 2 * len(_HAN.findall(word))
        for word in map(str.casefold, answer.keywords)
        if _holds(folded, word)
    )


def _holds(folded: str, word: str) -> bool:
    """Whether `word` stands in the message, as a whole word where it is written in letters."""
    if word not in folded:
        return False
    return bool(_HAN.search(word) or re.search(rf"(?<!\w){re.escape(word)}(?!\w)", folded))


def _drawn(message: str, lang: Lang, answers: Sequence[Answer]) -> Answer:
    lawful = [answer for answer in answers if not answer.unlawful] or list(answers)
    pool = [answer for answer in lawful if answer.lang == lang] or lawful
    digest = hashlib.sha256(message.encode("utf-8", "surrogatepass")).digest()
    return pool[int.from_bytes(digest[:8], "big") % len(pool)]
