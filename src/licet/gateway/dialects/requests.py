"""What the requests of all APIs have in common. It refuses to know what each calls its texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from licet.gateway.dialects.json_strict import kind_of, load_object, with_member
from licet.gateway.dialects.json_texts import PromptTexts
from licet.gateway.dialects.model import Ask, Role
from licet.gateway.dialects.unreadable import Unreadable

_SCALARS: Final = frozenset({int, float, bool, type(None)})
_USERS: Final = frozenset({"safety_identifier", "user", "metadata"})


def open_request(body: bytes, json_depth_max: int) -> tuple[dict[str, Any], str, bool]:
    """The decoded body, the model's name, and whether a stream is asked for.

    Raises Unreadable where the body is no object, or either is missing or of the wrong type.
    """
    value = load_object(body, depth_max=json_depth_max)
    model = value.get("model")
    if type(model) is not str or not model:
        raise missing(value, "model", "a model's name", '"model": "gpt-4o-mini"')
    stream = value.get("stream")
    if stream is not None and type(stream) is not bool:
        raise wrong(stream, "stream", "true or false")
    return value, model, bool(stream)


def ask_of(value: dict[str, Any], stream: bool, body: bytes, found: PromptTexts) -> Ask:
    """The request, of which everything was found. Where a picture or sound is to be made in a
    conversation, nobody would look at it or label it: that counts as a part that is no text."""
    return Ask(
        value["model"], stream, tuple(found.texts), body, (*found.images, *_to_be_made(value)),
        end_user_of(value), tuple(found.pictures),
    )  # fmt: skip


def _to_be_made(value: dict[str, Any]) -> Iterator[str]:
    """Where a request asks for pictures or sound."""
    if value.get("modalities") not in (None, [], ["text"]):
        yield "modalities"
    if type(value.get("audio")) is dict:
        yield "audio"
    tools = value.get("tools")
    for at, tool in enumerate(tools if type(tools) is list else ()):
        if type(tool) is dict and str(tool.get("type")).startswith("image_generation"):
            yield f"tools[{at}]"


def walk_rest(
    value: dict[str, Any], known: frozenset[str], roles: dict[str, Role], found: PromptTexts
) -> None:
    """The texts of all members of the body but `known`; `roles` says who writes which."""
    for name, item in value.items():
        if type(item) not in _SCALARS and name not in known:
            found.member(value, name, "", roles.get(name, "user"))


def walk_inputs(value: Any, where: str, found: PromptTexts, *, messages: bool = False) -> None:
    """The texts of a `prompt` or `input`: one text or a list of them. `messages`: its items may
    be messages, which say who wrote them; of any other item nobody but the user did.

    Raises Unreadable for tokens: what they say depends on a vocabulary that only the model has.
    """
    if type(value) is list:
        for at, item in enumerate(value):
            if type(item) is list or type(item) is int:
                raise Unreadable(
                    "a list of tokens cannot be judged", where=where, hint="Send the text itself."
                )
            if type(item) is not str and type(item) is not dict:
                raise wrong(item, f"{where}[{at}]", "a string")
    elif type(value) is not str:
        raise wrong(value, where, "a string or a list of strings")
    found.walk(value, where, "user", shown=True, within=not messages)


def walk_messages(messages: Any, where: str, found: PromptTexts) -> None:
    """The texts of a conversation: each an object with `role` and `content`."""
    if type(messages) is not list or not messages:
        raise wrong(messages, where, "a list of at least one message")
    for at, message in enumerate(messages):
        place = f"{where}[{at}]"
        if type(message) is not dict:
            raise wrong(message, place, "an object with role and content")
        if type(message.get("role")) is not str:
            raise missing(message, "role", "the writer's role", '"role": "user"', place)
        content = message.get("content")
        if content is not None and type(content) not in (str, list):
            raise wrong(content, f"{place}.content", "a string or a list of parts")
        found.walk(message, place, "user", shown=True)


def end_user_of(value: dict[str, Any]) -> str | None:
    """The client's reference for the person it serves, where it gives one."""
    if _USERS.isdisjoint(value):
        return None
    metadata = value.get("metadata")
    inner = metadata.get("user_id") if type(metadata) is dict else None
    for given in (value.get("safety_identifier"), value.get("user"), inner):
        if type(given) is str and given:
            return given
    return None


def body_with_model(ask: Ask, model: str) -> bytes:
    """The body with another model's name, and every other byte as it was."""
    return ask.body if model == ask.model else with_member(ask.body, "model", model)


def missing(
    holder: dict[str, Any], name: str, what: str, example: str, where: str = ""
) -> Unreadable:
    """The error for a member that is absent or of the wrong type."""
    place = f"{where}.{name}" if where else name
    if name in holder:
        return Unreadable(f"expected {what}, not {_shown(holder[name])}", where=place)
    return Unreadable(f"{what} is missing", where=place, hint=f"Add {example}.")


def wrong(value: Any, where: str, wanted: str) -> Unreadable:
    """The error for a value of the wrong type."""
    return Unreadable(
        f"expected {wanted}, not {_shown(value)}", where=where, hint=f"Send {wanted}."
    )


def _shown(value: Any) -> str:
    if value in ("", []):
        return "an empty " + kind_of(value).split()[-1]
    return kind_of(value)
