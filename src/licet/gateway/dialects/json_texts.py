"""Where text stands in a JSON value whose form we know only in part.

The APIs grow faster than any table of their fields, so the question is turned around: every
string is text, unless its name says that it is a mark (an id, a type, a role) or a blob (base64,
a URL) and it looks like one. It refuses to know requests, streams and verdicts.

Rules
1. A string under an unknown name is text. So is an unusual name, for it can carry a sentence.
2. A mark is one ASCII word of at most 64 characters, a blob one ASCII word of any length;
   whatever else stands under such a name is text.
3. An object says who wrote it where it is a message or an item of its own. What stands within one
   may say that a user or a tool wrote it, and never that they did not: their words are judged by
   more than instructions and earlier answers are.
4. An object in which a tool's arguments stand decoded is one text: its JSON source. So is a
   generated object with unusual names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple, TypeGuard

from licet.gateway.dialects.frames import Kind, Span
from licet.gateway.dialects.json_strict import dump, is_json, load
from licet.gateway.dialects.model import Picture, PromptText, Role
from licet.gateway.dialects.unreadable import Unreadable

MARK_CHARS_MAX: Final = 64


def _names(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


MARKS: Final = _names("""
    type role model object name status detail format media_type mime_type tool_choice strict
    service_tier reasoning_effort effort verbosity truncation ttl finish_reason stop_reason phase
    native_finish_reason required modalities voice syntax include system_fingerprint provider
    timezone severity $ref $schema $id
""")
BLOBS: Final = _names("""
    id call_id url data image_url audio_url video_url file_data file_url input_audio b64_json
    partial_image_b64 signature encrypted_content encrypted_index obfuscation authorization
    authorization_token server_url prompt_cache_key safety_identifier user user_id
    vector_store_ids file_ids token_ids
""")
MEDIA: Final = _names("""
    image_url input_audio audio_url video_url file_data file_url file_id b64_json file
""")
"""Names under which something stands that is not text but shown to the model."""
SOURCES: Final = ("base64", "url", "file")
"""Types of an Anthropic `source` that are not text. (Asked of any JSON value: so no set.)"""
_ASIDE: Final = {"image_url": {"url", "detail"}, "source": {"type", "media_type", "data"}}
"""What may stand in the object that holds a picture; with anything else it is not understood."""
_picture_url: Final = re.compile(r"data:image/[\w.+-]+;base64,").match
JSON_NAMES: Final = frozenset({"arguments", "partial_json"})
QUOTING: Final = frozenset({"annotations", "citations", "citation"})
"""Under these, a `file_id` names what is quoted, not what is shown."""
ROLES: Final[dict[str, Role]] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "model": "assistant",
    "tool": "tool",
    "function": "tool",
}
_JUDGED_BY_MORE: Final = ("user", "tool")


def _is_one_word(text: str) -> bool:
    """Whether it holds nothing but visible ASCII characters."""
    return text.isascii() and text.isprintable() and " " not in text


def is_mark(name: str, text: str, holder: Any = None) -> bool:
    """Whether the string `text`, standing under `name` in `holder`, is no text (rule 2)."""
    if name in MARKS:
        return len(text) <= MARK_CHARS_MAX and _is_one_word(text)
    if name in BLOBS or name.endswith("_id"):
        if name == "data" and _is_plain_source(holder):
            return False
        return _is_one_word(text)
    return name == "result" and _is_made_image(holder) and _is_one_word(text)


def _is_plain_source(holder: Any) -> bool:
    """A document given as plain text: its `data` is what it says, not base64."""
    return type(holder) is dict and (
        holder.get("type") == "text" or str(holder.get("media_type")).startswith("text/")
    )


def _is_made_image(holder: Any) -> bool:
    return type(holder) is dict and holder.get("type") == "image_generation_call"


def is_arguments(name: str, holder: Any) -> bool:
    """Whether the object under `name` in `holder` is a tool's arguments, decoded (rule 4)."""
    if name in JSON_NAMES:
        return True
    return name == "input" and str(holder.get("type")).endswith("tool_use")


class PromptTexts:
    """Collects the texts of a request, in order, with the places of what is not text, and the
    pictures that stand there."""

    __slots__ = ("images", "pictures", "texts")

    def __init__(self) -> None:
        self.texts: list[PromptText] = []
        self.images: list[str] = []
        self.pictures: list[Picture] = []

    def walk(
        self, value: Any, where: str, role: Role, *, shown: bool = False, within: bool = False
    ) -> None:
        """Everything under `value`. `shown`: what is not text there is shown to the model.
        `within`: it stands in what `role` wrote (rule 3)."""
        if type(value) is str:
            if value:
                self.texts.append(PromptText(where, role, value))
        elif type(value) is dict:
            self._walk_object(value, where, role, shown, within)
        elif type(value) is list:
            name = where[where.rfind(".") + 1 :]
            for at, item in enumerate(value):
                if type(item) is not str or not is_mark(name, item):
                    self.walk(item, f"{where}[{at}]", role, shown=shown, within=within)

    def _walk_object(
        self, value: dict[str, Any], where: str, role: Role, shown: bool, within: bool
    ) -> None:
        said, holder = role_of(value, role), ""
        if not within or role not in _JUDGED_BY_MORE or said in _JUDGED_BY_MORE:
            role = said
        if shown and _holds_media(value):
            self.images.append(where)
            holder, data = _picture_in(value)
            if holder:
                self.pictures.append(Picture(where, data))
            shown = bool(holder)  # once for each part
        for name in value:
            self.member(value, name, where, role, shown=shown and name != holder)

    def member(
        self, holder: dict[str, Any], name: str, where: str, role: Role, *, shown: bool = False
    ) -> None:
        """Everything under the member `name` of `holder`, which stands at `where`."""
        item = holder[name]
        place = path(where, name)
        if not is_plain_name(name):
            self.texts.append(PromptText(place, role, name))
        kind = type(item)
        if kind is str:
            if item and not is_mark(name, item, holder):
                how: Kind = "json" if name in JSON_NAMES else "text"
                self.texts.append(PromptText(place, role, item, how))
        elif kind is dict and is_arguments(name, holder):
            if item:
                self.texts.append(PromptText(place, role, source(item), "json"))
        elif kind is dict or kind is list:
            self.walk(item, place, role, shown=shown and name not in QUOTING, within=True)


