"""What can go wrong between us and a model's server.

It refuses to know the connection: others say when, this says what and what the operator can do.

    UpstreamTrouble
      UpstreamConnect            no connection                        (Unavailable)
      UpstreamFirstByteTimeout   connected, asked, no answer          (Unavailable)
      UpstreamIdleTimeout        the answer stopped in the middle     (Unavailable)
      UpstreamTotalTimeout       the answer took too long as a whole  (Unavailable)
      UpstreamClosed             hung up before the answer was whole  (Unavailable)
      UpstreamMalformed          what came is not HTTP as we accept   (Unavailable)
      UpstreamTooLarge           what came passed a limit             (TooMuch)
      UpstreamBusy               as many connections as are allowed   (TooMuch)

Rules
1. A message names the upstream and our own settings. It never quotes what the upstream sent nor
   what we sent: either may hold the key or somebody's words.
"""

from __future__ import annotations

from licet.base.trouble import TooMuch, Trouble, Unavailable


class UpstreamTrouble(Trouble):
    """The upstream failed."""

    code = "upstream"


class UpstreamConnect(UpstreamTrouble, Unavailable):
    """The upstream accepts no connection."""

    code = "upstream_connect"


class UpstreamFirstByteTimeout(UpstreamTrouble, Unavailable):
    """The upstream did not begin to answer in time."""

    code = "upstream_timeout_first_byte"


class UpstreamIdleTimeout(UpstreamTrouble, Unavailable):
    """The upstream fell silent in the middle of an answer."""

    code = "upstream_timeout_idle"


class UpstreamTotalTimeout(UpstreamTrouble, Unavailable):
    """The upstream took too long over the whole answer."""

    code = "upstream_timeout_total"


class UpstreamClosed(UpstreamTrouble, Unavailable):
    """The connection to the upstream ended before the answer was whole."""

    code = "upstream_closed"


class UpstreamMalformed(UpstreamTrouble, Unavailable):
    """The upstream answered with something that is not acceptable HTTP."""

    code = "upstream_malformed"


class UpstreamTooLarge(UpstreamTrouble, TooMuch):
    """The upstream's answer passed a limit of size."""

    code = "upstream_too_large"


class UpstreamBusy(UpstreamTrouble, TooMuch):
    """All connections to the upstream are in use."""

    code = "upstream_busy"
