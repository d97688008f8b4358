"""What an operator sets: one TOML file, read once, strictly, into frozen values.

The fields below are the settings; docs/configuration.md explains each, and a test compares them.

It refuses to know what obeys a setting, and numbers of law: those come from the rulebook's pack.

Rules
1. No secret stands in the file but in URLs of stores, and those are in no repr: an upstream's key
   is in the environment variable that `key_env` names, and is read by `upstream_settings` alone.
2. What happens when a judge fails has no default (`guard.on_judge_failure`).
3. The whole file is checked before anything starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal

from licet.base.tomlsource import TomlSource
from licet.base.trouble import BadInput, NotFound
from licet.gateway.config_judge import EncoderConfig, JudgeConfig, check_judges
from licet.gateway.config_labels import LabelsConfig
from licet.gateway.config_measures import MeasuresConfig
from licet.gateway.config_media import MediaConfig, check_media
from licet.gateway.config_minors import MinorsConfig
from licet.gateway.config_read import Between, Matching, StoreAt, TableReader
from licet.gateway.config_values import Count, EnvName, Limit, Name, Seconds, WebUrl
from licet.gateway.upstream_settings import Secret, UpstreamSettings
from licet.guard.doubt import Doubt

Dialect = Literal["openai", "anthropic"]
OnFailure = Literal["hold", "halt", "pass"]

_OF_CASE = r"https?://\S*\{case\}\S*"
REPLAY = "replay:"
"""The url of the built-in upstream that answers from a shelf, with no model and no network."""


@dataclass(frozen=True, slots=True)
class ServerConfig:
    """[server]: where we listen and how much we take in."""

    host: Annotated[str, Matching(r"[^\s/]+", '"127.0.0.1"')] = "127.0.0.1"
    port: Annotated[int, Between(0, 65_535)] = 8080
    body_bytes_max: Annotated[int, Between(1024, 1 << 30)] = 8 << 20
    json_depth_max: Annotated[int, Between(4, 500)] = 64
    head_bytes_max: Annotated[int, Between(1024, 1 << 20)] = 32 << 10
    headers_max: Annotated[int, Between(8, 1000)] = 100
    drain_s: Annotated[float, Between(0, 3600)] = 30.0
    repeat_s: Annotated[float, Between(0, 86_400)] = 600.0


@dataclass(frozen=True, slots=True)
class UpstreamConfig:
    """[[upstream]]: one model server. Waits are those of UpstreamSettings."""

    name: Name
    url: Annotated[str, Matching(r"replay:|https?://[^\s@]+", '"http://127.0.0.1:9000/v1"')]
    key_env: EnvName | None = None
    key_form: Literal["bearer", "x-api-key", "api-key"] = "bearer"
    dialects: tuple[Dialect, ...] = ("openai",)
    connect_s: Seconds = 5.0
    first_byte_s: Seconds = 120.0
    idle_s: Seconds = 60.0
    total_s: Seconds = 900.0
    pool_max: Count = 4096
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """[models]: what a client's model name means; `model` is the upstream's own name for it."""

    upstream: Name
    model: Annotated[str, Matching(r"\S.*", '"qwen3-32b"')] | None = None


@dataclass(frozen=True, slots=True)
class JudgeFailure:
    """[guard.on_judge_failure]: by tier, what is done when a judge fails or is late. No default.

    `hold` keeps the text back and asks again, for the upstream's `idle_s` at most, `halt` ends the
    exchange as if the text were unlawful, `pass` lets the text out unjudged and records that.
    """

    token: OnFailure
    clause: OnFailure
    whole: OnFailure


@dataclass(frozen=True, slots=True)
class GuardConfig:
    """[guard]: by which pack and rules text is judged. `tier` overrides the pack's."""

    on_judge_failure: JudgeFailure
    pack: Name = "cn-genai-2023"
    rules: tuple[Path, ...] = ()
    tier: Literal["token", "clause", "whole"] | None = None
    audience: Literal["default", "minor"] = "default"
    images: Literal["judge", "pass", "refuse"] = "refuse"
    unlooked: Literal["pass", "refuse"] | None = None
    encoder: EncoderConfig | None = None
    judge: tuple[JudgeConfig, ...] = ()

    @property
    def doubt(self) -> Doubt | None:
        """When anybody is asked behind the classifier: where any of them is; None without any."""
        bands = [band for judge in self.judge for band in judge.doubt.bands]
        bands += self.encoder.doubt.bands if self.encoder is not None else ()
        return Doubt(tuple(bands)) if bands else None


