"""The errors of reading a body. (Errors are never compiled: ADR-0011.)

It refuses to know how bodies are read.
"""

from __future__ import annotations

from licet.base.trouble import BadInput


class Unreadable(BadInput):
    """This is not JSON of the form that the API asks for."""

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        self.where = where
        """Path of the fault in the body, `messages[0].role`; empty for the whole."""
        super().__init__(f"{where}: {message}" if where else message, hint=hint)


class Unlooked(BadInput):
    """An answer shows what nobody has looked at (`shown`)."""

    code = "unjudged_media"

    def __init__(self, where: str) -> None:
        super().__init__(
            f"{where}: the model answered with a picture or sound, which nobody has looked at.",
            hint="Ask for pictures and speech by their own APIs.",
        )
