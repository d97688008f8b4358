"""The pages of families beside a gateway of the year, in a process of their own: what they keep is
written where the year's other bytes are, to be searched with them.

    python -m kit.minors_portal HOME GATEWAY KEY < [{"user": …, "secrets": […]}, …]

It refuses to search, and to undo anything: unlike `kit.portal`, what is stored stays.

Rules
1. Everybody says who they are where words can be said, then says it again without.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from kit.families import ticket
from kit.portal import NOW, PASSWORD, person
from licet.portal.settings import Installation

ON = {"curfew_off": "on"}


def main() -> None:
    """Live; print how often each page was answered how, as JSON."""
    home, gateway, key = sys.argv[1:]
    logging.basicConfig(filename=Path(home) / "portal.log", level=logging.DEBUG)
    from licet.portal.serving import set_up

    set_up(
        Installation(home=Path(home), secret="s" * 64, hosts=("testserver",),
                     gateway_url=gateway, gateway_key=key)
    )  # fmt: skip
    from django.test import Client

    officer = Client()
    officer.force_login(
        person("provider"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    answers: Counter[tuple[str, int]] = Counter()
    for child in json.load(sys.stdin):
        answers.update(_one(child["user"], child["secrets"], officer))
    print(json.dumps([[*what, times] for what, times in answers.items()]))


def _one(user: str, secrets: list[str], officer: Any) -> list[tuple[str, int]]:
    """A child and a guardian, from the invitation to an appeal and its answer."""
    from django.test import Client

    from licet.portal.families.models import StoredAppeal
    from licet.portal.families.rounds import go_round

    said: list[tuple[str, int]] = []

    def post(browser: Any, path: str, **fields: str) -> Any:
        answer = browser.post(f"/en/{path}", fields)
        said.append((f"page {path.rstrip('/').rpartition('/')[2]}", answer.status_code))
        return answer

    guardian, child = Client(), Client()
    born, compact, _, number, _ = secrets
    post(guardian, "family/join/", name="Mum", email=f"{user}@body.example", password=PASSWORD,
         adult="on")  # fmt: skip
    for called in (number, compact, "Ming"):
        page = post(guardian, "family/invite/", called=called, agree="on").content.decode()
    code = page.partition('id="code">')[2].partition("<")[0]
    child.get("/en/family/enter/", {"ticket": ticket(user)})
    post(child, "family/mine/code/", code=code)
    for words in (f"My number is {number}.", f"I was born on {born}.", "I am 20."):
        post(child, "family/mine/appeal/", words=words)
    row = StoredAppeal.objects.get(child__reference=user)
    for words in (f"{number} says so.", f"Born {born}.", "The document shows it."):
        answer = officer.post(
            f"/en/desk/minors/appeals/{row.pk}/", {"decision": "rejected", "words": words}
        )
        said.append(("page answer", answer.status_code))
    go_round(NOW)
    said.append(("page home", guardian.get("/en/family/").status_code))
    return said


if __name__ == "__main__":
    main()
