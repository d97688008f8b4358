"""The one error of reading a body. (Errors are never compiled: ADR-0011.)

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
