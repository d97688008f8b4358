"""Streams made of choices: chat completions and plain completions.

It refuses to know verdicts: it says where text stands, and writes what it is told to.

Rules
1. The fast way (moulds) and the full way find the same texts.
2. A choice counts as finished when its last event was rendered, not when it was read: what the
   exchange read and never sent must still be ended by `halt`. Until then `renumbers` is true.
3. `halt` ends every choice that the client asked for or has seen.
4. What a choice has said is over with its end: more of the same text is the upstream's fault. The
   beginning of a phrase may have left with the end, and its rest must not follow.
5. A tool's name comes whole: it is judged and leaves with its event. Where it comes in pieces
   nevertheless, what they spell together is read again: clients join them.
6. What other streams have said behind their heads is not read in full again; it is noted, and it
   ends what it ends, as if it were.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from licet.gateway.dialects.chat_texts import TOKENS, Form, ends_choice, find_choices, index_of
from licet.gateway.dialects.frames import Frame, Span
from licet.gateway.dialects.json_strict import dump, load_object
from licet.gateway.dialects.json_texts import Slot, put_texts, spans_of
from licet.gateway.dialects.known_events import (
    REST_BYTES_MAX,
    SHARED,
    Head,
    Kin,
    KnownEvents,
    KnownForm,
    Said,
    count_foreign,
    prove_head,
)
from licet.gateway.dialects.model import Ask, Notice, Usage
from licet.gateway.dialects.moulds import PADDING, PROBE, Mould, Moulds, Shapes
from licet.gateway.dialects.server_events import DONE, event_bytes
from licet.gateway.dialects.shown import refuse_shown
from licet.gateway.dialects.unreadable import Unreadable
from licet.gateway.sse import SseEvent

CHOICES_MAX: Final = 128
"""The most choices that `halt` invents an end for (OpenAI's own limit of `n`)."""
NAME_CHARACTERS_MAX: Final = 4096
_HEAD: Final = ("id", "object", "created", "model", "system_fingerprint", "service_tier")
_HEAD_TYPES: Final = (str, int, type(None))
_INNER: Final = ("index", "type")
_HEADS_MAX: Final = 3
"""A stream whose head changes more often has none."""
_MISSES_MAX: Final = 12
"""So often the forms of other streams are looked through in vain."""


class ChoiceReader:
    """Reads one stream of choices."""

    def __init__(self, ask: Ask, form: Form, known: KnownEvents = SHARED) -> None:
        self.usage = Usage()
        self._form = form
        self._takes_media = ask.takes_media
        self._head: dict[str, Any] = {"object": form.event, "created": 0, "model": ask.model}
        self._began = False
        self._asked: set[int] = set()
        self._seen: set[int] = set()
        self._ended: set[int] = set()
        self._channels: set[str] = set()
        self._closed: set[str] = set()  # channels of choices that were read to their end (rule 4)
        self._names: dict[str, str] = {}  # of tools, by channel
        self._unsent_ends = 0
        self._moulds = Moulds()
        self._shapes = Shapes(outer=_HEAD, inner=_INNER)
        self._known = known
        self._kin: Kin | None = None  # from the first head that was proven on (rule 6)
        self._proven = Head(b"", {})
        self._heads = 0
        self._misses = 0
        self._least: dict[str, tuple[Mould, Head]] = {}  # of channels that have no shape
        self._wants_usage = False
        if b'"stream_options"' in ask.body or b'"n"' in ask.body:
            self._note_wishes(ask.body)

    def read(self, event: SseEvent) -> Frame:
        data = event.data
        for mould in self._moulds.known:
            text = mould.text(data)
            if text:
                span = Span(mould.channel, text, mould.kind)
                return Frame(event.raw, (span,), value=(event, mould))
        rest = self._behind_head(data)
        frame = self._read_known(event, rest) if rest else None
        return frame or self._read_in_full(event, rest)

    def render(self, frame: Frame, texts: Sequence[str]) -> bytes:
        if frame.ends is not None:
            self._unsent_ends -= 1
            for end in frame.ends:
                index = end[:-1]
                if index.isdigit():
                    self._ended.add(int(index))
        if frame.says(texts):
            return frame.raw
        if type(frame.value) is not tuple:
            return self._render_in_full(frame.value, texts)
        event: SseEvent = frame.value[0]
        mould: Mould = frame.value[1]
        text = texts[0]
        if not text:
            if mould.says_more is None:
                mould.says_more = bool(self._render_in_full(event, texts))
            if not mould.says_more:
                return b""
        if event.event:
            return self._render_in_full(event, texts)
        return mould.event(event.data, text)

    def _render_in_full(self, event: SseEvent, texts: Sequence[str]) -> bytes:
        chunk = load_object(event.data)
        slots: list[Slot] = []
        choices, _ = find_choices(self._form, chunk, slots, [])
        cut = {slot.channel.partition(".")[0] for slot in put_texts(slots, texts)}
        kept = []
        for at, choice in enumerate(choices):
            if str(index_of(choice, at)) in cut and "logprobs" in choice:
                choice["logprobs"] = None
            if _has_worth(choice):
                kept.append(choice)
        if not kept and choices and not chunk.get("usage") and not chunk.get("error"):
            return b""
        chunk["choices"] = kept
        return event_bytes(chunk, event.event)

    def flush(self, channel: str, text: str) -> bytes:
        if channel.endswith(TOKENS):
            return b""  # logprobs of which a part may not leave
        least = self._least.get(channel)
        if least is None:
            return event_bytes(_endless(self._shapes.cast(channel, text)))
        mould, head = least
        kept = {name: head.members[name] for name in head.members if name in _HEAD}
        return b"".join((b"data: ", dump(kept)[:-1], b",", mould.cast(text), b"\n\n"))

    def halt(self, notice: Notice) -> bytes:
        wanted = self._seen | self._asked or {0}
        choices = [
            {"index": index, **self._form.nothing(), "finish_reason": "content_filter"}
            for index in sorted(wanted - self._ended)
        ]
        head = self._head if self._began else {"id": self._form.prefix + notice.case} | self._head
        out = event_bytes(head | {"choices": choices, "licet": notice.as_object()})
        if self._wants_usage and self.usage != Usage():
            out += event_bytes(head | {"choices": [], "usage": _usage_object(self.usage)})
        return out + DONE

    def fail(self, code: str, message: str) -> bytes:
        error = {"message": message, "type": "server_error", "param": None, "code": code}
        return event_bytes({"error": error}) + DONE

    @property
    def renumbers(self) -> bool:
        return self._unsent_ends > 0

    def _behind_head(self, data: bytes) -> bytes:
        """What `data` says behind this stream's head; b"" where that is not proven."""
        kin, head = self._kin, self._proven.data
        if kin is None or not data.startswith(head):
            if self._heads >= _HEADS_MAX or not data.startswith(b"{"):
                return b""
            self._heads += 1
            proven = prove_head(data)
            if proven is None:
                return b""
            self._proven = proven
            self._kin = self._known.kin(self._form.event, self._takes_media, proven)
            head = proven.data
        return data[len(head) :]

    def _read_known(self, event: SseEvent, rest: bytes) -> Frame | None:
        """Rule 6: what `_read_in_full` would find; None where it must look."""
        kin = self._kin
        assert kin is not None
        said = kin.rests.get(rest)
        if said is not None:
            self._note_head(self._proven.members)
            self._see(said.seen)
            if said.ends is not None:
                self._close(said.ends)
                self._unsent_ends += 1
            return Frame(event.raw, (), said.ends, value=event)
        if self._misses >= _MISSES_MAX:
            return None
        for form in kin.forms:
            text = form.mould.text(rest)
            if text:
                return self._read_form(event, form, text)
        self._misses += 1
        return None

    def _read_form(self, event: SseEvent, form: KnownForm, text: str) -> Frame | None:
        mould = form.mould
        channel = mould.channel
        if channel in self._closed:
            return None  # rule 4
        self._note_head(self._proven.members)
        if self._shapes.claim(channel):
            self._least[channel] = (form.least, self._proven)
        self._channels.add(channel)
        self._see(form.seen)
        mould = mould.behind(self._proven.data)
        self._moulds.keep(mould)
        return Frame(event.raw, (Span(channel, text, mould.kind),), value=(event, mould))

    def _read_in_full(self, event: SseEvent, rest: bytes = b"") -> Frame:
        data = event.data.strip()
        if not data:
            return Frame(event.raw)
        if data == b"[DONE]":
            self._unsent_ends += 1
            return Frame(event.raw, ends=("",), last=True)
        chunk = load_object(data)
        if not self._takes_media:
            refuse_shown(data, chunk)
        slots: list[Slot] = []
        apart: list[Slot] = []
        choices, aligned = find_choices(self._form, chunk, slots, apart)
        self._note_head(chunk)
        self._note_usage(chunk.get("usage"))
        self._shapes.note(chunk, [one for one in slots if not one.channel.endswith(TOKENS)])
        self._channels.update([slot.channel for slot in slots])
        if self._closed and not self._closed.isdisjoint([slot.channel for slot in slots]):
            raise Unreadable("a text goes on behind the end of its choice", where="choices")
        ends, seen = [], []
        for at, choice in enumerate(choices):
            index = index_of(choice, at)
            seen.append(index)
            if ends_choice(choice.get("finish_reason")):
                ends.append(f"{index}.")
        self._see(seen)
        if ends:
            self._close(tuple(ends))
        names = [slot for slot in slots if slot.name == "name"]
        ends += [slot.channel for slot in names]  # rule 5
        failed = bool(chunk.get("error"))
        if failed:
            ends = [""]
        elif not aligned:
            fixed = ends or chunk.get("usage")  # counts of one event are not those of the next
            mould = None if fixed else self._moulds.learn(data, slots, self._find)
            if rest and self._is_common(chunk, mould):
                if not slots and not apart:
                    self._keep_rest(chunk, rest, ends, seen)
                elif mould is not None:
                    self._keep_form(event, chunk, slots[0], mould, seen)
        if ends:
            self._unsent_ends += 1
        whole = spans_of(apart) + self._joined(names)
        return Frame(
            event.raw, spans_of(slots), tuple(ends) or None, whole, aligned, failed, event
        )

    def _is_common(self, chunk: dict[str, Any], mould: Mould | None) -> bool:
        """Whether the rest of an event holds choices, and beside them nothing but padding."""
        padded = mould is not None and mould.has_hole(PADDING)
        for name, item in chunk.items():
            if name == "choices" or name in self._proven.members:
                continue
            if name == "obfuscation" and padded:
                continue
            if item is not None or name in _HEAD:
                return False
        return "choices" in chunk

    def _keep_rest(
        self, chunk: dict[str, Any], rest: bytes, ends: list[str], seen: list[int]
    ) -> None:
        assert self._kin is not None
        if len(rest) <= REST_BYTES_MAX and not count_foreign(chunk["choices"]):
            self._kin.keep_rest(rest, Said(tuple(ends) or None, tuple(seen)))

    def _keep_form(
        self, event: SseEvent, chunk: dict[str, Any], slot: Slot, mould: Mould, seen: list[int]
    ) -> None:
        assert self._kin is not None
        known = mould.without(self._proven.data)
        if known is None or known.size > REST_BYTES_MAX or count_foreign(chunk["choices"]) != 1:
            return
        mould.says_more = known.says_more = bool(self._render_in_full(event, ("",)))
        shapes = Shapes(outer=(), inner=_INNER)
        shapes.note(chunk, (slot,))
        least = dump(_endless(shapes.cast(slot.channel, PROBE)))
        before, _, after = least.partition(dump(PROBE))
        form = KnownForm(known, Mould(before[1:], after, slot.channel, slot.kind), tuple(seen))
        self._kin.keep_form(form)

    def _see(self, indices: Sequence[int]) -> None:
        for index in indices:
            if len(self._seen) < CHOICES_MAX:
                self._seen.add(index)

    def _joined(self, names: list[Slot]) -> tuple[Span, ...]:
        """Rule 5: names that began in an earlier event, with what these add."""
        found = []
        for slot in names:
            begun = self._names.get(slot.channel, "")
            name = self._names[slot.channel] = (begun + slot.text)[-NAME_CHARACTERS_MAX:]
            if begun:
                found.append(Span(slot.channel, name, by_meaning=False))
        return tuple(found)

    def _close(self, ends: tuple[str, ...]) -> None:
        """Rule 4. An event whose form is known is not looked at: so no such form may be known."""
        self._closed.update([name for name in self._channels if name.startswith(ends)])
        self._moulds.known = tuple(
            [mould for mould in self._moulds.known if mould.channel not in self._closed]
        )

    def _find(self, chunk: Any) -> Sequence[Slot]:
        slots: list[Slot] = []
        if type(chunk) is dict:
            find_choices(self._form, chunk, slots, slots)
        return slots

    def _note_wishes(self, body: bytes) -> None:
        value = load_object(body, depth_max=256)
        options = value.get("stream_options")
        self._wants_usage = type(options) is dict and options.get("include_usage") is True
        count = value.get("n")
        if type(count) is int:
            self._asked = set(range(min(count, CHOICES_MAX)))

    def _note_head(self, chunk: dict[str, Any]) -> None:
        if not self._began and "id" in chunk:
            self._began = True
            self._head |= {
                name: chunk[name]
                for name in _HEAD
                if name in chunk and type(chunk[name]) in _HEAD_TYPES
            }

    def _note_usage(self, usage: Any) -> None:
        if type(usage) is dict:
            self.usage = usage_of(usage, "prompt_tokens", "completion_tokens")


def _endless(chunk: dict[str, Any]) -> dict[str, Any]:
    """The event with no choice's end."""
    for choice in chunk.setdefault("choices", []):
        choice["finish_reason"] = None
    return chunk


def usage_of(usage: dict[str, Any], prompt: str, completion: str) -> Usage:
    """The counts under these names, where they are counts."""
    given = [usage.get(prompt), usage.get(completion)]
    return Usage(*[n if type(n) is int and n >= 0 else None for n in given])


def _usage_object(usage: Usage) -> dict[str, int]:
    prompt, completion = usage.prompt_tokens or 0, usage.completion_tokens or 0
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def _has_worth(choice: dict[str, Any]) -> bool:
    """Whether a choice still says anything: a text, a role, a tool call's id, its end."""
    return any(_says(item) for name, item in choice.items() if name not in ("index", "logprobs"))


def _says(value: Any) -> bool:
    if type(value) is dict:
        return any(_says(item) for name, item in value.items() if name not in ("index", "type"))
    if type(value) is list:
        return any(map(_says, value))
    return type(value) is str and value != ""
