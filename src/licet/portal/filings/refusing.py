"""A lawful "no" in the reader's words.

It refuses to know why: `licet.cases` says it as a code with what fills its words.
"""

from __future__ import annotations

from licet.cases import Refusal
from licet.portal.design.languages import current
from licet.portal.design.words import has_word, word
from licet.rulebook import Procedure


def say_no(refusal: Refusal, procedure: Procedure) -> str:
    """Why an act is not open, naming roles, stages, acts and checks as the pack does."""
    code = current().code
    params = {name: _named(value, procedure, code) for name, value in refusal.params.items()}
    key = f"no.{refusal.code.replace('_', '-')}"
    return word(key, **params) if has_word(key) else word("no.other", code=refusal.code)


def _named(value: str, procedure: Procedure, code: str) -> str:
    """Ids of the pack by their names; anything else as it is."""
    gap = "、" if code == "zh" else ", "
    return gap.join(_name(one.strip(), procedure, code) for one in value.split(","))


def _name(one: str, procedure: Procedure, code: str) -> str:
    for shelf in (procedure.parties, procedure.stages, procedure.acts):
        if one in shelf:
            return shelf[one].name[code]
    if one in procedure.checks:
        return procedure.checks[one].question[code]
    return one
