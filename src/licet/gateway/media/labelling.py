"""What leaves is marked and labelled: for people, for machines, and signed where there is a key.

It refuses to know when: whoever calls has judged. law:cn-genai-2023/art12

Rules
1. The mark first, then the label, then the manifest: each covers what was before it.
2. What cannot be marked or labelled does not leave.
3. Without a mark a label is there all the same.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from licet.base.keyfile import read_private
from licet.base.trouble import BadInput
from licet.gateway.config_media import MediaConfig
from licet.gateway.media.sound import Sounds
from licet.labels import produce
from licet.labels.formats import format_of
from licet.labels.marks import mark_words
from licet.labels.marks.picture import mark_picture
from licet.labels.marks.sound import mark_sound
from licet.rulebook import LabelRules

CHAIN, KEY = "signer.pem", "signer.key"
"""As `licet labels make-ca` names them."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs manifests."""

    chain: bytes
    key: bytes = dataclasses.field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """The file with a manifest, where its format bears one. Raises Unavailable."""
        from licet.labels.manifests import MEDIA_TYPES, sign  # X.509: megabytes for who signs

        media_type = format_of(data).media_type
        return sign(data, media_type, self.chain, self.key) if media_type in MEDIA_TYPES else data


def open_signer(folder: Path) -> Signer:
    """The signer in a folder. Raises BadInput where there is none that signs."""
    try:
        signer = Signer((folder / CHAIN).read_bytes(), read_private(folder / KEY))
    except OSError as error:
        hint = "`licet labels make-ca NAME --into FOLDER` makes one."
        raise BadInput(f"[media] c2pa: {error.filename} cannot be read.", hint=hint) from None
    return signer


@dataclass(frozen=True, slots=True)
class Labeller:
    """Labels for one gateway. Slow: call it in a thread."""

    settings: MediaConfig
    rules: LabelRules
    signer: Signer | None
    sounds: Sounds

    @property
    def words(self) -> str:
        """The mark that people read."""
        return mark_words(self.rules, "generated", self.settings.mark)

    @staticmethod
    def media_type(data: bytes) -> str:
        """What a picture or sound is: "image/png"."""
        return format_of(data).media_type

    def picture(self, data: bytes, content: str, *, marked: bool) -> bytes:
        """The picture as it may leave. Raises BadInput, TooMuch, Unavailable."""
        if marked:
            share = self.rules.media["image"].height_share_min
            data = mark_picture(data, self.words, share, corner=self.settings.corner)
        return self._labelled(data, content)

    def sound(self, data: bytes, form: str, content: str, *, marked: bool) -> bytes:
        """The sound as it may leave, in this form. Raises BadInput, Unavailable."""
        wav = self.sounds.to_wav(data)
        if marked:
            wav = mark_sound(wav, self.settings.sound_place, self.rules)
        return self._labelled(self.sounds.from_wav(wav, form), content)

    def _labelled(self, data: bytes, content: str) -> bytes:
        out = produce(data, self.settings.producer, content, self.rules)
        return out if self.signer is None else self.signer.sign(out)
