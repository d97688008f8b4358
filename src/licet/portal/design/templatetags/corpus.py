"""What the pages of data sets say and link to.

It refuses to decide anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import quote

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from licet.corpus.card import Parent, Source, Wording
from licet.corpus.catalogue import Version
from licet.corpus.checking import Checked
from licet.corpus.manifest import File
from licet.portal.design import words
from licet.portal.design.languages import current
from licet.portal.design.templatetags.licet import day
from licet.portal.pack import pack

register = template.Library()

ACCESS_TONES = {"open": "good", "registered": "plain", "restricted": "wait"}
CHECK_TONES = {"waiting": "plain", "conforms": "good", "against": "bad", "failed": "wait"}
STATE_TONES = {"asked": "wait", "granted": "good", "refused": "bad", "ended": "plain"}


@register.filter
def spoken(said: Wording) -> str:
    """A card's words in the reader's language."""
    return said.zh if current().code == "zh" else said.en


@register.filter
def why_failed(found: Checked) -> SafeString | str:
    """Why a check could not be made, in the reader's language; in English, and marked as that,
    where there are no other words."""
    if current().code == "zh" and found.said_zh:
        return found.said_zh
    return format_html('<span lang="en">{}</span>', found.said)


@register.filter
def day_of_ms(at_ms: int) -> SafeString | str:
    """The day of a moment in milliseconds since 1970."""
    return day(datetime.fromtimestamp(at_ms / 1000, UTC))


@register.filter
def data_address(version: Version, name: str = "data-set") -> str:
    """Where a data set's page stands, or another page of it."""
    space, _, rest = version.dataset.partition("/")
    return str(reverse(name, kwargs={"space": space, "name": rest}))


@register.filter
def parent_address(parent: Parent) -> str:
    """Where the page of a version stands that another was made from."""
    space, _, rest = parent.id.partition("/")
    return f"{reverse('data-set', kwargs={'space': space, 'name': rest})}?v={parent.version}"


@register.filter
def file_address(version: Version, file: File) -> str:
    """Where a file is given, as bytes to be saved."""
    return f"/datasets/{version.dataset}/resolve/{version.commit}/{quote(file.path)}"


@register.filter
def papers(source: Source) -> list[str]:
    """The evidence that a source names, and its address."""
    said = (source.url, source.record, source.opt_out, source.contract, source.commitment,
            source.authorisation)  # fmt: skip
    return [one for one in said if one]


@register.filter
def sorted_words(said: Iterable[str]) -> list[str]:
    """A set in an order that stays."""
    return sorted(said)


@register.filter
def facet_word(name: str) -> str:
    """What a search is narrowed by."""
    return words.word(f"data-facet.{name}")


@register.filter
def facet_value(value: str, name: str) -> str:
    """A value of a facet in words, where there are any."""
    known = pack().corpus.access
    if name == "access" and value in known:
        return known[value].name[current().code]
    keys = {"language": f"data-language.{value}", "modality": f"data-modality.{value}"}
    key = keys.get(name, "")
    return words.word(key) if key in words.sentences() else value


@register.filter
def card_word(key: str) -> str:
    """What a part of a card is about."""
    return words.word(f"data-card.{key}")


@register.filter
def right_word(right: str) -> str:
    """What a licence allows, in words."""
    return words.word(f"data-right.{right}")


@register.filter
def debt_word(debt: str) -> str:
    """What a licence asks for, in words."""
    return words.word(f"data-debt.{debt}")


@register.filter
def state_word(state: str) -> str:
    """The state of a request in words."""
    return words.word(f"data-state.{state}")


@register.filter
def state_tone(state: str) -> str:
    """The colour that goes with it."""
    return STATE_TONES.get(state, "plain")


@register.filter
def check_word(state: str) -> str:
    """How the check of a version stands, in words."""
    return words.word(f"data-check.{state}")


@register.filter
def check_tone(state: str) -> str:
    """The colour that goes with it; it never stands without its word."""
    return CHECK_TONES[state]


@register.filter
def access_tone(access: str) -> str:
    """The colour of an access class; it never stands without its word."""
    return ACCESS_TONES.get(access, "plain")


@register.filter
def rules_address(rules_id: str) -> str:
    """Where the page of annotation rules stands."""
    space, _, name = rules_id.partition("/")
    return str(reverse("annotation-rules", kwargs={"space": space, "name": name}))


@register.filter
def annotation_kind(kind: str) -> str:
    """What annotation is for, in words."""
    return words.word(f"annotation-kind.{kind}")


@register.filter
def annotation_part(part: str) -> str:
    """What somebody did, in words."""
    return words.word(f"annotation-part.{part}")


@register.filter
def chain_word(where: str) -> str:
    """Where a version stands to the one that was asked for."""
    return words.word(f"chain-place.{where}")
