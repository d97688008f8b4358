"""Which memory is laid in huge pages, and that nothing happens where there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from licet.base import hugepages

MIB = 1 << 20


def entry(
    start: int, size: int, used: int, huge: int = 0, rights: str = "rw-p", name: str = ""
) -> str:
    """One stretch as /proc/PID/smaps has it."""
    return (
        f"{start:x}-{start + size:x} {rights} 00000000 00:00 0 {name}\n"
        f"Size: {size >> 10} kB\nRss: {used >> 10} kB\nAnonHugePages: {huge >> 10} kB\n"
        "VmFlags: rd wr mr mw me ac\n"
    )


@pytest.mark.parametrize(
    ("said", "is_gathered"),
    [
        (entry(8 * MIB, 4 * MIB, 4 * MIB), True),
        (entry(8 * MIB, 4 * MIB, 4 * MIB, name="[heap]"), True),
        (entry(8 * MIB, 4 * MIB, 4 * MIB, huge=2 * MIB), True),
        (entry(8 * MIB, 4 * MIB, 4 * MIB, huge=4 * MIB), False),  # it is so already
        (entry(8 * MIB, 8 * MIB, 1 * MIB), False),  # it would take memory: a thread's stack
        (entry(8 * MIB, 4 * MIB, 4 * MIB, rights="r-xp"), False),
        (entry(8 * MIB, 4 * MIB, 4 * MIB, rights="r--p", name="/lib/x.so"), False),
        (entry(8 * MIB, 4 * MIB, 4 * MIB, name="/dev/shm/x"), False),
        (entry(8 * MIB, 4 * MIB, 4 * MIB, name="[stack]"), False),
    ],
)
def test_what_is_in_use_and_ones_own_is_gathered(said: str, is_gathered: bool) -> None:
    before = entry(MIB, MIB, MIB, rights="r--p")
    found = list(hugepages.stretches(before + said + before))
    assert found == ([(8 * MIB, 12 * MIB)] if is_gathered else [])


def test_only_whole_pages_are_gathered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given(monkeypatch, tmp_path, "always [madvise] never", entry(3 * MIB, 6 * MIB, 6 * MIB))
    asked: list[tuple[int, int]] = []

    def advise(at: int, size: int) -> bool:
        asked.append((at, size))
        return len(asked) > 1

    monkeypatch.setattr(hugepages, "_advice", lambda: advise)
    assert hugepages.gather() == 2 * MIB  # the first was refused
    assert asked == [(4 * MIB, 2 * MIB), (6 * MIB, 2 * MIB)]


@pytest.mark.parametrize("setting", ["always madvise [never]", None])
def test_where_there_are_to_be_none_there_are_none(
    setting: str | None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given(monkeypatch, tmp_path, setting, entry(4 * MIB, 4 * MIB, 4 * MIB))
    monkeypatch.setattr(hugepages, "_advice", lambda: pytest.fail)
    assert hugepages.gather() == 0


def test_this_process_may_ask() -> None:
    assert hugepages.gather() >= 0


def given(
    monkeypatch: pytest.MonkeyPatch, folder: Path, setting: str | None, maps: str
) -> None:  # fmt: skip
    """A system with this setting (None: without any), and a process with this memory."""
    if setting is not None:
        (folder / "enabled").write_text(setting)
        (folder / "hpage_pmd_size").write_text(f"{2 * MIB}\n")
    (folder / "smaps").write_text(maps)
    monkeypatch.setattr(hugepages, "_SETTINGS", folder)
    monkeypatch.setattr(hugepages, "_MAPS", folder / "smaps")
