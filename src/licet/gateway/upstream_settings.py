"""What an operator says about one upstream, checked once, before the first byte goes out.

It refuses to know connections and configuration files: it holds values and reads one file, the CA.

Rules
1. The key is a Secret: it shows itself to `reveal` alone, never to repr, str, pickle or an error.
2. TLS always checks the certificate and the host's name; there is no setting that turns it off.
3. Headers that frame a message or carry credentials are ours: a client's own are dropped, so that
   neither its key for us nor a second length reaches the upstream.
"""

from __future__ import annotations

import hmac
import re
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn
from urllib.parse import urlsplit

from licet.base.trouble import BadInput

KeyForm = Literal["bearer", "x-api-key", "api-key", "none"]
"""How the key travels: `authorization: Bearer` (OpenAI), `x-api-key` (Anthropic), `api-key`."""

FRAMING_HEADERS = frozenset(
    b"host connection keep-alive proxy-connection te trailer transfer-encoding upgrade expect"
    b" content-length accept-encoding".split()
)
OUR_HEADERS = FRAMING_HEADERS | frozenset(
    b"authorization x-api-key api-key proxy-authorization cookie user-agent".split()
)
HEADER_NAME = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(rb"[\x20-\x7e\x80-\xff\t]*")
_KEY = re.compile(r"[\x21-\x7e]+")


class Secret:
    """A text that is shown only to those who ask for it by `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself. Whoever calls this answers for where it goes."""
        return self._text

    def stands_in(self, text: str) -> bool:
        """Whether a text holds this one."""
        return self._text in text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        mine, theirs = (
            text.encode(errors="surrogateescape") for text in (self._text, other._text)
        )
        return hmac.compare_digest(mine, theirs)

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not written down")


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an upstream is. `host_header` is as HTTP wants it; `prefix` goes before every path."""

    tls: bool
    host: str
    port: int
    host_header: bytes
    prefix: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamSettings:
    """One upstream. Raises BadInput, and never quotes the key or a header's value.

    `base_url`: `http(s)://host[:port][/prefix]`; a request's path is added to the prefix.
    `key_form`: how the key travels unless a request says otherwise.
    `connect_s`: for a place in the pool, and again for name, TCP and TLS.
    `first_byte_s`: from the request to the end of the answer's head.
    `idle_s`: between two reads of the body; time in which we do not read does not count.
    `total_s`: from the request to the end of the answer.
    `pool_max`: connections open at once, in use or waiting; `queue_max`: requests waiting for one.
    `pool_idle_s`, `pool_age_s`: an unused, an old connection is closed rather than used again.
    `head_bytes_max`: of a status line with all headers, and of all framing without content.
    `buffer_bytes_max`: of answer unread, as on the wire; past it we stop reading from the socket.
    `ca_file`: PEM authorities that replace the system's; `tls` replaces both by a whole context.
    """

    name: str
    base_url: str
    key: Secret | None = None
    key_form: KeyForm = "bearer"
    connect_s: float = 5.0
    first_byte_s: float = 120.0
    idle_s: float = 60.0
    total_s: float = 900.0
    pool_max: int = 4096
    queue_max: int = 1024
    pool_idle_s: float = 15.0
    pool_age_s: float = 600.0
    head_bytes_max: int = 64 << 10
    buffer_bytes_max: int = 256 << 10
    ca_file: Path | None = None
    tls: ssl.SSLContext | None = field(default=None, repr=False, compare=False)
    extra_headers: tuple[tuple[bytes, bytes], ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for limit in (
            *("connect_s", "first_byte_s", "idle_s", "total_s", "pool_idle_s", "pool_age_s"),
            *("pool_max", "head_bytes_max", "buffer_bytes_max"),
        ):
            if not getattr(self, limit) > 0:
                raise BadInput(f"upstream {self.name}: {limit} must be more than 0")
        origin = parse_origin(self)
        if self.key is not None and not _KEY.fullmatch(self.key.reveal()):
            raise BadInput(
                f"upstream {self.name}: the key is empty or holds a space or a control character",
                hint="look for a line end or a quotation mark in the variable that holds it",
            )
        for name, value in self.extra_headers:
            if name.lower() in FRAMING_HEADERS or not HEADER_NAME.fullmatch(name):
                raise BadInput(f"upstream {self.name}: the extra header {name!r} cannot be set")
            if not _HEADER_VALUE.fullmatch(value):
                raise BadInput(f"upstream {self.name}: the value of {name!r} is no header value")
        if not origin.tls and (self.ca_file or self.tls):
            raise BadInput(
                f"upstream {self.name}: an authority is given for TLS but the URL is plain http",
                hint="write https in the URL, or take ca_file out",
            )
        if self.tls and not (
            self.tls.check_hostname and self.tls.verify_mode == ssl.CERT_REQUIRED
        ):
            raise BadInput(f"upstream {self.name}: the TLS context does not check who answers")


def parse_origin(settings: UpstreamSettings) -> Origin:
    """The origin that `base_url` names. Raises BadInput, without quoting it: it may hold a key."""
    problem = f"upstream {settings.name}: the URL "
    try:
        parts = urlsplit(settings.base_url)
        port = parts.port
        (parts.hostname or "").encode("idna")  # as the loop will, to look it up
    except ValueError:
        raise BadInput(problem + "cannot be read") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadInput(problem + "is not of the form http(s)://host[:port][/path]")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise BadInput(
            problem + "holds a user, a query or a fragment",
            hint="give the key by the environment variable that key_env names",
        )
    if not settings.base_url.isascii() or re.search(r"[\x00-\x20\x7f]", settings.base_url):
        raise BadInput(problem + "holds a character that a URL cannot hold")
    return Origin(
        tls=parts.scheme == "https",
        host=parts.hostname,
        port=port or (443 if parts.scheme == "https" else 80),
        host_header=parts.netloc.encode(),
        prefix=parts.path.rstrip("/").encode(),
    )


def load_tls(settings: UpstreamSettings) -> ssl.SSLContext | None:
    """The context for https, None for http. Raises BadInput where the CA cannot be read."""
    if not parse_origin(settings).tls:
        return None
    if settings.tls is not None:
        return settings.tls
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise BadInput(
            f"upstream {settings.name}: ca_file cannot be read as PEM certificates",
            hint="it must name a readable file of one or more CERTIFICATE blocks",
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    return context


def render_fixed_head(settings: UpstreamSettings, form: KeyForm) -> bytes:
    """The header lines that every request of this form begins with, the key's among them."""
    lines = [
        (b"host", parse_origin(settings).host_header),
        (b"user-agent", b"licet"),
        (b"accept-encoding", b"identity"),
        *settings.extra_headers,
    ]
    if settings.key is not None and form != "none":
        key = settings.key.reveal().encode()
        lines.append(
            (b"authorization", b"Bearer " + key) if form == "bearer" else (form.encode(), key)
        )
    return b"".join(b"%b: %b\r\n" % line for line in lines)
