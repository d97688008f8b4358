"""The answers that ship: one TOML file each in `answers/`, named by id. It refuses to choose."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from licet.base.trouble import BadInput
from licet.gateway.replay.answer import Answer, parse_answer


def load_answers(folder: Traversable | None = None) -> tuple[Answer, ...]:
    """Every answer of `folder` (default: the shipped ones), in order of id.

    Raises BadInput for a faulty file, for one not named by its id and for an empty folder.
    """
    shelf = folder if folder is not None else resources.files(__package__) / "answers"
    answers = []
    for file in sorted(shelf.iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".toml"):
            continue
        answer = parse_answer(file.read_text(encoding="utf-8"), file.name)
        if file.name != f"{answer.id}.toml":
            raise BadInput(f"{file.name} holds {answer.id}", hint=f"Name it {answer.id}.toml.")
        answers.append(answer)
    if not answers:
        raise BadInput(f"no answers in {shelf}", hint="Put at least one answer (*.toml) there.")
    return tuple(answers)
