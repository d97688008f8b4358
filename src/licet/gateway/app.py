"""Builds a gateway from its configuration: the one place of this package that puts parts together.

It refuses to serve and to decide.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from licet.base.clock import Clock, SystemClock
from licet.base.trouble import BadInput, NotFound
from licet.credentials.issuer import Issuer, ListSettings, open_issuer
from licet.credentials.shelf import Shelf
from licet.gateway.asgi import Receive, Scope, Send, quick
from licet.gateway.bundlefile import load_installed
from licet.gateway.bundlekey import load_or_create_bundle_key
from licet.gateway.bundling import draft_bundle, shipped_encoder
from licet.gateway.cascade import Cascade, Member
from licet.gateway.casestore import CaseStore
from licet.gateway.config import REPLAY, Config, upstream_settings
from licet.gateway.config_judge import JudgeConfig
from licet.gateway.encoder_judge import EncoderJudge
from licet.gateway.identities import KEEPERS, Identities, read_keepers
from licet.gateway.judge import RemoteJudge
from licet.gateway.judges.registry import kind_of
from licet.gateway.keyring import KeyRing, KeyStore
from licet.gateway.keystore import open_keystore
from licet.gateway.licensing import Licensing
from licet.gateway.limits import Allowance, Limits
from licet.gateway.limits_store import open_limits
from licet.gateway.measures import Measures, split_url
from licet.gateway.metrics import Metrics
from licet.gateway.minors_opening import open_minors
from licet.gateway.parts import Parts
from licet.gateway.pseudonyms import Pseudonyms
from licet.gateway.recorder import Recorder
from licet.gateway.routes import dispatch
from licet.gateway.settling import building
from licet.gateway.subjects import Subjects
from licet.gateway.telemetry import make_span_sink
from licet.gateway.text_marks import text_mark
from licet.gateway.upstream import Secret, Upstream, UpstreamSettings
from licet.guard.bundle import Bundle, encoder_source, make_guard, take_bundle
from licet.guard.guarding import Guard
from licet.ledger import opening
from licet.ledger.keyfiles import PeriodKeys
from licet.ledger.log import Log
from licet.ledger.writer import Writer
from licet.rulebook import Pack, load_pack

if TYPE_CHECKING:
    from licet.gateway.media.copylog import CopyLog
    from licet.gateway.media.studio import Studio

LEDGER_WAIT_MS = 50
"""How long the entry of a served exchange may wait for company: a commit costs about as much as
twenty entries. What a person is told of does not wait."""
_PSEUDONYM_DAYS = "pseudonym_key"
_EXCERPT_DAYS = "halted_excerpt"


@dataclass(frozen=True, slots=True)
class Gateway:
    """A built gateway. Whoever built it runs it (`running`) and closes it."""

    parts: Parts
    writer: Writer
    log: Log
    keystore: KeyStore
    bundle: Bundle
    pseudonyms: Pseudonyms
    home: Path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            await dispatch(self.parts, scope, receive, quick(scope, send))


def build_gateway(
    config: Config, home: Path, *, replay_url: str = "", lab: bool = False,
    clock: Clock | None = None, environ: Mapping[str, str] = os.environ,
    claimed: Callable[[], None] = lambda: None,
) -> Gateway:  # fmt: skip
    """Everything that a gateway is made of, opened and checked.

    `home` holds keys and bundles; `replay_url` is where the built-in upstream listens, for
    upstreams with the url `replay:`. `lab`: unlicensed, for this machine alone. `claimed` is
    called once all else has been read and the ledger is ours, before the licence is read: it may
    replace files of the home. Raises the Trouble of whatever part is not fit.
    """
    clock = clock or SystemClock()
    pack = load_pack(config.guard.pack)
    bundle = load_bundle(config, pack, home)
    with building():
        guard = make_guard(bundle, today=clock.now().date(), doubt=config.guard.doubt)
    keystore = open_keystore(config.keys.url)
    keyring = KeyRing(keystore, config.keys.stale_s)
    keyring.refresh(clock.monotonic())
    upstreams = _open_upstreams(config, replay_url, environ)
    metrics = Metrics()
    cases = open_cases(pack, home)
    subjects = Subjects(home / "subjects.db")
    keepers = read_keepers(home / "keys" / KEEPERS)
    judge = open_judges(config, pack, guard, metrics, clock, environ)
    limits = open_limits(
        config.limits.url, lease_s=config.limits.lease_s, when_down=config.limits.when_down
    )
    pseudonyms = _open_pseudonyms(config, pack, home, clock)
    minors = open_minors(config.minors, pack, metrics, clock, environ)
    studio = _open_studio(config, pack, guard, metrics, replay_url, environ)
    copies = _open_copies(config, pack, home)
    measures = _open_measures(config, home, clock, pseudonyms, limits, metrics)
    log = open_log(config, home)
    claimed()
    writer = Writer(log, clock, wait_ms=LEDGER_WAIT_MS)
    metrics.watch_ledger(lambda: writer.backlog, lambda: writer.healthy)
    metrics.guard_loaded(pack.id, pack.version, guard.name)
    licensing = Licensing(config.licence, Shelf(home / "licence"), clock, lab=lab)
    recorder = Recorder(
        writer, metrics, cases, pack, clock,
        pseudonym_of=pseudonyms.of, appeal_url=config.appeal.url,
        subjects=Identities(subjects, keepers, secrets.token_bytes),
    )  # fmt: skip
    parts = Parts(
        config=config, clock=clock, pack=pack, guard=guard, keyring=keyring, limits=limits,
        upstreams=upstreams, recorder=recorder, metrics=metrics, cases=cases, log=log,
        appeal_desk=config.appeal.desk_url, subjects=subjects,
        licensing=licensing, clearance=licensing.clearance(clock.now()),
        issuer=_open_issuer(config, pack),
        default_allowance=Allowance(
            config.limits.rate_per_minute, config.limits.concurrency_max
        ),
        judge=judge, spans=make_span_sink(config.telemetry),
        minors=minors, studio=studio, copies=copies, measures=measures,
        text_mark=text_mark(config.labels, pack),
    )  # fmt: skip
    return Gateway(parts, writer, log, keystore, bundle, pseudonyms, home)


def _open_pseudonyms(config: Config, pack: Pack, home: Path, clock: Clock) -> Pseudonyms:
    shared = config.measures.pseudonym_keys if config.measures else None
    keys = PeriodKeys(shared or home / "keys" / "pseudonyms", secrets.token_bytes)
    return Pseudonyms(keys, pack.retention[_PSEUDONYM_DAYS].days, clock)


def _open_studio(
    config: Config, pack: Pack, guard: Guard, metrics: Metrics, replay_url: str,
    environ: Mapping[str, str],
) -> Studio | None:  # fmt: skip
    """Who looks at pictures and labels them; loaded only where any are served."""
    if config.media is None:
        return None
    from licet.gateway.media.opening import open_studio

    return open_studio(config, pack, guard.policy.judged.tier, metrics, replay_url, environ)


def _open_copies(config: Config, pack: Pack, home: Path) -> CopyLog | None:
    """The log of copies without a mark, where any may be given."""
    if config.media is None or config.media.unlabelled == "refuse":
        return None
    from licet.gateway.media.copylog import CopyLog

    kept = pack.retention[pack.labels.unlabelled.retention]
    return CopyLog(home, keep_days=kept.days, chance=secrets.token_bytes)


def _open_measures(
    config: Config, home: Path, clock: Clock, pseudonyms: Pseudonyms, limits: Limits,
    metrics: Metrics,
) -> Measures | None:  # fmt: skip
    """The measures that bind persons here, as the last list on disk has them. Raises BadInput for
    an address that is not asked."""
    if config.measures is None:
        return None
    split_url(config.measures.url)
    measures = Measures(
        config.measures, home / "measures", clock, pseudonyms, limits, metrics
    )  # fmt: skip
    measures.load()
    return measures


def _open_upstreams(
    config: Config, replay_url: str, environ: Mapping[str, str]
) -> dict[str, Upstream]:
    return {
        upstream.name: Upstream(
            UpstreamSettings(name=upstream.name, base_url=replay_url)
            if upstream.url == REPLAY
            else upstream_settings(upstream, environ)
        )
        for upstream in config.upstream
    }


def load_bundle(config: Config, pack: Pack, home: Path) -> Bundle:
    """The bundle to begin with: the installed one, or one made of pack, our rules and weights and
    the rule files of the configuration. Files named there win over an installed bundle."""
    keys = home / "keys"
    if not config.guard.rules:
        installed = load_installed(home / "bundles", keys)
        if installed is not None:
            return installed
    key = load_or_create_bundle_key(keys, secrets.token_bytes)
    failure = config.guard.on_judge_failure
    draft = draft_bundle(
        pack, config.guard.rules, tier=config.guard.tier,
        on_judge_failure={
            "token": failure.token, "clause": failure.clause, "whole": failure.whole,
        },
    )  # fmt: skip
    return take_bundle(draft, key.public_key().public_bytes_raw())


def _open_issuer(config: Config, pack: Pack) -> Issuer | None:
    """The authority's desk, where the configuration keeps one here."""
    licence = config.licence
    if licence is None or licence.authority_home is None:
        return None
    return open_issuer(
        licence.authority_home, licence.public_url, list_settings(pack), secrets.token_bytes
    )


