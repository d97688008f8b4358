"""Draws docs/pictures: a halted stream as it really came, and the page of its case.

    make demo-picture                            all pictures
    make demo-picture ARGS="--no-film"           without the animated one

Needs, from Debian: chromium fonts-noto-cjk pngquant, and webp for the animated picture. It
refuses to know how an answer is watched (`demo_capture`) and how a page looks (`demo_page`).

Rules
1. A text, a time or a case number is drawn as it was seen in this run; nothing is retouched.
2. A picture that is larger than its bound fails the run.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import subprocess
import tempfile
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from demo_capture import Seen, stage
from demo_page import EN, ZH, Words, render

PICTURES = Path(__file__).resolve().parent.parent / "docs/pictures"
APPEAL_URL = "https://ai.example.cn/appeal/{case}"
PACE_MS = 25.0
FRAME_MS = 100
LAST_FRAME_MS = 6_000
STILL_BYTES_MAX = 400_000
FILM_BYTES_MAX = 600_000
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--no-first-run", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
    "--disable-lcd-text", "--font-render-hinting=none",
]  # fmt: skip
FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>
<include>/etc/fonts/fonts.conf</include>
<alias binding="strong"><family>system-ui</family><prefer>{font}</prefer></alias>
<alias binding="strong"><family>sans-serif</family><prefer>{font}</prefer></alias>
</fontconfig>""".replace("{font}", "<family>Noto Sans CJK SC</family>")
"""The page asks for the reader's own font; this is the reader of these pictures."""
_SHEET = re.compile(r"<link[^>]*rel=\"?stylesheet\"?[^>]*>")
_MEASURE = (
    "<script>document.documentElement.dataset.high ="
    " Math.ceil(document.documentElement.getBoundingClientRect().height)</script>"
)


