"""Who is measured: how each gateway is installed, configured and started before one mock upstream.

    direct   the mock itself, nothing between
    nginx    proxy_pass, guards nothing: the limit
    uvicorn  a proxy of eighty lines, guards nothing: what Python costs by itself
    licet    ours, with ten thousand rules and everything on
    litellm  its proxy with its built-in content filter, in an environment of its own

Rules
1. A contender that is not installed is a value (Absent), never an error.
2. Each gets the configuration its own documentation recommends for this work, one worker.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from procs import free_port
from rules import literals, rule_file
from texts import FORBIDDEN

HERE = Path(__file__).resolve().parent
PEERS = HERE / ".peers"
WIDE_LIMIT = "1000000000"  # so that limits are reckoned with, and never reached


@dataclass(frozen=True, slots=True)
class Contender:
    """A gateway that can be started; without a command, an address that answers already."""

    name: str
    url: str  # of /v1/chat/completions
    key: str = "none"
    argv: Sequence[str] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    phrases: int = 0  # that it guards against
    start_s: float = 20.0  # how long it may take to start


@dataclass(frozen=True, slots=True)
class Absent:
    """A gateway that cannot be measured here, and what to do about it."""

    name: str
    why: str


Found = Contender | Absent


def chat(port: int) -> str:
    """The address that all of them serve."""
    return f"http://127.0.0.1:{port}/v1/chat/completions"


def direct(mock_port: int) -> Found:
    """Nothing between client and upstream."""
    return Contender("direct", chat(mock_port))


def nginx(mock_port: int, work: Path) -> Found:
    """The limit: it forwards and looks at nothing."""
    binary = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if binary is None:
        return Absent("nginx", "not installed: apt-get install nginx-light")
    port = free_port()
    folder = work / "nginx"
    folder.mkdir()
    template = (HERE / "peers/nginx.conf").read_text(encoding="utf-8")
    filled = template.replace("@LISTEN@", str(port)).replace("@MOCK@", str(mock_port))
    (folder / "nginx.conf").write_text(filled, encoding="utf-8")
    argv = [binary, "-p", f"{folder}/", "-c", "nginx.conf", "-e", "error.log"]
    return Contender("nginx", chat(port), argv=argv)


def uvicorn(mock_port: int) -> Found:
    """The server that ours runs on, and nothing else."""
    port = free_port()
    argv = [sys.executable, str(HERE / "peers/bare_uvicorn.py")]
    argv += ["--port", str(port), "--mock", str(mock_port)]
    return Contender("uvicorn", chat(port), argv=argv)


def licet(mock_port: int, work: Path, count: int, forbidden: bool = False) -> Found:
    """Ours: rules, classifier, keys, licence, metrics and ledger on; the portal is no gateway."""
    binary = Path(sys.executable).with_name("licet")
    if not binary.exists():
        return Absent("licet", "not installed: make test")
    home, rules, port = work / "licet", work / "rules.toml", free_port()
    phrases = literals(count) + (list(FORBIDDEN.values()) if forbidden else [])
    rules.write_text("".join(rule_file(phrases)), encoding="utf-8")
    key = [binary, "keys", "create", "--name", "bench", "--json", "--home", home]
    key += ["--rate", WIDE_LIMIT, "--concurrency", WIDE_LIMIT]
    made = subprocess.run(key, capture_output=True, text=True)
    if made.returncode:
        return Absent("licet", f"keys create failed: {made.stderr.strip()[-300:]}")
    argv = [str(binary), "up", "--home", str(home), "--port", str(port), "--rules", str(rules)]
    argv += ["--upstream", f"http://127.0.0.1:{mock_port}/v1", "--quiet", "--no-portal"]
    secret = json.loads(made.stdout)["key"]
    return Contender("licet", chat(port), secret, argv, phrases=len(phrases))


def litellm(mock_port: int, work: Path, count: int, install: bool) -> Found:
    """The peer, guarding the forbidden phrases and so many more."""
    phrases = [*FORBIDDEN.values(), *literals(count)][: max(2, count)]
    name = f"litellm {len(phrases):,}"
    binary = PEERS / "litellm/bin/litellm"
    if not binary.exists() and (why := _install_litellm(install)):
        return Absent(name, why)
    port = free_port()
    words = "".join(
        f"        - {{keyword: {json.dumps(phrase)}, action: BLOCK}}\n" for phrase in phrases
    )
    config = work / f"litellm-{len(phrases)}.yaml"
    template = (HERE / "peers/litellm.yaml").read_text(encoding="utf-8")
    config.write_text(template.replace("@MOCK@", str(mock_port)) + words, encoding="utf-8")
    argv = [str(binary), "--config", str(config), "--port", str(port), "--host", "127.0.0.1"]
    env = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
    key = "sk-bench"
    return Contender(name, chat(port), key, argv, env, phrases=len(phrases), start_s=180)


def _install_litellm(wanted: bool) -> str:
    """Make its environment; the answer is why it could not be, or empty."""
    uv = subprocess.run([HERE.parent / "scripts/bootstrap"], capture_output=True, text=True)
    if not wanted:
        return "not installed, and --no-install was given"
    if uv.returncode:
        return f"not installed: {uv.stderr.strip()[-300:]}"
    tool, home = uv.stdout.strip(), PEERS / "litellm"
    print("installing LiteLLM into bench/.peers/litellm ...", file=sys.stderr, flush=True)
    surroundings = dict(os.environ, VIRTUAL_ENV=str(home))
    for argv in (
        [tool, "venv", "--quiet", "--clear", str(home)],
        [tool, "pip", "install", "--quiet", "--compile-bytecode", "litellm[proxy]"],
    ):
        try:
            subprocess.run(
                argv, env=surroundings, check=True, capture_output=True, text=True, timeout=900
            )
        except subprocess.CalledProcessError as error:
            shutil.rmtree(home, ignore_errors=True)
            return f"not installed: {error.stderr.strip()[-300:]}"
        except subprocess.TimeoutExpired:
            shutil.rmtree(home, ignore_errors=True)
            return "not installed: the registry was too slow"
    return ""
