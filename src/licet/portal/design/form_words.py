"""What forms say of what was typed: the framework's sentences in our words.

It refuses to know forms. What a form of ours says itself is passed on as it stands.

Rules
1. The framework's catalogues lack sentences in some languages: what it says by default, and of
   passwords, is said from `words/frame.toml`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import (
    EmailValidator,
    MaxValueValidator,
    MinValueValidator,
    RegexValidator,
)

from licet.portal.design.words import word

_BY_CODE = {
    "password_too_short": "form.password-short",
    "password_too_common": "form.password-common",
    "password_too_similar": "form.password-similar",
    "password_entirely_numeric": "form.password-numeric",
}
_DEFAULTS = (
    (forms.Field.default_error_messages["required"], "form.required"),
    (forms.IntegerField.default_error_messages["invalid"], "form.whole-number"),
    (forms.DecimalField.default_error_messages["invalid"], "form.number"),
    (RegexValidator.message, "form.unfit"),
    (EmailValidator.message, "form.email"),
    (MinValueValidator.message, "form.least"),
    (MaxValueValidator.message, "form.most"),
)
_FILLED = {
    "password_too_short": "min_length",
    "min_value": "limit_value",
    "max_value": "limit_value",
}


def fault_words(found: Any) -> list[str]:
    """What a list of a form's faults says, one sentence for each, in the reader's language."""
    return [said for fault in found.as_data() for said in _said(fault)]


def _said(fault: ValidationError) -> Iterator[str]:
    """Rule 1."""
    for one in getattr(fault, "error_list", [fault]):
        message = str(one.message)
        key = _BY_CODE.get(one.code or "") or next(
            (key for default, key in _DEFAULTS if str(default) == message), ""
        )
        params: Mapping[str, Any] = one.params or {}
        if key:
            limit = params.get(_FILLED.get(one.code or "", ""), "")
            yield word(key, n=limit() if callable(limit) else limit)
        else:
            yield from one.messages
