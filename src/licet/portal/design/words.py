"""What the portal says, from `words/*.toml`: every sentence in all languages side by side.

It refuses to know pages. A file is a table of tables; a sentence's key is `file.name`:

    [sign-in]
    title = { zh = "登录", en = "Sign in" }

Rules
1. A sentence that lacks a language, or has one that we do not speak, is refused when it is read.
2. What stands in braces is filled by name; a name that is not given is a bug and crashes.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from licet.base.tomlsource import TomlSource
from licet.base.trouble import BadInput
from licet.portal.design.languages import LANGUAGES, current

Sentence = Mapping[str, str]


@cache
def sentences() -> Mapping[str, Sentence]:
    """Every sentence by its key. Raises BadInput naming the file and the key (rule 1)."""
    found: dict[str, Sentence] = {}
    for file in sorted(files(__package__).joinpath("words").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".toml"):
            continue
        document = TomlSource(file.name, file.read_text(encoding="utf-8")).parse()
        for table, rows in document.items():
            for name, sentence in rows.items():
                key = f"{table}.{name}"
                if not isinstance(sentence, dict) or set(sentence) != set(LANGUAGES):
                    raise BadInput(f"{file.name}: {key}: give it in {', '.join(LANGUAGES)}.")
                if key in found:
                    raise BadInput(f"{file.name}: {key}: stands in another file too.")
                found[key] = sentence
    return found


def word(key: str, /, **values: object) -> str:
    """The sentence `key` in the language of this request, with `values` in its braces."""
    return sentences()[key][current().code].format(**values)
