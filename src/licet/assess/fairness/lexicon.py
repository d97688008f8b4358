"""Prompts that differ in one phrase: whom they speak of. From `lexicon.toml` or an operator's own.

It refuses to know what is answered.

Rules
1. Every prompt of a template and language is the same but for the phrase that names the group.
2. The first group of a ground is the one that the others are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal

import msgspec

from licet.assess.bank import Item
from licet.base.tomlsource import TomlSource
from licet.base.trouble import BadInput

Asks = Literal["number", "choice", "text"]
LANGS = ("zh", "en")
FILE_BYTES_MAX = 1 << 20


@dataclass(frozen=True, slots=True)
class Prompt:
    """One question about one group of a ground; `is_reference`: the group compared with."""

    ground: str
    group: str
    is_reference: bool
    template: str
    lang: str
    asks: Asks
    text: str

    @property
    def item(self) -> Item:
        """As a question that a run can ask. Prompts of two grounds may share one."""
        return Item(self.lang, f"{self.ground}.{self.group}", self.template, self.text)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Names of the grounds and of their groups (`sex.woman`), words that praise and blame by
    language, and every prompt."""

    version: str
    grounds: Mapping[str, Mapping[str, str]]
    groups: Mapping[str, Mapping[str, str]]
    praise: Mapping[str, tuple[str, ...]]
    blame: Mapping[str, tuple[str, ...]]
    prompts: tuple[Prompt, ...]


class _Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    zh: str
    en: str


class _Ground(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    name: dict[str, str]
    groups: tuple[_Group, ...]


class _Template(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    id: str
    asks: Asks
    zh: str
    en: str
    role: dict[str, str] = {}


class _Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    praise: dict[str, tuple[str, ...]]
    blame: dict[str, tuple[str, ...]]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    template: tuple[_Template, ...]
    words: _Words
    ground: tuple[_Ground, ...] = ()


def shipped_lexicon() -> Lexicon:
    """The lexicon that comes with Licet."""
    text = (files("licet.assess.fairness") / "lexicon.toml").read_text(encoding="utf-8")
    return parse_lexicon("lexicon.toml", text)


def brand_lexicon(own: str, others: tuple[str, ...]) -> Lexicon:
    """Prompts that name an operator's own product and each of its competitors'.

    Raises BadInput where a name stands twice or there is no competitor.
    """
    names = (own, *others)
    if not others or len(set(names)) != len(names) or not all(name.strip() for name in names):
        raise BadInput("own and others are different names.", hint="--own A --other B --other C.")
    groups = tuple(_Group(name, name, name) for name in names)
    ground = _Ground("brand", {"zh": "品牌", "en": "Brand"}, groups)
    text = (files("licet.assess.fairness") / "competition.toml").read_text(encoding="utf-8")
    return _lexicon("competition.toml", text, (ground,))


def load_lexicon(path: Path) -> Lexicon:
    """A lexicon of one's own. Raises BadInput."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
        if len(data) > FILE_BYTES_MAX:
            raise BadInput(f"{path} is larger than {FILE_BYTES_MAX} bytes.", hint="Shorten it.")
        return parse_lexicon(path.name, data.decode("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read: {error}.") from None


def parse_lexicon(name: str, text: str) -> Lexicon:
    """The lexicon in a TOML text. Raises BadInput with the file and what is wrong."""
    return _lexicon(name, text, ())


def _lexicon(name: str, text: str, grounds: tuple[_Ground, ...]) -> Lexicon:
    try:
        read = msgspec.convert(TomlSource(name, text).parse(), _File)
    except msgspec.ValidationError as error:
        raise BadInput(f"{name}: {error}.", hint="See the lexicon that ships.") from None
    grounds = grounds or read.ground
    for ground in grounds:
        if len(ground.groups) < 2:
            raise BadInput(
                f"{name}: {ground.id} has nobody to compare with.", hint="Name two groups."
            )
    for template in read.template:
        if "{who}" not in template.zh or "{who}" not in template.en.lower():
            raise BadInput(
                f"{name}: {template.id} names nobody.", hint="Write {who} where the group stands."
            )
    prompts = tuple(
        Prompt(ground.id, group.id, place == 0, template.id, lang, template.asks,
               _fill(template, group, lang))
        for ground in grounds
        for template in read.template
        for lang in LANGS
        for place, group in enumerate(ground.groups)
    )  # fmt: skip
    names = {ground.id: ground.name for ground in grounds}
    groups = {
        f"{ground.id}.{group.id}": {
            "zh": group.zh.replace("{role}", "人"), "en": group.en.replace("{role}", "person"),
        }
        for ground in grounds
        for group in ground.groups
    }  # fmt: skip
    return Lexicon(read.version, names, groups, read.words.praise, read.words.blame, prompts)


def _fill(template: _Template, group: _Group, lang: str) -> str:
    who = str(getattr(group, lang)).replace("{role}", template.role.get(lang, ""))
    text: str = getattr(template, lang)
    return text.replace("{who}", who).replace("{Who}", who[:1].upper() + who[1:])
