"""What a dialect is to the rest of the gateway.

Rules
1. Every string that a model or a user wrote is given as a text to be judged; a field that this
   dialect does not know counts as such. Ids, types, roles and numbers do not.
2. What is not text passes through untouched, unknown fields included.
3. `raw` bytes are forwarded as they came unless a text in them was cut.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

import msgspec

from licet.gateway.dialects.frames import Frame, Kind, Span
from licet.gateway.sse import SseEvent

Role = Literal["system", "user", "assistant", "tool"]


class PromptText(msgspec.Struct, frozen=True, gc=False):
    """One text of a request, judged before the upstream is called."""

    where: str
    """Path in the body, `messages[2].content[0].text`: given as `param` when it is refused."""
    role: Role
    text: str
    kind: Kind = "text"


class Picture(msgspec.Struct, frozen=True, gc=False):
    """A picture that was sent, and where: `messages[0].content[1]`, `image[0]`."""

    where: str
    data: bytes | str
    """Its bytes; or, where it stood in JSON, its base64."""


class Ask(msgspec.Struct, frozen=True):
    """A request, understood as far as judging and forwarding need."""

    model: str
    stream: bool
    texts: tuple[PromptText, ...]
    body: bytes
    """What is forwarded: the client's own bytes."""
    images: tuple[str, ...] = ()
    """Paths of parts that are not text (images, audio, files)."""
    end_user: str | None = None
    """The client's reference for its user (`safety_identifier`, `user`, `metadata.user_id`)."""
    pictures: tuple[Picture, ...] = ()
    """Pictures that are in the request itself, so that they can be looked at. What of `images` is
    not among them (sound, files, what stands elsewhere) cannot be."""
    takes_media: bool = False
    """Whether pictures and sound in the answer pass unjudged (`shown`)."""


class Told(Protocol):
    """What a person is told with an error."""

    def as_object(self) -> dict[str, Any]:
        """The `licet` object."""
        ...


class Notice(msgspec.Struct, frozen=True):
    """What a person is told when text was stopped. Goes out as the `licet` object."""

    case: str
    category: str
    rule: str
    reason: dict[str, str]
    """Plain words by language, `{"zh": …, "en": …}`."""
    appeal: str
    """Where to object: a URL that names the case."""
    where: str = ""
    """The part of the request that was refused (`messages[0].content`), if it was a prompt."""
    service: Mapping[str, str] = {}
    """The licence of the service: `licence`, `filing` and `model`, where it has one."""

    def as_object(self) -> dict[str, Any]:
        """The `licet` object of a reply, an event or an error."""
        given = {
            "case": self.case,
            "category": self.category,
            "rule": self.rule,
            "reason": self.reason,
            "appeal": self.appeal,
            **self.service,
        }
        return given | ({"where": self.where} if self.where else {})


class Usage(msgspec.Struct, frozen=True, gc=False):
    """Tokens as the upstream counted them; None where it did not say."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Reader(Protocol):
    """Reads one stream and can end it lawfully at any moment. One object for one exchange."""

    usage: Usage

    def read(self, event: SseEvent) -> Frame:
        """Understand one event. Raises BadInput where it is not of this API."""
        ...

    def render(self, frame: Frame, texts: Sequence[str]) -> bytes:
        """The frame with `texts` in place of its spans' texts (same count and order).

        May be empty where nothing of worth remains. Not called when no text was changed, unless
        `renumbers` is true.
        """
        ...

    def flush(self, channel: str, text: str) -> bytes:
        """An event that carries `text` as the next text of `channel`."""
        ...

    def halt(self, notice: Notice) -> bytes:
        """The events that end the stream lawfully: filtered, with the `licet` object, complete."""
        ...

    def fail(self, code: str, message: str) -> bytes:
        """The events that end the stream when the upstream broke off."""
        ...

    @property
    def renumbers(self) -> bool:
        """Whether events must be rendered even if unchanged. Asked anew before each is sent.

        So it is where numbers have shifted, or where the reader must know what has been sent, to
        end it lawfully: then every event that leaves passes through `render` once, in order.
        """
        ...


class Reply(Protocol):
    """A whole, non-streamed answer."""

    spans: tuple[Span, ...]
    usage: Usage

    def render(self, texts: Sequence[str], notice: Notice) -> bytes:
        """The answer, its texts cut to `texts`, marked as filtered, with the `licet` object."""
        ...


class Dialect(Protocol):
    """One API. Stateless."""

    name: str
    """`chat`, `completions`, `responses`, `messages`, `embeddings`: also the scope of a key."""
    family: Literal["openai", "anthropic"]
    path: str
    """Path below the upstream's base URL, `/chat/completions`."""

    def parse(self, body: bytes, *, json_depth_max: int) -> Ask:
        """Raises BadInput (with the place and what to send instead) for a body that is not of
        this API or nests deeper than `json_depth_max`."""
        ...

    def with_model(self, ask: Ask, model: str) -> bytes:
        """The body with another model name and nothing else changed."""
        ...

    def reader(self, ask: Ask) -> Reader: ...

    def reply(self, body: bytes) -> Reply:
        """Raises BadInput where the upstream's body is not of this API."""
        ...

    def error(
        self, status: int, code: str, message: str, param: str | None = None,
        notice: Told | None = None,
    ) -> bytes:  # fmt: skip
        """An error body in this API's own form."""
        ...
