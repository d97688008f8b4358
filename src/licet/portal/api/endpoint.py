"""What an address of the door is: its method, path, what it takes and gives. Values only.

It refuses to know which addresses there are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec
from django.http import HttpResponse

from licet.portal.settings import Role

JSON = "application/json"
Method = Literal["GET", "POST", "PUT"]


@dataclass(frozen=True, slots=True)
class Param:
    """A part of the path (`required`) or of the query, and what it may be (JSON Schema)."""

    name: str
    meaning: str
    schema: Mapping[str, Any]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Gives:
    """A good answer: its status, media type, and shape where it is JSON of ours."""

    status: int
    meaning: str
    media_type: str = JSON
    shape: type[msgspec.Struct] | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One address with one method. `signed`: asked for with an access token of a provider.

    `takes`: the media type of the body, where there is one, and what it is; `body`: its shape
    where it is JSON of ours. `side`: of which side of an installation it is.
    """

    name: str
    method: Method
    path: str
    summary: str
    view: Callable[..., HttpResponse]
    gives: tuple[Gives, ...]
    signed: bool = False
    takes: tuple[str, str] | None = None
    params: tuple[Param, ...] = ()
    problems: tuple[str, ...] = field(default=())
    body: type[msgspec.Struct] | None = None
    side: Role = "authority"
