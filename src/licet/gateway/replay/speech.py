"""OpenAI's speech: by espeak-ng where it is installed, else as a tune of the text's letters.

It refuses to know the gateway's rules, and gives WAV alone. Source of the form: OpenAI API
reference, "Create speech". https://github.com/espeak-ng/espeak-ng (run as a program).
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from dataclasses import dataclass

import numpy as np

from licet.base.trouble import BadInput
from licet.gateway.replay import fields
from licet.gateway.replay.choose import language
from licet.gateway.replay.fields import Body

MODEL = "replay-speech"
CHARACTERS_MAX = 4096
_TIMEOUT_S = 30.0
_RATE = 22_050
_NOTE_S = 0.09
_SCALE = (0, 2, 4, 7, 9, 12, 14, 16)  # pentatonic: no two notes quarrel
_VOICES = {"zh": "cmn", "en": "en"}


@dataclass(frozen=True, slots=True)
class SpeechAsk:
    """What to say."""

    text: str


def parse(body: Body) -> SpeechAsk:
    """The request in `body`. Raises BadInput."""
    text = fields.string(body, "input")
    if not text.strip() or len(text) > CHARACTERS_MAX:
        raise BadInput(f"input must have 1 to {CHARACTERS_MAX} characters")
    if body.get("response_format") not in (None, "wav"):
        raise BadInput("only WAV is spoken here", hint='Send "response_format": "wav".')
    return SpeechAsk(text)


def speak(ask: SpeechAsk) -> bytes:
    """The text as sound, WAV, 16 bits, one channel. Slow: call it in a thread."""
    program = shutil.which("espeak-ng")
    if program is not None:
        command = [program, "-v", _VOICES[language(ask.text)], "--stdin", "--stdout"]
        try:
            run = subprocess.run(  # noqa: S603 - a fixed program
                command, input=ask.text.encode("utf-8", "replace"), capture_output=True,
                check=True, timeout=_TIMEOUT_S,
            )  # fmt: skip
        except (subprocess.SubprocessError, OSError):
            return tune(ask.text)
        return run.stdout
    return tune(ask.text)


def tune(text: str) -> bytes:
    """A note for each letter, as WAV: the same text, the same tune."""
    notes = [_note(character) for character in text[:600]]
    samples = np.concatenate(notes)
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setparams((1, 2, _RATE, 0, "NONE", ""))
        sound.writeframes((samples * 32_000).astype("<i2").tobytes())
    return out.getvalue()


def _note(character: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    at = np.arange(int(_RATE * _NOTE_S)) / _RATE
    if not character.isalnum():
        return np.zeros(len(at))
    step = _SCALE[ord(character) % len(_SCALE)]
    fall = np.minimum(1.0, at * 200) * np.exp(-at * 14)
    note: np.ndarray[tuple[int], np.dtype[np.float64]] = (
        0.3 * fall * np.sin(2 * np.pi * 261.63 * 2 ** (step / 12) * at)
    )
    return note
