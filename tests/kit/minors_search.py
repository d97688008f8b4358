"""Looks for what nobody may have written, at every byte of every file below a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def found_secrets(folder: Path, known: Mapping[str, int]) -> list[str]:
    """Which of the secrets (with the number of whose it is) stand in which file. Digits alone
    count where they are no part of a longer number or digest."""
    wanted = {secret.encode(): number for secret, number in known.items()}
    lengths = sorted({len(secret) for secret in wanted})
    out = set()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        data = path.read_bytes()
        for length in lengths:
            for at in range(len(data) - length + 1):
                if (secret := data[at : at + length]) in wanted and _stands_alone(
                    data, at, secret
                ):
                    out.add(f"{path.name}: child {wanted[secret]}")
    return sorted(out)


def _stands_alone(data: bytes, at: int, secret: bytes) -> bool:
    around = data[at - 1 : at] + data[at + len(secret) : at + len(secret) + 1]
    return not secret.isdigit() or not any(byte in b"0123456789abcdef" for byte in around)
