"""How each family of APIs says that something went wrong. It refuses to know why it did.

Sources: OpenAI API reference, "Error codes"; Anthropic API reference, "Errors".
"""

from __future__ import annotations

from typing import Any

from licet.gateway.dialects.json_strict import dump
from licet.gateway.dialects.model import Told

_OPENAI_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}
_ANTHROPIC_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def openai_error(
    status: int, code: str, message: str, param: str | None = None, notice: Told | None = None
) -> bytes:
    """`{"error": {message, type, param, code}}`, with the `licet` object where text was stopped.

    The object stands twice: OpenAI's clients hand on only what is inside `error`.
    """
    kind = _OPENAI_TYPES.get(
        status, "invalid_request_error" if status < 500 else "server_error"
    )  # fmt: skip
    error: dict[str, Any] = {"message": message, "type": kind, "param": param, "code": code}
    return dump(_noted({"error": error}, notice))


def anthropic_error(
    status: int, code: str, message: str, param: str | None = None, notice: Told | None = None
) -> bytes:
    """`{"type": "error", "error": {type, message}}`; `code` and `param` are ours, and extra."""
    kind = _ANTHROPIC_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    error: dict[str, Any] = {"type": kind, "message": message, "code": code}
    if param is not None:
        error["param"] = param
    return dump(_noted({"type": "error", "error": error}, notice))


def _noted(body: dict[str, Any], notice: Told | None) -> dict[str, Any]:
    if notice is not None:
        body["licet"] = body["error"]["licet"] = notice.as_object()
    return body
