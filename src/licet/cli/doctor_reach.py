"""What `licet doctor` asks by network: our own port, upstreams, Redis, PostgreSQL.

It refuses to know files. Rules: see `doctor_scene`.
"""

from __future__ import annotations

import contextlib
import http.client
import importlib
import json
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from licet.base.extras import to_install
from licet.base.trouble import BadInput, Unavailable
from licet.base.valkey import SCHEMES
from licet.cli.doctor_scene import WAIT_S, Finding, Scene
from licet.gateway.config import REPLAY, ServerConfig, UpstreamConfig
from licet.gateway.listening import is_strange_host
from licet.gateway.upstream_settings import UpstreamSettings, load_tls, parse_origin
from licet.ledger.connect import POSTGRES
from licet.rulebook import load_pack

ANSWER_BYTES_MAX = 64 << 10


def check_port(scene: Scene) -> Finding:
    """The port is free, or a gateway of ours answers there and is ready."""
    server = scene.config.server if scene.config else ServerConfig()
    if server.port == 0:
        return Finding("ok", "any free one, chosen at start")
    place = f"{server.host}:{server.port}"
    near = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(server.host, server.host)  # noqa: S104
    try:
        status, answer = _get_json(near, server.port, "/readyz")
    except ConnectionRefusedError:
        return _try_to_bind(server.host, server.port, place)
    except (OSError, http.client.HTTPException, ValueError):
        status, answer = 0, None
    if not isinstance(answer, dict) or answer.get("status") not in {"ready", "not ready"}:
        return Finding("bad", f"something else listens on {place}", "Choose another with --port.")
    if status != http.client.OK:
        lacks = ", ".join(map(str, answer.get("missing", ())))
        return Finding(
            "bad", f"a gateway runs on {place}, not ready: {lacks}", "Read what it printed."
        )
    return Finding("ok", f"a gateway runs on {place}, ready")


def check_limits(scene: Scene) -> Finding:
    """The server that counts for the limits answers, where one is configured."""
    if scene.config is None or scene.config.limits.url == "memory:":
        return Finding("ok", "counted in the gateway itself")
    return _ask_redis(scene.config.limits.url, "[limits]", scene.config.limits.when_down)


def check_minors(scene: Scene) -> Finding:
    """The store in which minors are counted answers, and the pack has the profile."""
    settings = scene.config.minors if scene.config else None
    if scene.config is None or settings is None:
        return Finding("ok", "nobody's time is counted")
    known = load_pack(scene.config.guard.pack).minors.profiles
    if settings.profile not in known:
        return Finding("bad", f"the pack has no profile {settings.profile!r}",
                       f"[minors] profile is one of: {', '.join(known)}.")  # fmt: skip
    real_name = settings.real_name
    if real_name is not None and not scene.environ.get(real_name.secret_env):
        return Finding("warn", f"{real_name.secret_env} is not set in this shell",
                       f"Where the gateway runs: export {real_name.secret_env}=…")  # fmt: skip
    if settings.url.startswith(POSTGRES):
        ask_postgres(settings.url)
        return Finding("ok", f"{settings.profile}; PostgreSQL answers")
    if settings.url.startswith(SCHEMES):
        return _ask_redis(settings.url, "[minors]", settings.when_down)
    if settings.url == "memory:":
        return Finding("warn", "counts outlive no restart", "Write [minors] url = sqlite:PATH.")
    return Finding("ok", f"{settings.profile}; counted by one gateway")


def _ask_redis(address: str, table: str, when_down: str) -> Finding:
    """Whether the server of a store answers. `table` is that of the configuration."""
    try:
        redis = importlib.import_module("redis")
    except ImportError:
        return Finding("bad", "its client is not installed", to_install("redis"))
    url = address.replace("valkeys://", "rediss://", 1)
    url = url.replace("valkey://", "redis://", 1)
    try:
        client = redis.Redis.from_url(
            url, socket_timeout=WAIT_S, socket_connect_timeout=WAIT_S,
            retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
        )  # fmt: skip
    except ValueError:  # it quotes the URL, which may hold a password
        return Finding("bad", f"{table} url cannot be read", "Write redis://host:6379/0.")
    try:
        client.ping()
    except redis.RedisError as error:
        said = f"Redis does not answer ({type(error).__name__}); then: {when_down}"
        return Finding("bad", said, f"Check that it runs, and {table} url.")
    finally:
        client.close()
    return Finding("ok", "Redis answers")


def check_upstreams(scene: Scene) -> Finding:
    """Every upstream can be reached; the worst of them is what is found."""
    upstreams = scene.config.upstream if scene.config else ()
    if not upstreams:
        return Finding("ok", "none is configured yet")
    with ThreadPoolExecutor(max_workers=8) as pool:
        found = list(pool.map(lambda upstream: check_upstream(upstream, scene), upstreams))
    worst = max(found, key=lambda finding: ("ok", "warn", "bad").index(finding.state))
    said = [f"{each.name}: {one.said}" for each, one in zip(upstreams, found, strict=True)]
    return Finding(worst.state, "; ".join(said), worst.hint)


def check_upstream(upstream: UpstreamConfig, scene: Scene) -> Finding:
    """A connection to the model server opens, and its certificate holds; nothing is asked."""
    if upstream.url == REPLAY:
        return Finding("ok", "built in: it recites, with no model behind it")
    settings = UpstreamSettings(
        name=upstream.name, base_url=upstream.url, ca_file=upstream.ca_file
    )
    try:
        origin, tls = parse_origin(settings), load_tls(settings)
    except BadInput as fault:
        return Finding("bad", fault.message, fault.hint)
    try:
        with contextlib.ExitStack() as stack:
            connection = stack.enter_context(
                socket.create_connection((origin.host, origin.port), timeout=WAIT_S)
            )
            if tls is not None:
                stack.enter_context(tls.wrap_socket(connection, server_hostname=origin.host))
    except OSError as error:
        return Finding("bad", f"{origin.host}:{origin.port} cannot be reached: {error}",
                       "Check its url, this machine's network and the certificate.")  # fmt: skip
    if upstream.key_env is not None and not scene.environ.get(upstream.key_env):
        return Finding("warn", f"reachable, but {upstream.key_env} is not set in this shell",
                       f"Where the gateway runs: export {upstream.key_env}=…")  # fmt: skip
    return Finding("ok", f"{origin.host}:{origin.port} {'by TLS' if tls else 'without TLS'}")


def _get_json(host: str, port: int, path: str) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(host, port, timeout=WAIT_S)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read(ANSWER_BYTES_MAX))
    finally:
        connection.close()


def _try_to_bind(host: str, port: int, place: str) -> Finding:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        fix = (
            "Name an address of this machine."
            if is_strange_host(error)
            else "Choose another port."
        )
        return Finding("bad", f"{place} cannot be had: {error.strerror}", fix)
    return Finding("ok", f"{place} is free")


def ask_postgres(url: str) -> None:
    """Raises Unavailable where it does not answer, and says nothing of the URL (rule 3)."""
    try:
        psycopg = importlib.import_module("psycopg")
    except ImportError:
        raise Unavailable(
            "the driver of PostgreSQL is not installed.",
            hint=to_install("postgres"),
        ) from None
    try:
        with psycopg.connect(url, connect_timeout=int(WAIT_S)) as connection:
            connection.execute("SELECT 1")
    except psycopg.Error as error:
        raise Unavailable(
            f"PostgreSQL does not answer ({type(error).__name__}).",
            hint="Check that it runs, and [keys] url.",
        ) from None
