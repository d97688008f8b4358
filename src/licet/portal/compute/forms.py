"""What people of the commons type, read or refused with words.

It refuses to know what is allocated, granted or paid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.validators import RegexValidator

from licet.compute.bills import BILL_BYTES_MAX
from licet.compute.execution.contract import LONGEST_S
from licet.compute.model import NO_END_S, Need, Pool, Speed
from licet.portal.design.words import sentences, word
from licet.rulebook.computing import Programme

FEN = 100
SCRIPT_MAX = 60_000
_SLUG = RegexValidator(r"\A[a-z0-9][a-z0-9-]{0,39}\Z")
_IMAGE = RegexValidator(r"\A[a-z0-9][a-z0-9._/:@-]{0,200}\Z")
ORIGINS = ("domestic", "foreign", "unknown")


def text(name: str, most: int = 80, **more: Any) -> forms.CharField:
    """A line of text, labelled by the word `compute.NAME`."""
    return forms.CharField(label=_label(name), help_text=_hint(name), max_length=most, **more)


def words(name: str, most: int = 2_000, **more: Any) -> forms.CharField:
    """Some lines of text."""
    area = forms.Textarea(attrs={"rows": 5})
    return text(name, most, widget=area, **more)


def number(name: str, least: int = 0, most: int = 1_000_000, **more: Any) -> forms.IntegerField:
    """A whole number."""
    return forms.IntegerField(
        label=_label(name), help_text=_hint(name), min_value=least, max_value=most, **more
    )


def yuan(name: str, **more: Any) -> forms.DecimalField:
    """A sum of money, in yuan with two digits."""
    return forms.DecimalField(
        label=_label(name), help_text=_hint(name), min_value=0, max_digits=12, decimal_places=2,
        **more,
    )  # fmt: skip


def moment(name: str) -> forms.DateTimeField:
    """A moment that may be left out."""
    shown = forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})
    return forms.DateTimeField(
        label=_label(name), help_text=_hint(name), required=False, widget=shown
    )


def tick(name: str) -> forms.BooleanField:
    """Yes or no."""
    return forms.BooleanField(label=_label(name), help_text=_hint(name), required=False)


def choice(name: str, choices: Sequence[tuple[str, str]]) -> forms.ChoiceField:
    """One of several."""
    return forms.ChoiceField(label=_label(name), help_text=_hint(name), choices=list(choices))


class Made(forms.Form):
    """A form of fields that are made for each request: their words are the reader's."""

    def __init__(self, fields: Mapping[str, forms.Field], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields.update(fields)


def pool_form(sent: Any = None) -> Made:
    """A pool is registered, with where its chips are from and who attests it."""
    return _PoolForm(
        {
            "id": text("pool-id", 40, validators=[_SLUG]), "kind": text("kind", 40),
            "count": number("count", 1), "node": number("node", 1, 1024, initial=1),
            "memory_gib": number("memory", 0, 10_000),
            "interconnect": text("interconnect", 40, required=False),
            "price": yuan("price"), "region": text("region", 40), "opens": moment("opens"),
            "closes": moment("closes"),
            "origin": choice("origin", [(one, word(f"compute-origin.{one}")) for one in ORIGINS]),
            "attested": text("attested", 200, required=False),
        }, sent,
    )  # fmt: skip


class _PoolForm(Made):
    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("origin") in ("domestic", "foreign") and not said.get("attested", "").strip():
            self.add_error("attested", word("compute.attested-missing"))
        _in_order(self, said, "opens", "closes")
        return said


def change_form(pool: Pool, sent: Any = None) -> Made:
    """What a pool has from now on."""
    said = {
        "count": pool.count, "price": pool.price / FEN, "withdrawn": pool.withdrawn,
        "closes": None if pool.until_s == NO_END_S else _moment(pool.until_s),
    }  # fmt: skip
    fields = {"count": number("count"), "price": yuan("price"), "closes": moment("closes"),
              "withdrawn": tick("withdrawn")}  # fmt: skip
    return Made(fields, sent, initial=said)


def pool_of(said: Mapping[str, Any]) -> Pool:
    """The pool that a form says, without its supplier."""
    return Pool(
        id=said["id"], supplier="", kind=said["kind"].strip(), count=said["count"],
        node=said["node"], memory_gib=said["memory_gib"], price=int(said["price"] * FEN),
        region=said["region"].strip(), interconnect=said["interconnect"].strip(),
        from_s=seconds(said["opens"], 0), until_s=seconds(said["closes"], NO_END_S),
        origin=said["origin"], attested=said["attested"].strip(),
    )  # fmt: skip


def need_form(pools: Sequence[Pool], sent: Any = None, like: Need | None = None) -> Made:
    """A need is stated: work, how fast each kind does it, and what must be so. `like`: one that
    was stated before, to be changed."""
    nets = {pool.interconnect for pool in pools if pool.interconnect}
    regions = {pool.region for pool in pools}
    kinds = sorted({pool.kind for pool in pools if not pool.withdrawn})
    speeds = {
        f"speed-{kind}": forms.FloatField(
            label=word("compute.speed-on", kind=kind), min_value=0, max_value=1e12, required=False
        )
        for kind in kinds
    }
    bases = [(one, word(f"compute-basis.{one}")) for one in ("customer", "assumed")]
    return _NeedForm(
        {
            "unit": text("unit", 40),
            "work": forms.FloatField(label=_label("work"), help_text=_hint("work"), min_value=0,
                                     max_value=1e15),
            **speeds,
            "basis": choice("basis", bases), "source": text("source", 200),
            "gang": number("gang", 1, 10_000, initial=1),
            "memory_gib": number("memory-least", 0, 10_000, initial=0),
            "interconnects": _several("interconnects", nets),
            "regions": _several("regions", regions),
            "start": moment("start"), "begin_by": moment("begin-by"), "due": moment("due"),
            "budget": yuan("budget", required=False),
            "interruptible": tick("interruptible"), "domestic_only": tick("domestic-only"),
        },
        sent, initial={"interruptible": True} if like is None else _said_by(like),
    )  # fmt: skip


class _NeedForm(Made):
    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if not any(said.get(name) for name in self.fields if name.startswith("speed-")):
            first = next((one for one in self.fields if one.startswith("speed-")), None)
            self.add_error(first, word("compute.speed-missing"))
        if said.get("work") == 0:
            self.add_error("work", word("compute.work-missing"))
        _in_order(self, said, "start", "begin_by")
        _in_order(self, said, "start", "due")
        return said


def need_of(said: Mapping[str, Any], account: str, now_s: int) -> Need:
    """The need that a form says; its id is made when it is answered."""
    speeds = {
        name.removeprefix("speed-"): Speed(value, said["basis"], said["source"].strip(), now_s)
        for name, value in said.items() if name.startswith("speed-") and value
    }  # fmt: skip
    budget = said["budget"]
    return Need(
        id="", account=account, work=said["work"], unit=said["unit"].strip(), speeds=speeds,
        gang=said["gang"], memory_gib=said["memory_gib"],
        interconnects=frozenset(said["interconnects"]), regions=frozenset(said["regions"]),
        start_s=seconds(said["start"], 0), due_s=seconds(said["due"], None),
        budget=None if budget is None else int(budget * FEN),
        interruptible=said["interruptible"], domestic_only=said["domestic_only"],
        begin_by_s=seconds(said["begin_by"], None),
    )  # fmt: skip


def _said_by(need: Need) -> dict[str, Any]:
    """What somebody would type to state a need again."""
    speeds = {f"speed-{kind}": f"{speed.value:.12g}" for kind, speed in need.speeds.items()}
    first = next(iter(need.speeds.values()))
    return speeds | {
        "unit": need.unit, "work": f"{need.work:.12g}", "basis": first.basis,
        "source": first.source, "gang": need.gang, "memory_gib": need.memory_gib,
        "interconnects": sorted(need.interconnects), "regions": sorted(need.regions),
        "start": _moment(need.start_s) if need.start_s else None,
        "begin_by": None if need.begin_by_s is None else _moment(need.begin_by_s),
        "due": None if need.due_s is None else _moment(need.due_s),
        "budget": None if need.budget is None else f"{need.budget / FEN:.2f}",
        "interruptible": need.interruptible, "domestic_only": need.domestic_only,
    }  # fmt: skip


def task_form(
    vouchers: Sequence[tuple[str, str]], hours: float, containers: bool, sent: Any = None
) -> Made:
    """An offer is accepted: what runs, for how long at most, paid from what. `hours`: as long as
    it is expected to run; `containers`: whether anything runs images here."""
    longest = forms.FloatField(
        label=word("compute.longest"),
        help_text=word("compute.longest-hint"),
        min_value=0.01,
        max_value=LONGEST_S / 3600,
    )
    script = words("script", SCRIPT_MAX)
    script.widget.attrs |= {"class": "code", "spellcheck": "false"}
    image = text("image", 200, required=False, validators=[_IMAGE])
    if not containers:
        image.help_text = word("compute.no-containers")
    fields = {"script": script, "image": image, "longest": longest,
              "voucher": choice("voucher", vouchers)}  # fmt: skip
    return Made(fields, sent, initial={"longest": round(max(0.02, 1.5 * hours), 2)})


def claim_form(
    programme: Programme, asks: Sequence[tuple[str, str]], suppliers: Sequence[tuple[str, str]],
    sent: Any = None,
) -> Made:  # fmt: skip
    """An application for a voucher: the contract, what was paid, and what is so (`asks`: id and
    words of each requirement)."""
    day = forms.DateInput(attrs={"type": "date"})
    return Made(
        {
            "supplier": choice("claim-supplier", suppliers), "contract": text("contract", 80),
            "signed": forms.DateField(label=word("compute.signed"), widget=day),
            "settled": yuan("settled"),
            **{f"met-{name}": forms.BooleanField(label=said, required=False)
               for name, said in asks},
        }, sent,
    )  # fmt: skip


def bill_form(sent: Any = None, files: Any = None) -> Made:
    """A bill to be checked, and the days on which its jobs ended."""
    hint = word("compute.bill-days-hint")
    days = {
        name: forms.DateField(label=_label(f"bill-{name}"), help_text=hint, required=False,
                              widget=forms.DateInput(attrs={"type": "date"}))
        for name in ("since", "until")
    }  # fmt: skip
    file = forms.FileField(
        label=_label("bill-file"), help_text=_hint("bill-file"), validators=[_fits_bill]
    )
    return Made({"bill": file, **days}, sent, files)


def _fits_bill(file: Any) -> None:
    if file.size > BILL_BYTES_MAX:
        raise forms.ValidationError(word("compute.bill-large", n=BILL_BYTES_MAX >> 20))


def seconds(said: datetime | None, default: Any) -> Any:
    """A moment in seconds since 1970, or the default where there is none."""
    return default if said is None else int(said.timestamp())


def _moment(at_s: int) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)


def _several(name: str, values: set[str]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=_label(name), help_text=_hint(name), required=False,
        choices=[(one, one) for one in sorted(values) if one],
        widget=forms.SelectMultiple,
    )  # fmt: skip


def _in_order(form: forms.Form, said: Mapping[str, Any], first: str, then: str) -> None:
    if said.get(first) and said.get(then) and said[then] <= said[first]:
        form.add_error(then, word("compute.in-order"))


def _label(name: str) -> str:
    return word(f"compute.{name}")


def _hint(name: str) -> str:
    return word(f"compute.{name}-hint") if f"compute.{name}-hint" in sentences() else ""
