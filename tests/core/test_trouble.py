"""Trouble as one text: what is wrong, then what to do."""

from __future__ import annotations

import pytest

from licet.base.trouble import BadInput, Corrupt


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("a.db: file is not a database", "a.db: file is not a database. Restore the file."),
        ("it does not answer (5 s)", "it does not answer (5 s). Restore the file."),
        ("It is full.", "It is full. Restore the file."),
        ("(It is full.)", "(It is full.) Restore the file."),
        ("who are you?", "who are you? Restore the file."),
        ("no such thing as a…", "no such thing as a… Restore the file."),
        ("文件不可读。", "文件不可读。 Restore the file."),
    ],
)
def test_message_and_hint_are_two_sentences(message: str, said: str) -> None:
    trouble = Corrupt(message, hint="Restore the file.")
    assert str(trouble) == said
    assert trouble.message == message


def test_a_message_alone_is_left_as_it_is() -> None:
    assert str(BadInput("there is no key at a.key")) == "there is no key at a.key"
    assert str(BadInput()) == "The input cannot be used."
