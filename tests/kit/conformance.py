"""What the official clients must see of a server that speaks their dialects.

Each check takes the base URL (`http://HOST:PORT/v1`) and an API key, and drives the official
`openai` or `anthropic` client against whatever listens there: the replay upstream itself, or the
gateway in front of it. It refuses to know which of the two.

Rules
1. Every check asks for a shipped answer by its id and expects that answer to the last character.
2. How the text is cut into events is the server's own affair; what it joins to is not.
3. What a client parsed leniently is validated again against its model, strictly.

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_official_clients(check): check(base_url, api_key)
"""

from __future__ import annotations

from collections.abc import Callable

from kit import conformance_anthropic, conformance_chat, conformance_openai

Check = Callable[[str, str], None]

CHECKS: tuple[Check, ...] = (
    *conformance_chat.CHECKS,
    *conformance_openai.CHECKS,
    *conformance_anthropic.CHECKS,
)
