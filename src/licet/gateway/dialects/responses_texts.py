"""Where generated text stands in the events and objects of the Responses API.

It refuses to know streams, numbers and halting.

Rules
1. An event `response.<what>.delta` says the next piece of the channel `<place>.<what>`, known to
   us or not; `response.<what>.done` ends that channel and repeats its text in full.
2. Every other event's texts are whole: their channels end with the event.
3. What a response object echoes of its request was judged as a prompt. All else that it or its
   event says is text, an error above all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from licet.gateway.dialects.json_strict import kind_of
from licet.gateway.dialects.json_texts import Slot, find_member, find_slots, is_mark, is_plain_name
from licet.gateway.dialects.logprobs import alternatives
from licet.gateway.dialects.unreadable import Unreadable

LAST: Final = frozenset(
    {"response.completed", "response.incomplete", "response.failed", "response.cancelled", "error"}
)
_LIFE: Final = LAST | {"response.created", "response.in_progress", "response.queued"}
_ECHOES: Final = frozenset(
    """instructions tools tool_choice metadata prompt user input previous_response_id conversation
    prompt_cache_key prompt_cache_retention safety_identifier truncation""".split()  # noqa: SIM905
)
_SETTINGS: Final = frozenset({"reasoning", "text", "billing", "incomplete_details"})
"""Members of a response in which one word is a setting or a reason of the API's, and no text."""
_JSON: Final = frozenset({"function_call_arguments", "mcp_call_arguments"})
_SOUND: Final = frozenset({"audio", "output_audio"})
"""Channels of base64 sound."""
_COUNTS: Final = frozenset({"sequence_number", "output_index", "content_index", "summary_index"})
_SAID: Final = frozenset({"delta", "logprobs"})
_RESPONSE: Final = frozenset({"response"})
_PARTS: Final = frozenset({"text", "refusal", "transcript"})
"""Members of a part that the following deltas continue."""


class Found(NamedTuple):
    """What an event says. `slots` can be cut; `repeats` were said before, and cannot."""

    slots: list[Slot]
    repeats: list[Slot]
    ends: tuple[str, ...]
    atomic: bool
    """Whether the texts must leave whole: they are, or logprobs go with them."""


def type_of(value: dict[str, Any]) -> str:
    """The event's type. Raises Unreadable where it has none."""
    kind = value.get("type")
    if type(kind) is not str:
        raise Unreadable(f"expected the event's type, not {kind_of(kind)}", where="type")
    if not is_plain_name(kind):
        raise Unreadable("the event's type is not a name", where="type")
    return kind


def find_texts(value: dict[str, Any]) -> Found:
    """The texts of one event (rules 1 to 3)."""
    kind = type_of(value)
    slots: list[Slot] = []
    if kind in _LIFE:
        response = value.get("response")
        if type(response) is dict:
            find_response(response, slots)
            _find_others(value, "", slots, _RESPONSE)
        else:
            _find_others(value, "", slots)
        return Found([], slots, ("",) if kind in LAST else (), False)
    if kind.endswith(".delta"):
        return _find_delta(value, kind, slots)
    place = place_of(value)
    if kind.endswith(".done"):
        _find_others(value, place, slots)
        return Found([], slots, _ended(kind, place), False)
    if kind.endswith("_part.added"):
        return _find_part(value, kind, place, slots)
    _find_others(value, place, slots)
    return Found(slots, [], tuple([slot.channel for slot in slots]), bool(slots))


def says_a_piece(value: dict[str, Any], found: Found) -> bool:
    """Whether an event, in which `found` was found, is the next piece of a text and no more,
    whatever the piece is. (Sound is not: one word of it is no text.)"""
    kind = value["type"]
    if found.repeats or found.ends or found.atomic or len(found.slots) != 1:
        return False
    slot = found.slots[0]
    return (
        slot.name == "delta"
        and slot.holder is value
        and kind.endswith(".delta")
        and kind.removeprefix("response.").removesuffix(".delta") not in _SOUND
        and not kind.startswith("response.output_item.")
    )