class Camera:
    """Headless chromium. Its files lie in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        fonts = folder / "fonts.conf"
        fonts.write_text(FONTS, encoding="utf-8")
        self._environ = os.environ | {"FONTCONFIG_FILE": str(fonts)}
        self._command = [_tool("chromium"), *FLAGS, f"--user-data-dir={folder / 'profile'}"]

    def shoot(self, html: str, picture: Path, *, width: int, high: int = 0, scale: float) -> int:
        """Draw a page of ours, as high as it is (or `high`); gives its height in CSS pixels."""
        page = self._folder / "page.html"
        high = high or self.measure(html, width)
        page.write_text(html, encoding="utf-8")
        self.shoot_url(page.as_uri(), picture, width=width, high=high, scale=scale)
        return high

    def shoot_url(self, url: str, picture: Path, *, width: int, high: int, scale: float) -> None:
        """Draw whatever is at `url`."""
        self._run(
            f"--window-size={width},{high}", f"--force-device-scale-factor={scale}",
            f"--screenshot={picture}", url,
        )  # fmt: skip

    def keep(self, picture: Path) -> None:
        """Make a picture small: its colours are few."""
        command = [_tool("pngquant"), "--speed", "1", "--nofs", "--strip", "--force"]
        subprocess.run([*command, "--output", picture, "256", picture], check=True, timeout=120)

    def measure(self, html: str, width: int) -> int:
        """How high a page is, in CSS pixels."""
        page = self._folder / "measured.html"
        page.write_text(html + _MEASURE, encoding="utf-8")
        shown = self._run(f"--window-size={width},400", "--dump-dom", page.as_uri())
        found = re.search(r'data-high="(\d+)"', shown)
        if found is None:
            raise SystemExit("chromium did not say how high the page is")
        return int(found[1])

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [*self._command, *arguments],
            env=self._environ, capture_output=True, check=True, text=True, timeout=120,
        )  # fmt: skip
        return done.stdout


def draw_stream(camera: Camera, words: Words, halted: Seen, lawful: Seen, picture: Path) -> int:
    """The still picture; gives its height."""
    return camera.shoot(render(words, halted, lawful), picture, width=1200, scale=2)


def draw_film(
    camera: Camera, words: Words, halted: Seen, lawful: Seen, high: int, folder: Path
) -> None:
    """The same as it came, frame by frame, in the time that it took."""
    command = [_tool("img2webp"), "-loop", "0", "-min_size"]
    end_ms = halted.ending.at_ms
    for number in range(int(end_ms // FRAME_MS) + 2):
        until_ms = min(number * FRAME_MS, end_ms)
        frame = folder / f"{number:03}.png"
        camera.shoot(
            render(words, halted, lawful, until_ms), frame, width=1200, high=high, scale=1
        )
        shown_ms = LAST_FRAME_MS if until_ms == end_ms else FRAME_MS
        command += ["-d", str(shown_ms), "-lossless", "-m", "6", str(frame)]
    subprocess.run([*command, "-o", PICTURES / "halted-stream.webp"], check=True, timeout=600)


def draw_case(camera: Camera, root: str, case: str) -> None:
    """The page where a stopped person reads why, and appeals."""
    style = _fetch(f"{root}/appeal/style.css")
    for lang in ("zh", "en"):
        url = f"{root}/appeal/{case}?lang={lang}"
        copy = _SHEET.sub(f"<style>{style}</style>", _fetch(url))
        high = camera.measure(copy, 1000)
        desk, phone = PICTURES / f"appeal-{lang}.png", PICTURES / f"appeal-{lang}-phone.png"
        camera.shoot_url(url, desk, width=1000, high=high, scale=1.5)
        camera.shoot_url(url, phone, width=390, high=844, scale=2)


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise SystemExit(
            f"{name} is not here: apt-get install chromium fonts-noto-cjk pngquant webp"
        )
    return found


def _fetch(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


async def watch(folder: Path, camera: Camera) -> tuple[Seen, Seen, Seen, Seen]:
    """Run the gateway once: halted and lawful answers in English and in Chinese, and the page."""
    async with stage(folder, pace_ms=PACE_MS, appeal_url=APPEAL_URL) as scene:
        await scene.watch("en-poem-harbour")  # the first request opens connections
        english = await scene.watch("en-bank-call"), await scene.watch("en-river-walk")
        chinese = await scene.watch("zh-fraud-call"), await scene.watch("zh-river-walk")
        for halted, lawful in (english, chinese):
            if halted.ending.licet is None or lawful.sent_text != lawful.arrived_text:
                raise SystemExit(f"{halted.answer}, {lawful.answer}: not as a picture should show")
        assert chinese[0].ending.licet is not None
        await asyncio.to_thread(draw_case, camera, scene.root, chinese[0].ending.licet["case"])
    return *english, *chinese


def held_to_their_bounds(pictures: Sequence[Path]) -> bool:
    """Whether every picture is small enough; says how large each is."""
    fit = True
    for picture in sorted(pictures):
        size = picture.stat().st_size
        bound = FILM_BYTES_MAX if picture.suffix == ".webp" else STILL_BYTES_MAX
        fit &= size <= bound
        print(f"{picture.name}: {size:,} bytes{'' if size <= bound else f', more than {bound:,}'}")
    return fit


def main() -> None:
    """Draw all pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-film", action="store_true", help="leave out the animated picture")
    options = parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="licet-picture-") as name:
        folder, home = Path(name), Path(name) / "home"
        home.mkdir(mode=0o700)
        camera = Camera(folder)
        halted, lawful, halted_zh, lawful_zh = asyncio.run(watch(home, camera))
        high = draw_stream(camera, EN, halted, lawful, PICTURES / "halted-stream.png")
        draw_stream(camera, ZH, halted_zh, lawful_zh, PICTURES / "halted-stream-zh.png")
        if not options.no_film:
            draw_film(camera, EN, halted, lawful, high, folder)
        for picture in PICTURES.glob("*.png"):
            camera.keep(picture)
    if not held_to_their_bounds([*PICTURES.glob("*.png"), *PICTURES.glob("*.webp")]):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
