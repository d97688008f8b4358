"""From one form of sound to another, by FFmpeg, a program of the operator's machine.

It refuses to know marks and labels. https://ffmpeg.org/

Rules
1. WAV in PCM needs no program. Where there is none, nothing else is promised: `forms` says what.
2. The program reads one input from us and writes one output to us: no file, no network.
3. It is given TIMEOUT_S and one thread.
"""

from __future__ import annotations

import shutil
import subprocess

from licet.base.trouble import BadInput, Unavailable

TIMEOUT_S = 60.0
MEDIA_TYPES = {
    "wav": b"audio/wav", "mp3": b"audio/mpeg", "opus": b"audio/ogg", "flac": b"audio/flac",
}  # fmt: skip
_WRITING = {
    "wav": ("-f", "wav", "-c:a", "pcm_s16le"),
    "mp3": ("-f", "mp3", "-c:a", "libmp3lame", "-b:a", "128k"),
    "opus": ("-f", "ogg", "-c:a", "libopus", "-b:a", "48k"),
    "flac": ("-f", "flac", "-c:a", "flac"),
}


class Sounds:
    """What this machine can do with sound. `forms`: what it can give."""

    def __init__(self, program: str | None = None) -> None:
        self._program = program if program is not None else shutil.which("ffmpeg")
        self.forms = tuple(MEDIA_TYPES) if self._program else ("wav",)

    def usual(self) -> str:
        """The form that is given where none was asked for: OpenAI's own where possible."""
        return "mp3" if "mp3" in self.forms else "wav"

    def to_wav(self, data: bytes) -> bytes:
        """The sound as WAV. Raises BadInput where that cannot be done."""
        if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
            return data
        return self._convert(data, "wav")

    def from_wav(self, wav: bytes, form: str) -> bytes:
        """A WAV in another form. Raises BadInput where that cannot be done."""
        return wav if form == "wav" else self._convert(wav, form)

    def _convert(self, data: bytes, form: str) -> bytes:
        if self._program is None:
            raise BadInput("sound other than WAV needs FFmpeg.", hint="Install ffmpeg.")
        command = [
            self._program, "-nostdin", "-v", "error", "-threads", "1",
            "-protocol_whitelist", "pipe,fd", "-i", "pipe:0", "-vn", "-map_metadata", "-1",
            "-fflags", "+bitexact", *_WRITING[form], "pipe:1",
        ]  # fmt: skip
        try:
            run = subprocess.run(  # noqa: S603 - a fixed program
                command, input=data, capture_output=True, check=True, timeout=TIMEOUT_S
            )
        except subprocess.CalledProcessError:
            raise BadInput("the model's sound cannot be read.", hint="Is it of a usual form?")
        except (subprocess.SubprocessError, OSError):
            raise Unavailable("sound could not be converted.", hint="Try again later.")
        return run.stdout