def place_of(value: dict[str, Any]) -> str:
    """Where in the output an event belongs: `0.`, `0.1.`, or nowhere."""
    indexes = [
        value.get("output_index"),
        value["content_index"] if "content_index" in value else value.get("summary_index"),
    ]
    place = ""
    for index in indexes:
        if index is not None:
            if type(index) is not int or index < 0:
                raise Unreadable("expected a number from 0", where="output_index")
            place += f"{index}."
    return place


def find_response(response: dict[str, Any], slots: list[Slot]) -> None:
    """The texts of a response object: of its output and of what is unknown (rule 3)."""
    output = response.get("output")
    for name, item in response.items():
        if name in _SETTINGS:
            _find_settings(response, name, item, slots)
        elif name not in _ECHOES and name != "output":
            find_member(response, name, item, f"x.{name}", slots)
    if output is None:
        return
    if type(output) is not list:
        raise Unreadable(f"expected a list, not {kind_of(output)}", where="response.output")
    for at, item in enumerate(output):
        if type(item) is not dict:
            raise Unreadable("expected an object", where=f"response.output[{at}]")
        find_slots(item, str(at), slots)


def _find_settings(response: dict[str, Any], name: str, item: Any, slots: list[Slot]) -> None:
    """What stands there and is no setting; the form asked for (`text.format`) is an echo."""
    found: list[Slot] = []
    if name == "text" and type(item) is dict:
        for inner, said in item.items():
            if inner != "format" or type(said) is not dict:
                find_member(item, inner, said, f"x.text.{inner}", found)
    else:
        find_member(response, name, item, f"x.{name}", found)
    slots += [slot for slot in found if not is_mark("type", slot.text)]


def _find_delta(value: dict[str, Any], kind: str, slots: list[Slot]) -> Found:
    what = kind.removeprefix("response.").removesuffix(".delta")
    place = place_of(value)
    delta = value.get("delta")
    if type(delta) is not str:
        find_member(value, "delta", delta, f"{place}{what}", slots)
    elif delta and not (what in _SOUND and is_mark("data", delta)):
        slots.append(Slot(value, "delta", f"{place}{what}", "json" if what in _JSON else "text"))
    logprobs = value.get("logprobs")
    ends = _find_others(value, place, slots, _SAID)
    others: list[Slot] = []
    if logprobs and "".join(tokens := _tokens(logprobs)) != delta:
        find_slots(logprobs, f"{place}logprobs", slots)
    elif logprobs:
        others = alternatives(logprobs, tokens, f"{place}{what}")
    return Found(slots, others, ends, bool(ends or logprobs))


def _find_part(value: dict[str, Any], kind: str, place: str, slots: list[Slot]) -> Found:
    """A part that begins with some text: the deltas that follow continue it."""
    part = value.get("part")
    if type(part) is not dict:
        ends = _find_others(value, place, slots)
        return Found(slots, [], ends, bool(ends))
    prefix = "reasoning_" if kind.startswith("response.reasoning") else ""
    what = f"{place}{prefix}{part.get('type')}"
    ends = _find_others(value, place, slots, {"part"})
    for name, item in part.items():
        if name in _PARTS and type(item) is str:
            if item:
                slots.append(Slot(part, name, what))
        else:
            find_member(part, name, item, f"{place}x.{name}", slots)
    return Found(slots, [], ends, bool(ends))


def _find_others(
    value: dict[str, Any], place: str, slots: list[Slot], known: Any = frozenset()
) -> tuple[str, ...]:
    """The texts of all members but the `known`, and their channels: each is whole."""
    begin = len(slots)
    for name, item in value.items():
        if type(item) is int and name in _COUNTS:
            continue
        if name not in known and name != "type":
            find_member(value, name, item, f"{place}x.{name}", slots)
    return tuple([slot.channel for slot in slots[begin:]])


def _ended(kind: str, place: str) -> tuple[str, ...]:
    if kind == "response.output_item.done" or kind.endswith("_part.done"):
        return (place,)
    return (place + kind.removeprefix("response.").removesuffix(".done"),)


def _tokens(logprobs: Any) -> list[str]:
    items: Sequence[Any] = logprobs if type(logprobs) is list else ()
    tokens = [item.get("token") for item in items if type(item) is dict]
    return [token for token in tokens if type(token) is str]
