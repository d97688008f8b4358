"""Forms that many settings have: a name, a URL, a wait, a count.

It refuses to know which settings.
"""

from __future__ import annotations

from typing import Annotated

from licet.gateway.config_read import Between, Matching

Name = Annotated[str, Matching("[a-z0-9][a-z0-9._-]{0,39}", '"main" (a-z, 0-9, . _ -)')]
EnvName = Annotated[str, Matching("[A-Za-z_][A-Za-z0-9_]*", '"OPENAI_API_KEY"')]
WebUrl = Annotated[str, Matching(r"https?://[^\s@]+", '"http://127.0.0.1:9000/v1"')]
Seconds = Annotated[float, Between(0.001, 86_400)]
Count = Annotated[int, Between(1, 1_000_000)]
LIMIT_MAX = 1_000_000_000
Limit = Annotated[int, Between(0, LIMIT_MAX)]