def list_settings(pack: Pack) -> ListSettings:
    """How the pack has status lists published. Raises NotFound where it publishes none."""
    rule = pack.procedure.status_list
    if rule is None:
        raise NotFound(f"the pack {pack.id} publishes no status lists.", hint="Name another pack.")
    return ListSettings(rule.ttl_s, rule.valid_s)


def open_cases(pack: Pack, home: Path) -> CaseStore:
    """The cases of a home, kept for as long as the pack says."""
    return CaseStore(
        home / "cases.db", home / "keys" / "case_keys.db",
        keep_days=pack.retention[_EXCERPT_DAYS].days, chance=secrets.token_bytes,
    )  # fmt: skip


def open_log(config: Config, home: Path) -> Log:
    """The ledger, its signing key made at the first start; its public key stands beside it.

    Raises Corrupt where it was lost or is an old copy, else as `Log` does.
    """
    return opening.open_log(
        config.ledger.url, config.ledger.key_file, config.ledger.origin, secrets.token_bytes,
        published=home / "ledger", notes=home / "keys",
    )  # fmt: skip


def open_judges(
    config: Config, pack: Pack, guard: Guard, metrics: Metrics, clock: Clock,
    environ: Mapping[str, str],
) -> Cascade | None:  # fmt: skip
    """Who is asked behind the classifier: our encoder, then the judges outside in the order of the
    file; None without any. Raises BadInput."""
    known = {one.id: one.reason["en"] for one in pack.categories.values() if one.scored}
    memory_key = secrets.token_bytes(32)
    judges: list[Member] = []
    if config.guard.encoder is not None:
        judges.append(_open_encoder(config, guard, metrics, clock))
    judges += [
        RemoteJudge(
            judge, kind_of(judge.kind, known), _judge_key(judge, environ), metrics, clock,
            memory_key,
        )
        for judge in config.guard.judge
    ]  # fmt: skip
    return Cascade(judges) if judges else None


def _open_encoder(config: Config, guard: Guard, metrics: Metrics, clock: Clock) -> EncoderJudge:
    """The encoder that the bundle names, read. Raises BadInput where there is none."""
    settings, policy = config.guard.encoder, guard.policy
    if settings is None or policy.encoder is None or guard.classifier is None:
        raise BadInput(
            "[guard.encoder] is set, but the bundle in force names no encoder.",
            hint="Take the table out, or build the bundle with a version that ships an encoder.",
        )
    encoder = encoder_source(policy.encoder, shipped_encoder)()
    thresholds = policy.encoder.thresholds
    return EncoderJudge(settings, encoder, guard.classifier, thresholds, metrics, clock)


def _judge_key(judge: JudgeConfig, environ: Mapping[str, str]) -> Secret | None:
    if judge.key_env is None:
        return None
    text = environ.get(judge.key_env, "")
    if not text:
        raise BadInput(
            f"judge {judge.name}: the environment variable {judge.key_env} is empty.",
            hint=f"Set it: export {judge.key_env}=…",
        )
    return Secret(text)
