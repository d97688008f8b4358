"""What people of families type, read or refused with words.

It refuses to know law: what settings may be, the gateway says.

Rules
1. What would say who somebody is, a number of a document or a day of birth, is not kept: the field
   says what to leave out, and nothing else that was typed is lost. law:cn-genai-2023/art11.1
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password

from licet.minors.identifying import identifying
from licet.minors.settings import Quiet
from licet.portal.design.words import word
from licet.portal.families.reading import DAY_SETS, State, time_of
from licet.portal.families.service import rules

QUIET_ROWS = 3
CALLED_CHARACTERS_MAX = 20
NAME_CHARACTERS_MAX = 40
DAY_MINUTES = 1440


class Join(forms.Form):
    """An account for a guardian."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        kept = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        self.fields["name"] = forms.CharField(
            label=word("family-join.name"), help_text=word("family-join.name-hint"),
            max_length=NAME_CHARACTERS_MAX, widget=forms.TextInput(attrs={"autocomplete": "name"}),
        )  # fmt: skip
        self.fields["email"] = forms.EmailField(
            label=word("family-join.email"), max_length=254,
            widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        )  # fmt: skip
        self.fields["password"] = forms.CharField(
            label=word("family-join.password"), help_text=word("family-join.password-hint"),
            max_length=200, strip=False, widget=kept,
        )  # fmt: skip
        self.fields["adult"] = forms.BooleanField(
            label=word("family-join.adult", age=rules().adult),
            error_messages={"required": word("family-join.adult-needed")},
        )  # fmt: skip

    def clean_password(self) -> str:
        """As strong as the password of anybody here."""
        text = str(self.cleaned_data["password"])
        validate_password(text)
        return text


def _without_identity(text: str) -> None:
    """Rule 1."""
    found = identifying(text)
    if found:
        raise forms.ValidationError([word(f"family-identity.{kind}") for kind in found])


class Invite(forms.Form):
    """A child is invited: what its guardian calls it, and that they answer for it."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["called"] = forms.CharField(
            label=word("family-invite.called"), help_text=word("family-invite.called-hint"),
            max_length=CALLED_CHARACTERS_MAX, validators=[_without_identity],
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )  # fmt: skip
        self.fields["agree"] = forms.BooleanField(
            label=word("family-invite.agree"),
            error_messages={"required": word("family-invite.agree-needed")},
        )


class Words(forms.Form):
    """A text with a reason."""

    def __init__(self, label: str, hint: str, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        area = forms.Textarea(attrs={"rows": 5})
        self.fields["words"] = forms.CharField(
            label=label, help_text=hint, max_length=2_000, widget=area,
            validators=[_without_identity],
        )  # fmt: skip


def settings_fields(state: State) -> dict[str, Any]:
    """What stands in the fields of the page of limits: by day, in rows, by feature."""
    settings, pack_min = state.settings, state.rule.daily_min.get(state.band)
    rows = [_row(quiet) for quiet in settings.quiet[:QUIET_ROWS]]
    rows += [{"days": "", "from": "", "to": ""}] * (QUIET_ROWS - len(rows))
    return {
        "totals": [settings.daily_min.get(day, pack_min) for day in range(7)],
        "quiet": rows,
        "curfew_off": settings.curfew_off,
        "features": {
            name: name not in state.features_off
            for name, one in rules().features.items()
            if one.minors != "never"
        },
        "month_yuan": settings.month_yuan,
    }


def read_settings(sent: Mapping[str, str], state: State) -> tuple[dict[str, Any], list[str]]:
    """The settings that were sent, as the gateway takes them; and what can't be read in them, each
    as the name of its field. What equals the pack's is left to the pack."""
    faults: list[str] = []
    own: dict[str, Any] = {"daily_min": {}, "quiet": [], "features": {}}
    pack_min = state.rule.daily_min.get(state.band)
    for day in range(7):
        minutes = _number(sent.get(f"total-{day}", ""), f"total-{day}", faults)
        if minutes is not None and minutes > DAY_MINUTES:
            faults.append(f"total-{day}")
        elif minutes is not None and minutes != pack_min:
            own["daily_min"][str(day)] = minutes
    for number in range(QUIET_ROWS):
        days, begin, end = (sent.get(f"quiet-{number}-{part}", "") for part in _PARTS)
        if not days:
            continue
        times = [_time(begin), _time(end)]
        kept = state.settings.quiet[number : number + 1]
        chosen = DAY_SETS.get(days, kept[0].days if kept else None)
        if None in times or times[0] == times[1] or chosen is None:
            faults.append(f"quiet-{number}")
            continue
        hours = {"start_min": times[0], "end_min": times[1]}
        own["quiet"].append({"days": sorted(chosen), "hours": hours})
    if "curfew" in state.rule.guardian:
        own["curfew_off"] = sent.get("curfew_off") == "on"
    for name, one in rules().features.items():
        on = sent.get(f"feature-{name}") == "on"
        if one.minors != "never" and on != (one.minors == "on"):
            own["features"][name] = on
    cap = _number(sent.get("month_yuan", ""), "month_yuan", faults)
    if cap is not None:
        own["month_yuan"] = cap
    return own, faults


_PARTS = ("days", "from", "to")


def _row(quiet: Quiet) -> dict[str, str]:
    named = next((name for name, days in DAY_SETS.items() if days == quiet.days), "kept")
    begin, end = time_of(quiet.hours.start_min), time_of(quiet.hours.end_min)
    return {"days": named, "from": begin, "to": end}


def _number(text: str, name: str, faults: list[str]) -> int | None:
    text = text.strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 6):
        faults.append(name)
        return None
    return int(text)


def _time(text: str) -> int | None:
    hour, colon, minute = text.strip().partition(":")
    if not (colon and hour.isascii() and hour.isdigit() and minute.isascii() and minute.isdigit()):
        return None
    at = int(hour[:2]) * 60 + int(minute[:2])
    return at if int(minute[:2]) < 60 and at < DAY_MINUTES else None
