"""The mark of a generated sound: the pack's rhythm, in tones, before or behind it.

It refuses to know speech and compressed sound: WAV in PCM only. GB 45438-2025, 5.3 c).
"""

from __future__ import annotations

import io
import wave

import numpy as np

from licet.base.trouble import BadInput
from licet.rulebook import LabelRules

TONE_HZ = 800
"""Well heard by every ear and on every loudspeaker; below half of any usual sampling rate."""

_LOUDNESS = 0.25  # of full scale, -12 dB: heard beside speech, and no fright
Samples = np.ndarray[tuple[int], np.dtype[np.float64]]

_RATE_MIN, _RATE_MAX = 4_000, 384_000
_CHANNELS_MAX = 32


def mark_sound(data: bytes, place: str, rules: LabelRules) -> bytes:
    """The WAV with the rhythm at its `start` or `end`, in its own rate, width and channels.

    Raises BadInput for what is no WAV in PCM, and for a place that is not possible.
    """
    medium = rules.media["audio"]
    allowed = [one for one in medium.places if one in {"start", "end"}]
    if place not in allowed:
        raise BadInput(f"no rhythm at {place!r}.", hint=f"One of {', '.join(allowed)}.")
    try:
        with wave.open(io.BytesIO(data)) as sound:
            form, samples = sound.getparams(), sound.readframes(sound.getnframes())
    except (wave.Error, EOFError, RuntimeError, ValueError) as error:
        hint = "Convert it to WAV in PCM: ffmpeg -i IN OUT.wav."
        raise BadInput(f"this sound cannot be marked: {error}.", hint=hint)
    if not (_RATE_MIN <= form.framerate <= _RATE_MAX and 1 <= form.nchannels <= _CHANNELS_MAX):
        raise BadInput("the WAV's rate or channels are out of range.", hint="Is the file whole?")
    tones = rhythm(medium.rhythm, medium.rhythm_unit_ms, form.framerate)
    mark = _pcm(np.repeat(tones, form.nchannels), form.sampwidth)
    out = io.BytesIO()
    with wave.open(out, "wb") as written:
        written.setparams(form)
        written.writeframes(mark + samples if place == "start" else samples + mark)
    return out.getvalue()


def rhythm(code: str, unit_ms: int, rate: int) -> Samples:
    """Morse code as samples from -1 to 1: a dot is one unit, a dash three, between signs one,
    between letters three, and as much silence at both ends. ITU-R M.1677-1."""
    unit = max(1, rate * unit_ms // 1000)
    pieces = [np.zeros(3 * unit)]
    for sign in code:
        if sign == " ":
            pieces.append(np.zeros(2 * unit))  # and the one that follows every sign
        else:
            pieces += (_tone(unit if sign == "." else 3 * unit, rate), np.zeros(unit))
    return np.concatenate([*pieces, np.zeros(2 * unit)])


def _tone(count: int, rate: int) -> Samples:
    """A tone that swells and fades for 5 ms, so that it does not click."""
    edge = min(count // 2, rate // 200)
    envelope = np.ones(count)
    rising = np.sin(np.linspace(0, np.pi / 2, edge)) ** 2
    envelope[:edge], envelope[count - edge :] = rising, rising[::-1]
    tone: Samples = envelope * np.sin(2 * np.pi * TONE_HZ * np.arange(count) / rate)
    return _LOUDNESS * tone


def _pcm(samples: Samples, width: int) -> bytes:
    """Samples as PCM of 1 to 4 bytes, low byte first."""
    full = np.round(samples * (2 ** (8 * width - 1) - 1)).astype(np.int64)
    if width == 1:
        full += 128  # WAV's single bytes have no sign
    pcm: bytes = full.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width].tobytes()
    return pcm
