"""What a client of the Responses API has been sent so far, and so how to end it lawfully.

The API repeats every text in full when a part, an item and the response are done. An answer that
is stopped half way must repeat what was released, and not a character more. It refuses to know
verdicts and numbers.

Rules
1. Only what `note` was told counts: events as they were sent, in order.
2. At most `KEPT_CHARS_MAX` characters are kept; past that the repeated texts are left empty.
3. A tool call that was not done is not repeated: half a call must not be run.
"""

from __future__ import annotations

from typing import Any, Final

from licet.gateway.dialects.json_texts import Slot
from licet.gateway.dialects.responses_texts import place_of

KEPT_CHARS_MAX: Final = 1 << 20
OPEN_MAX: Final = 4096
"""The most parts and items that are kept."""

_SPOKEN: Final = ("message", "reasoning")
"""Items that can end half way: they are read, not run. (Asked of any JSON value: so no set.)"""
_NAMING: Final = ("id", "type", "status", "role")
_TEXT_NAMES: Final = {
    "output_text": "text",
    "reasoning_text": "text",
    "reasoning_summary_text": "text",
    "refusal": "refusal",
}
"""The channels that a part can have, and the member in which it is repeated."""


class Sent:
    """The state of one response as its client knows it."""

    def __init__(self) -> None:
        self.response: dict[str, Any] | None = None
        self._items: dict[int, dict[str, Any]] = {}
        self._done: set[int] = set()
        self._parts: dict[str, dict[str, Any]] = {}  # the events that began open parts, by place
        self._texts: dict[str, list[str]] = {}  # what was said in open parts, by channel
        self._said: set[str] = set()  # channels that were repeated in full already
        self._kept = 0

    def note(self, event: dict[str, Any], slots: list[Slot], size: int) -> None:
        """`event`, of about `size` characters, was sent, with what now stands in `slots`."""
        kind = event["type"]
        if kind in ("response.created", "response.in_progress", "response.queued"):
            if type(event.get("response")) is dict:
                self.response = event["response"]
        elif kind.startswith("response.output_item."):
            self._note_item(event, kind, size)
        elif kind.endswith("_part.added"):
            if len(self._parts) < OPEN_MAX and type(event.get("part")) is dict:
                self._parts[place_of(event)] = event
                self._note_texts(slots)
        elif kind.endswith("_part.done"):
            self._keep_part(event)
            self._close(place_of(event))
        elif kind.endswith(".done"):
            self._said.add(place_of(event) + kind[len("response.") : -len(".done")])
        elif kind.endswith(".delta"):
            self._note_texts(slots)

    def note_piece(self, channel: str, text: str) -> None:
        """A piece of a channel's text was sent, in an event that does nothing else."""
        self._kept += len(text)
        if self._kept > KEPT_CHARS_MAX:
            self._texts.clear()
        else:
            self._texts.setdefault(channel, []).append(text)

    def endings(self) -> list[dict[str, Any]]:
        """The events that close every part and item that is open (rule 3), in order."""
        events: list[dict[str, Any]] = []
        for place in sorted(
            self._parts, key=lambda place: [int(n) for n in place.split(".") if n]
        ):
            events += self._part_ending(place)
            self._keep_part(self._parts[place])
        for index, item in sorted(self._items.items()):
            if index not in self._done and item.get("type") in _SPOKEN:
                item["status"] = "incomplete"
                self._done.add(index)
                events.append(
                    {"type": "response.output_item.done", "output_index": index, "item": item}
                )
        return events

    def output(self) -> list[dict[str, Any]]:
        """The items that are done, as they were sent."""
        return [item for index, item in sorted(self._items.items()) if index in self._done]

    def _note_item(self, event: dict[str, Any], kind: str, size: int) -> None:
        index, item = event.get("output_index"), event.get("item")
        if type(index) is not int or type(item) is not dict or len(self._items) >= OPEN_MAX:
            return
        self._kept += size
        if self._kept > KEPT_CHARS_MAX:
            item = {name: item[name] for name in _NAMING if name in item} | {"content": []}
        self._items[index] = item
        if kind.endswith(".done"):
            self._done.add(index)
            self._close(f"{index}.")

    def _note_texts(self, slots: list[Slot]) -> None:
        for slot in slots:
            self.note_piece(slot.channel, slot.text)

    def _close(self, place: str) -> None:
        self._said = {channel for channel in self._said if not _is_within(channel, place)}
        for kept in (self._parts, self._texts):
            for name in [name for name in kept if _is_within(name, place)]:
                del kept[name]

    def _keep_part(self, event: dict[str, Any]) -> None:
        """Put a part that has ended into its item, behind those before it."""
        item = self._items.get(event.get("output_index", -1))
        if item is not None and self._kept <= KEPT_CHARS_MAX:
            into = "summary" if "summary_index" in event else "content"
            before = item.get(into)
            item[into] = [*(before if type(before) is list else ()), event.get("part")]

    def _part_ending(self, place: str) -> list[dict[str, Any]]:
        """A part's text in full and then the part, as its own kind of event says them."""
        event = self._parts[place]
        part = event["part"]
        names = ("item_id", "output_index", "content_index", "summary_index")
        where = {name: event[name] for name in names if name in event}
        events = []
        for what, name in _TEXT_NAMES.items():
            if what not in (part.get("type"), f"reasoning_{part.get('type')}"):
                continue
            part[name] = "".join(self._texts.get(place + what, ()))
            if place + what in self._said:
                continue
            said = {"type": f"response.{what}.done", **where, name: part[name]}
            events.append(said | ({"logprobs": []} if what == "output_text" else {}))
        kind = event["type"].removesuffix("added") + "done"
        return [*events, {"type": kind, **where, "part": part}]


def _is_within(name: str, place: str) -> bool:
    """Whether a part or channel is of that place. An event that names no place has its own."""
    return name.startswith(place) if place else not name[:1].isdigit()