@dataclass(frozen=True, slots=True)
class LicenceConfig:
    """[licence]: the licence to serve the public, the key that it is bound to, and whose
    signature counts. Without this table nobody is served (but by `--lab`, this machine)."""

    token_file: Path
    key_file: Path
    authority_keys: Path
    public_url: WebUrl
    ca_file: Path | None = None
    authority_home: Path | None = None


@dataclass(frozen=True, slots=True)
class LedgerConfig:
    """[ledger]: where decisions are recorded, and under which name and key."""

    url: Annotated[str, StoreAt(("sqlite:", "postgresql://", "postgres://"))] = field(repr=False)
    origin: Annotated[str, Matching(r"[^\s+]{1,200}", '"gateway.example.cn/licet"')]
    key_file: Path


@dataclass(frozen=True, slots=True)
class KeysConfig:
    """[keys]: where API keys are kept; `stale_s` without an answer from there ends serving."""

    url: Annotated[str, StoreAt(("sqlite:", "postgresql://", "postgres://"))] = field(repr=False)
    stale_s: Annotated[float, Between(1, 86_400)] = 60.0


@dataclass(frozen=True, slots=True)
class LimitsConfig:
    """[limits]: where requests are counted, and the limits of keys that have none of their own."""

    url: Annotated[
        str, StoreAt(("memory:", "redis://", "rediss://", "valkey://", "valkeys://"))
    ] = field(default="memory:", repr=False)
    when_down: Literal["refuse", "local"] = "refuse"
    lease_s: Seconds = 1200.0
    rate_per_minute: Limit = 0
    concurrency_max: Limit = 0


@dataclass(frozen=True, slots=True)
class AppealConfig:
    """[appeal]: the link that a halted client is given; `{case}` becomes the case number.

    `desk_url`: where people answer objections; the page of a case then sends people there instead
    of taking their words itself. `{lang}` becomes the page's language.
    """

    url: Annotated[str, Matching(_OF_CASE, '"https://example.cn/appeal/{case}"')]
    desk_url: (
        Annotated[
            str, Matching(_OF_CASE, '"https://portal.example.cn/{lang}/complaint/?case={case}"')
        ]
        | None
    ) = None


@dataclass(frozen=True, slots=True)
class TelemetryConfig:
    """[telemetry]: /metrics, and spans by OTLP. Text of prompts and answers is in neither."""

    metrics: bool = True
    otlp_url: WebUrl | None = None
    service_name: Annotated[str, Matching(r"\S{1,100}", '"licet"')] = "licet"


@dataclass(frozen=True, slots=True)
class Config:
    """The whole file. `default_upstream` serves every model that [models] does not name."""

    upstream: tuple[UpstreamConfig, ...]
    guard: GuardConfig
    ledger: LedgerConfig
    keys: KeysConfig
    appeal: AppealConfig
    default_upstream: Name | None = None
    server: ServerConfig = ServerConfig()
    models: Mapping[str, ModelConfig] = field(default_factory=lambda: MappingProxyType({}))
    licence: LicenceConfig | None = None
    minors: MinorsConfig | None = None
    media: MediaConfig | None = None
    measures: MeasuresConfig | None = None
    labels: LabelsConfig | None = None
    limits: LimitsConfig = LimitsConfig()
    telemetry: TelemetryConfig = TelemetryConfig()

    def find_upstream(self, name: str) -> UpstreamConfig:
        """The upstream of that name. Raises NotFound; a loaded file names only those it has."""
        for upstream in self.upstream:
            if upstream.name == name:
                return upstream
        raise NotFound(f"there is no upstream {name!r}.")


def load_config(path: Path) -> Config:
    """The settings in the file at `path`. Raises BadInput with file, line, cause and remedy."""
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path}: byte {error.start + 1} is not UTF-8.", hint="Save the file as UTF-8."
        ) from None
    except FileNotFoundError as error:
        raise BadInput(
            f"{path} cannot be read: {error.strerror}.", hint="`licet up` writes a first one."
        ) from None
    except OSError as error:
        raise BadInput(
            f"{path} cannot be read: {error.strerror}.", hint="Check its owner and rights."
        ) from None
    return parse_config(text, str(path), path.absolute().parent)


