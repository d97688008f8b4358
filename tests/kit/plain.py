"""HTTP to this machine, without the 60 ms that loading the world's certificate authorities takes.

It refuses to know what is asked.
"""

from __future__ import annotations

from typing import Any

import httpx2


def client(**options: Any) -> httpx2.Client:
    return httpx2.Client(verify=False, trust_env=False, **options)


def async_client(**options: Any) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(verify=False, trust_env=False, **options)


def get(url: str, **options: Any) -> httpx2.Response:
    return httpx2.get(url, verify=False, trust_env=False, **options)


def post(url: str, **options: Any) -> httpx2.Response:
    return httpx2.post(url, verify=False, trust_env=False, **options)
