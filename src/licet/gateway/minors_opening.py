"""Builds whoever minds minors, from [minors] of the configuration.

It refuses to serve and to decide.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

from licet.base.clock import Clock
from licet.base.keyfile import load_or_create_key
from licet.base.trouble import BadInput
from licet.gateway.config_minors import MinorsConfig, RealNameConfig
from licet.gateway.metrics import Metrics
from licet.gateway.minding import Minding
from licet.gateway.real_name import RealName
from licet.ledger.seal import KEY_BYTES
from licet.minors.opening import open_store
from licet.minors.realname.desk import RealNameDesk
from licet.minors.realname.driver import Driver, Hosts, http_transport
from licet.minors.realname.outbox import Outbox
from licet.minors.realname.protocol import Credentials
from licet.minors.service import MinorsService
from licet.minors.store import SUBJECT_KEY_BYTES, Subjects
from licet.minors.zone import Zone
from licet.rulebook import MinorsRules, Pack


def open_minors(
    settings: MinorsConfig | None, pack: Pack, metrics: Metrics, clock: Clock,
    environ: Mapping[str, str],
) -> Minding | None:  # fmt: skip
    """Whoever minds minors; None where nobody is to. Raises BadInput for a profile that the pack
    has not, and as `open_store` does."""
    if settings is None:
        return None
    rules = pack.minors
    if settings.profile not in rules.profiles:
        raise BadInput(
            f"[minors] profile: the pack {pack.id} has no {settings.profile!r}.",
            hint=f"One of: {', '.join(rules.profiles)}; your licence names it.",
        )
    credentials = _credentials(settings.real_name, environ)
    zone = Zone(rules.time_zone)
    store = open_store(settings.url, rules.use, zone, clock)
    profile = rules.profiles[settings.profile]
    service = MinorsService(rules, profile, store, zone, settings.unknown)
    subjects = Subjects(
        load_or_create_key(settings.key_file, SUBJECT_KEY_BYTES, secrets.token_bytes)
    )
    real_name = None
    if settings.real_name is not None and credentials is not None:
        opening = _desk_opening(settings.real_name, credentials, rules, clock, metrics)
        real_name = RealName(opening, service, subjects)
    return Minding(settings, service, subjects, metrics, real_name)


def _credentials(
    settings: RealNameConfig | None, environ: Mapping[str, str]
) -> Credentials | None:
    if settings is None:
        return None
    secret = environ.get(settings.secret_env, "")
    if not secret:
        raise BadInput(
            f"[minors.real_name]: the environment variable {settings.secret_env} is empty.",
            hint=f"Set it: export {settings.secret_env}=…",
        )
    return Credentials(settings.app_id, settings.biz_id, secret)


def _desk_opening(
    settings: RealNameConfig, credentials: Credentials, rules: MinorsRules, clock: Clock,
    metrics: Metrics,
) -> Callable[[], tuple[RealNameDesk, Callable[[], None]]]:  # fmt: skip
    hosts = Hosts(settings.check_url, settings.query_url, settings.report_url)

    def opening() -> tuple[RealNameDesk, Callable[[], None]]:
        key = load_or_create_key(settings.key_file, KEY_BYTES, secrets.token_bytes)
        outbox = Outbox(settings.outbox, key, secrets.token_bytes)
        driver = Driver(hosts, credentials, http_transport, clock, secrets.token_bytes)
        desk = RealNameDesk(
            driver, outbox, rules, clock, settings.on_outage,
            note=lambda fault: metrics.minor(f"real_name_{fault.kind}"),
        )  # fmt: skip
        return desk, outbox.close

    return opening