def parse_config(text: str, name: str, folder: Path) -> Config:
    """The settings in `text`; `name` stands in refusals, relative paths start at `folder`."""
    source = TomlSource(name, text.removeprefix("\ufeff"))
    reader = TableReader(source, folder)
    config = reader.read(Config, source.parse())
    _check_upstreams(config, reader)
    _check_models(config, reader)
    check_judges(config.guard.judge, reader)
    check_media(config.media, reader)
    _check_images(config, reader)
    longest_s = max(upstream.total_s for upstream in config.upstream)
    if config.limits.url != "memory:" and config.limits.lease_s <= longest_s:
        reader.refuse(
            ("limits", "lease_s"),
            f"ends before an exchange may ({longest_s:g} s)",
            "Make it longer than every upstream's total_s, or counts will be too low.",
        )
    return config


def upstream_settings(upstream: UpstreamConfig, environ: Mapping[str, str]) -> UpstreamSettings:
    """What the client of that upstream needs, with the key from the environment.

    Raises BadInput where the variable is not set; no message repeats its value.
    """
    key = None
    if upstream.key_env is not None:
        text = environ.get(upstream.key_env, "")
        if not text:
            raise BadInput(
                f"upstream {upstream.name}: the environment variable {upstream.key_env} is empty.",
                hint=f"Set it: export {upstream.key_env}=…",
            )
        key = Secret(text)
    return UpstreamSettings(
        name=upstream.name,
        base_url=upstream.url,
        key=key,
        key_form=upstream.key_form,
        connect_s=upstream.connect_s,
        first_byte_s=upstream.first_byte_s,
        idle_s=upstream.idle_s,
        total_s=upstream.total_s,
        pool_max=upstream.pool_max,
        ca_file=upstream.ca_file,
    )


def _check_images(config: Config, reader: TableReader) -> None:
    """`images = "judge"` needs somebody who looks, and a word on what nobody can look at."""
    guard = config.guard
    if guard.images != "judge":
        if guard.unlooked is not None:
            hint = 'Leave it out: without images = "judge", all parts that are no text go one way.'
            reader.refuse(("guard", "unlooked"), f'says nothing beside "{guard.images}"', hint)
        return
    if config.media is None:
        hint = "Add the table [media]: it says who looks at pictures."
        reader.refuse(("guard", "images"), "has nobody to judge them", hint)
    if guard.unlooked is None:
        hint = 'Write "refuse", or "pass" if you answer for what nobody saw.'
        problem = "is required: sound, files, and pictures that lie elsewhere cannot be judged"
        reader.refuse(("guard", "unlooked"), problem, hint)


def _check_upstreams(config: Config, reader: TableReader) -> None:
    if not config.upstream:
        reader.refuse(("upstream",), "is empty", "Name at least one [[upstream]].")
    seen: set[str] = set()
    for index, upstream in enumerate(config.upstream):
        place = ("upstream", index)
        if upstream.name in seen:
            reader.refuse((*place, "name"), "is used already", "Give each a name of its own.")
        seen.add(upstream.name)
        if not upstream.dialects:
            reader.refuse((*place, "dialects"), "is empty", 'Write ["openai"] or ["anthropic"].')
        if upstream.url == REPLAY:
            continue
        try:
            UpstreamSettings(name=upstream.name, base_url=upstream.url, ca_file=upstream.ca_file)
        except BadInput as unfit:
            reader.refuse((*place, "url"), f"cannot be used: {unfit.message}", unfit.hint)


def _check_models(config: Config, reader: TableReader) -> None:
    names = {upstream.name for upstream in config.upstream}
    named = f"Those named: {', '.join(sorted(names))}."
    for alias, route in config.models.items():
        if route.upstream not in names:
            reader.refuse(("models", alias, "upstream"), "names no [[upstream]]", named)
    if config.default_upstream is not None and config.default_upstream not in names:
        reader.refuse(("default_upstream",), "names no [[upstream]]", named)
    if config.default_upstream is None and not config.models:
        reader.refuse(
            ("default_upstream",),
            "is not there, and [models] is empty: no model could be served",
            f'Write default_upstream = "{config.upstream[0].name}" above the first table.',
        )
