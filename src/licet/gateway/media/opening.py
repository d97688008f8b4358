"""Builds the studio of a gateway, from [media] of the configuration.

It refuses to serve and to decide.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from licet.base.trouble import BadInput
from licet.gateway.config import REPLAY, Config
from licet.gateway.config_media import MediaConfig, PictureClassifierConfig
from licet.gateway.media.classifying import (
    OnnxClassifier,
    PictureClassifier,
    RemoteClassifier,
)
from licet.gateway.media.fetching import Fetcher
from licet.gateway.media.labelling import Labeller, open_signer
from licet.gateway.media.reading import find_tesseract
from licet.gateway.media.sound import Sounds
from licet.gateway.media.studio import Studio
from licet.gateway.metrics import Metrics
from licet.gateway.upstream import Secret, Upstream, UpstreamSettings
from licet.guard.pictures import BlockList, Listed, parse_blocklist
from licet.rulebook import Pack


def open_studio(
    config: Config, pack: Pack, tier: str, metrics: Metrics, replay_url: str,
    environ: Mapping[str, str],
) -> Studio | None:  # fmt: skip
    """The studio; None where neither pictures nor sound are served. `tier`: in force.

    Raises BadInput where a part is not fit, or where the pack's tier forbids to serve pictures
    that no classifier has looked at.
    """
    settings = config.media
    if settings is None:
        return None
    if pack.labelling is None:
        raise BadInput(
            f"[media]: the pack {pack.id} has no rules for labels.",
            hint="Take the table out, or name another pack.",
        )
    _check_tier(settings, pack, tier)
    lists = ListsOnDisk(settings, pack)
    own = [replay_url if one.url == REPLAY else one.url for one in config.upstream]
    return Studio(
        settings,
        Labeller(
            settings, pack.labelling, open_signer(settings.c2pa) if settings.c2pa else None,
            Sounds(),
        ),
        lists.changed() or BlockList(), lists.changed,
        Fetcher([*(url for url in own if url), *settings.fetch_from]), metrics,
        reader=find_tesseract(settings.ocr_languages) if settings.ocr == "tesseract" else None,
        classifier=_open_classifier(settings.classifier, pack, environ),
    )  # fmt: skip


class ListsOnDisk:
    """The lists of a gateway, read again when a file has changed."""

    def __init__(self, settings: MediaConfig, pack: Pack) -> None:
        self._settings, self._pack = settings, pack
        self._seen: tuple[tuple[int, int] | None, ...] = ()

    def changed(self) -> BlockList | None:
        """All lists, where any file is another than at the last call; else None. Raises BadInput
        where one cannot be read, once for each change."""
        stamps = tuple(_stamp(path) for path in self._settings.blocklists)
        if stamps == self._seen:
            return None
        self._seen = stamps
        return load_blocklists(self._settings, self._pack)


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size


def load_blocklists(settings: MediaConfig, pack: Pack) -> BlockList:
    """All lists, read. Raises BadInput where one of them cannot be."""
    found: dict[str, Listed] = {}
    for path in settings.blocklists:
        try:
            text = path.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(f"{path} cannot be read: {error}.", hint="See media.blocklists.")
        for one in parse_blocklist(text, str(path), pack.categories):
            if one.id in found:
                raise BadInput(f"{path}: {one.id} is on two lists.", hint="Take one out.")
            found[one.id] = one
    return BlockList(tuple(found.values()))


def _check_tier(settings: MediaConfig, pack: Pack, tier: str) -> None:
    """Rule of the pack's tier; law:cn-genai-2023/art4.1."""
    if settings.classifier is not None or settings.without_classifier == "refuse":
        return
    if pack.tiers[tier].pictures_unclassified == "refuse":
        raise BadInput(
            f"[media] without_classifier: in the tier {tier} no picture is served that no"
            " classifier has looked at.",
            hint='Configure [media.classifier], or write "refuse": then sound alone is served.',
        )


def _open_classifier(
    settings: PictureClassifierConfig | None, pack: Pack, environ: Mapping[str, str]
) -> PictureClassifier | None:
    if settings is None:
        return None
    if strange := [name for name in settings.labels if name and name not in pack.categories]:
        raise BadInput(
            f"[media.classifier] labels: {strange[0]!r} is no category of {pack.id}.",
            hint=f"One of: {', '.join(pack.categories)}.",
        )
    if settings.kind == "onnx":
        return OnnxClassifier(settings)
    assert settings.url is not None
    wait_s = settings.timeout_ms / 1000 + 1.0
    upstream = UpstreamSettings(
        name="picture-classifier", base_url=settings.url, key=_key(settings, environ),
        connect_s=wait_s, first_byte_s=wait_s, idle_s=wait_s, total_s=wait_s,
        ca_file=settings.ca_file,
    )  # fmt: skip
    return RemoteClassifier(settings, Upstream(upstream))


def _key(settings: PictureClassifierConfig, environ: Mapping[str, str]) -> Secret | None:
    if settings.key_env is None:
        return None
    text = environ.get(settings.key_env, "")
    if not text:
        raise BadInput(
            f"[media.classifier]: the environment variable {settings.key_env} is empty.",
            hint=f"Set it: export {settings.key_env}=…",
        )
    return Secret(text)
