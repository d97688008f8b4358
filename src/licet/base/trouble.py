"""The one tree of errors.

It refuses to know HTTP status, exit codes and languages: rims map `code` to those.

    Trouble                    the world is not as it should be; carries a code and a hint
      BadInput                 what was given cannot be used
      NotFound                 what was named does not exist
      NotAllowed               the caller may not do this
      TooMuch                  a limit was reached
      Unavailable              something that we depend on does not answer
      Corrupt                  stored evidence contradicts itself
      Conflict                 somebody else was there first

Rules
1. A lawful "no" is a value (a verdict, a refusal), never a Trouble.
2. The class docstring is the default message; `hint` tells the one who can act what to do next.
3. A broken belief of ours is a plain exception and crashes.
4. As one text, message and hint are two sentences, also where the message ends none.
"""

from __future__ import annotations

_ENDS = (".", "?", "!", "…", "。", "？", "！", ".)", "。）")


class Trouble(Exception):
    """Something outside our control went wrong."""

    code = "trouble"

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        self.message = message or (type(self).__doc__ or "").splitlines()[0]
        self.hint = hint
        super().__init__(self.message)

    def __str__(self) -> str:
        unended = self.message and self.hint and not self.message.endswith(_ENDS)
        return f"{self.message}{'.' if unended else ''} {self.hint}".strip()


class BadInput(Trouble):
    """The input cannot be used."""

    code = "bad_input"


class NotFound(Trouble):
    """There is no such thing."""

    code = "not_found"


class NotAllowed(Trouble):
    """This is not allowed."""

    code = "not_allowed"


class TooMuch(Trouble):
    """A limit was reached."""

    code = "too_much"


class Unavailable(Trouble):
    """Something that is needed does not answer."""

    code = "unavailable"


class Corrupt(Trouble):
    """Stored evidence contradicts itself."""

    code = "corrupt"


class Conflict(Trouble):
    """Somebody else was there first."""

    code = "conflict"