def role_of(value: dict[str, Any], role: Role) -> Role:
    """Who wrote this object: as it says itself, else by what it is, else `role`."""
    said = value.get("role")
    if type(said) is str:
        return ROLES.get(said, role)
    what = value.get("type")
    if type(what) is str:
        if what.endswith(("_output", "_result")):
            return "tool"
        if what.endswith(("_call", "tool_use")) or what in {"reasoning", "thinking"}:
            return "assistant"
    return role


def _picture_in(value: dict[str, Any]) -> tuple[str, str]:
    """The member that holds a part's one picture, and its base64; empty where the part holds none
    that can be looked at, or more than that."""
    if MEDIA.isdisjoint(value):
        given = value.get("source")
        if not _is_aside(given, "source") or given.get("type") != "base64":
            return "", ""
        kind, data = given.get("media_type"), given.get("data")
        if type(data) is str and type(kind) is str and kind.startswith("image/"):
            return "source", data
    elif MEDIA.intersection(value) == {"image_url"} and "source" not in value:
        given = value["image_url"]
        url = given.get("url") if _is_aside(given, "image_url") else given
        if type(url) is str and (head := _picture_url(url)):
            return "image_url", url[head.end() :]
    return "", ""


def _is_aside(given: Any, name: str) -> TypeGuard[dict[str, Any]]:
    return type(given) is dict and given.keys() <= _ASIDE[name]


def _holds_media(value: dict[str, Any]) -> bool:
    if not MEDIA.isdisjoint(value):
        return any(value[name] for name in MEDIA.intersection(value))
    if _is_made_image(value):
        return bool(value.get("result"))
    origin = value.get("source")
    return type(origin) is dict and origin.get("type") in SOURCES


def is_plain_name(name: str) -> bool:
    """Whether a member's name is an ordinary one, and so no text (rule 1)."""
    return len(name) <= MARK_CHARS_MAX and _is_one_word(name)


def path(where: str, name: str) -> str:
    """`where` one member deeper. A name that is not plain is not repeated in it."""
    step = name if is_plain_name(name) else "?"
    return f"{where}.{step}" if where else step


class Slot(NamedTuple):
    """A place in a decoded value where generated text stands, so that it can be replaced."""

    holder: Any
    name: str | int
    channel: str
    kind: Kind = "text"
    by_meaning: bool = True

    @property
    def text(self) -> str:
        """What stands there. Decoded arguments are given as their JSON source."""
        value = self.holder[self.name]
        return value if type(value) is str else source(value)

    def put(self, text: str) -> None:
        """Replace what stands there. Arguments that are no JSON any more become empty."""
        if type(self.holder[self.name]) is str:
            self.holder[self.name] = text
        else:
            self.holder[self.name] = load(text.encode()) if is_json(text) else {}


def find_slots(value: Any, channel: str, slots: list[Slot]) -> None:
    """Every text under `value`, each in a channel named after its path."""
    if type(value) is dict:
        for name, item in value.items():
            find_member(value, name, item, f"{channel}.{name}", slots)
    elif type(value) is list:
        name = channel[channel.rfind(".") + 1 :]
        for at, item in enumerate(value):
            if type(item) is not str:
                find_slots(item, f"{channel}[{at}]", slots)
            elif item and not is_mark(name, item):
                slots.append(Slot(value, at, f"{channel}[{at}]"))


def find_member(
    holder: dict[str, Any], name: str, item: Any, channel: str, slots: list[Slot]
) -> None:
    """Every text under the member `name` of `holder`, whose value is `item`.

    A name that a model gave (of a tool) is text, for it wrote it.

    Raises Unreadable where the name itself is a sentence: it could not be cut.
    """
    if not is_plain_name(name):
        raise Unreadable("a member's name is not a name", where=channel)
    kind = type(item)
    if kind is str:
        if item and (name == "name" or not is_mark(name, item, holder)):
            how: Kind = "json" if name in JSON_NAMES else "text"
            slots.append(Slot(holder, name, channel, how))
    elif kind is dict and (is_arguments(name, holder) or not all(map(is_plain_name, item))):
        if item:
            slots.append(Slot(holder, name, channel, "json"))
    elif kind is dict or kind is list:
        find_slots(item, channel, slots)


def spans_of(slots: Sequence[Slot]) -> tuple[Span, ...]:
    """What stands in the slots, to be judged."""
    return tuple([Span(slot.channel, slot.text, slot.kind, slot.by_meaning) for slot in slots])


def put_texts(slots: Sequence[Slot], texts: Sequence[str]) -> list[Slot]:
    """Replace the texts, and say which slots that changed."""
    changed = []
    for slot, text in zip(slots, texts, strict=True):
        if slot.text != text:
            slot.put(text)
            changed.append(slot)
    return changed


def source(value: Any) -> str:
    """The JSON source of a value, with as few escapes as can be."""
    return dump(value).decode()
