"""A post office for tests: letters are kept, or refused for as long as it is closed."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from typing import Any, ClassVar

from django.core.mail.backends.base import BaseEmailBackend

BACKEND = f"{__name__}.Office"


class Office(BaseEmailBackend):
    """Django's way of sending, without a server."""

    closed: ClassVar[bool] = False
    kept: ClassVar[list[Any]] = []

    def send_messages(self, messages: Sequence[Any]) -> int:
        if Office.closed:
            raise smtplib.SMTPServerDisconnected("closed")
        Office.kept += messages
        return len(messages)
