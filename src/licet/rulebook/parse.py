"""From TOML documents to a Pack: pure, so that any broken pack can be written down in a test.

It refuses to know where documents come from; `load` reads them.

Rules
1. Every file of CORE must be there; of a chapter (JUDGING, LICENSING) all files or none; MINORS
   rests on both chapters, ASSESSING and LABELLING on JUDGING, SHARING on ASSESSING, any file of
   SUPERVISION on LICENSING; no other.
2. A pack whose statements don't hold together (see `cite`) is refused as a whole.
3. The digest covers the content, not comments, order of keys or white space.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Literal, Protocol, TypeVar, get_args

from licet.base.canonical import canonical_json, sha256_hex
from licet.base.trouble import BadInput
from licet.rulebook.check_procedure import check_procedure
from licet.rulebook.check_supervision import check_supervision
from licet.rulebook.cite import check_citations
from licet.rulebook.grounds import Cite, Parameter, Source
from licet.rulebook.model import (
    Category,
    Clock,
    Coverage,
    Deontic,
    GuardSettings,
    Pack,
    PicturesUnclassified,
    Provision,
    Retention,
    Risk,
    RiskCatalogue,
    RiskGroup,
    Role,
    Tier,
    TierName,
)
from licet.rulebook.parse_assessment import BOUNDS, parse_assessment
from licet.rulebook.parse_computing import parse_computing
from licet.rulebook.parse_corpus import parse_corpus
from licet.rulebook.parse_guard import parse_guard
from licet.rulebook.parse_labels import parse_labels
from licet.rulebook.parse_minors import parse_minors
from licet.rulebook.parse_procedure import parse_procedure
from licet.rulebook.parse_supervision import FILES as SUPERVISION
from licet.rulebook.parse_supervision import parse_supervision
from licet.rulebook.strict import Table

Document = Mapping[str, object]
Kind = Literal["calendar", "working"]

CORE = ("pack.toml", "provisions.toml", "sources.toml")
JUDGING = ("risks.toml", "categories.toml", "retention.toml", "tiers.toml", "guard.toml")
LICENSING = ("forms.toml", "procedure.toml", "scope.toml", "calendar.toml")
MINORS = ("minors.toml",)
ASSESSING = ("assessment.toml",)
LABELLING = ("labels.toml",)
SHARING = ("corpus.toml",)
COMPUTING = ("compute.toml",)
FILES = (
    CORE + JUDGING + LICENSING + MINORS + ASSESSING + LABELLING + SHARING + COMPUTING + SUPERVISION
)
OPERATOR = "operator"  # the category of rules that an operator writes and answers for
BEARERS = ("provider", "user", "authority", "state", "anyone")
COUNTERPARTIES = (
    "public",
    "user",
    "minor",
    "data_subject",
    "rights_holder",
    "provider",
    "authority",
)
DEONTICS: tuple[Deontic, ...] = get_args(Deontic)
COVERAGES: tuple[Coverage, ...] = get_args(Coverage)
TIERS: tuple[TierName, ...] = get_args(TierName)
PICTURES_UNCLASSIFIED: tuple[PicturesUnclassified, ...] = get_args(PicturesUnclassified)
ROLES: tuple[Role, ...] = get_args(Role)
KINDS: tuple[Kind, ...] = get_args(Kind)

_WORD = r"[a-z][a-z0-9_]*"
_EVENT = rf"{_WORD}(\.{_WORD})*"
_PERIOD = r"P[1-9]\d*[DM]|PT[1-9]\d*H"
_DUE = rf"promptly|as_published|as_ordered|{_PERIOD}"
_DAYS_MAX = 36_525  # a century: anything longer is a slip of the pen


class _Named(Protocol):
    @property
    def id(self) -> str: ...


N = TypeVar("N", bound=_Named)


def parse_pack(documents: Mapping[str, Document]) -> Pack:
    """The Pack in a set of TOML documents by file name. Raises BadInput with file and key."""
    _check_files(documents)
    numbers: dict[str, Parameter] = {}

    def table(file: str) -> Table:
        return Table(file, "", documents[file], numbers)

    with table("pack.toml") as head:
        languages = head.words("languages", r"[a-z]{2}(-[A-Z][a-z]{3})?")
        with table("provisions.toml") as root:
            provisions = _shelf(_provision(row, languages) for row in root.tables("provision"))
        with table("sources.toml") as root:
            sources = _shelf(_source(row) for row in root.tables("source"))
        since, until = _in_force(head)
        pack = Pack(
            id=head.text("id", r"[a-z0-9]+(-[a-z0-9]+)*", '"cn-genai-2023"'),
            version=head.text("version", r"\d+\.\d+\.\d+", '"1.2.0"'),
            title=head.wording("title", languages),
            issued_by=head.wording("issued_by", languages),
            official_pages=head.words("official_pages", r"https://\S+"),
            languages=languages,
            time_zone=head.text("time_zone", r"[A-Z]\w+/[A-Z]\w+|UTC", '"Asia/Shanghai"'),
            promulgated=head.day("promulgated"),
            in_force_from=since,
            in_force_to=until,
            digest="",
            provisions=provisions,
            standard=None,
            risks=MappingProxyType({}),
            categories=MappingProxyType({}),
            retention=MappingProxyType({}),
            tiers=MappingProxyType({}),
            sources=sources,
            parameters=MappingProxyType(numbers),
            judging=None,
            assessing=None,
            licensing=None,
            youth=None,
            following=None,
            labelling=None,
            sharing=None,
            computing=None,
        )
    if JUDGING[0] in documents:
        pack = _judging(pack, table)
    pack = _resting_on_judging(pack, table, documents)
    if LICENSING[0] in documents:
        tables = {file: table(file) for file in LICENSING}
        procedure = parse_procedure(pack, tables)
        tables = {file: table(file) for file in SUPERVISION if file in documents}
        following = parse_supervision(tables, procedure, languages) if tables else None
        pack = replace(pack, licensing=procedure, following=following)
    pack = _standing_alone(pack, table, documents)
    _refuse_faults(pack)
    return replace(pack, digest=_digest(documents))


def _standing_alone(
    pack: Pack, table: Callable[[str], Table], documents: Mapping[str, Document]
) -> Pack:
    """The pack with its rules for minors and for computing power, where it has such."""
    if MINORS[0] in documents:
        with table(MINORS[0]) as root:
            pack = replace(pack, youth=parse_minors(root, pack))
    if COMPUTING[0] in documents:
        with table(COMPUTING[0]) as root:
            pack = replace(pack, computing=parse_computing(root, pack.languages))
    return pack


def _resting_on_judging(
    pack: Pack, table: Callable[[str], Table], documents: Mapping[str, Document]
) -> Pack:
    """The pack with what a service is assessed by, how content is labelled, data shared."""
    if ASSESSING[0] in documents:
        with table(ASSESSING[0]) as root:
            groups = pack.standard.groups if pack.standard else ()
            pack = replace(pack, assessing=parse_assessment(root, pack.languages, groups))
    if LABELLING[0] in documents:
        with table(LABELLING[0]) as root:
            pack = replace(pack, labelling=parse_labels(root, pack))
    if SHARING[0] in documents:
        with table(SHARING[0]) as root:
            pack = replace(pack, sharing=parse_corpus(root, pack))
    return pack


def _judging(pack: Pack, table: Callable[[str], Table]) -> Pack:
    """The pack with what the guard judges by."""
    languages = pack.languages
    with table("categories.toml") as root:
        rows = [_category(row, languages) for row in root.tables("category")]
    with table("risks.toml") as root:
        catalogue, risks = _risks(root, languages)
    with table("retention.toml") as root:
        retention = _shelf(_retention(row, languages) for row in root.tables("retention"))
    with table("tiers.toml") as root:
        tiers = _shelf(_tier(row, languages) for row in root.tables("tier"))
    categories = _shelf(_serving(category, risks) for category in rows)
    with table("guard.toml") as root:
        judging: GuardSettings = parse_guard(root, categories)
    return replace(
        pack,
        standard=catalogue,
        risks=risks,
        categories=categories,
        retention=retention,
        tiers=tiers,
        judging=judging,
    )


def _check_files(documents: Mapping[str, Document]) -> None:
    needed: tuple[str, ...] = CORE
    for chapter, leaning in (
        (JUDGING, ASSESSING + LABELLING + SHARING),
        (ASSESSING, SHARING),
        (LICENSING, SUPERVISION),
    ):
        needed += chapter if set(chapter + leaning + MINORS) & set(documents) else ()
    for file in needed if len(needed) > len(CORE) else CORE + JUDGING + LICENSING:
        if file not in documents:
            raise BadInput(f"{file}: is missing.", hint=f"A pack holds {', '.join(FILES)}.")
    for file in sorted(set(documents) - set(FILES)):
        raise BadInput(f"{file}: is no file of a pack.", hint=f"A pack holds {', '.join(FILES)}.")


def _refuse_faults(pack: Pack) -> None:
    procedure = check_procedure(pack.licensing) if pack.licensing else ()
    law = frozenset(pack.provisions) | frozenset(pack.licensing.bases if pack.licensing else ())
    following = check_supervision(pack.following, law) if pack.following else ()
    faults = (*check_citations(pack), *procedure, *following)
    if faults:
        first, *rest = faults
        more = f" ({len(rest)} more: {'; '.join(map(str, rest[:5]))})" if rest else ""
        raise BadInput(f"{first}{more}", hint=first.remedy)


def _in_force(head: Table) -> tuple[date, date | None]:
    with head.table("in_force") as force:
        since = force.day("from")
        until = force.day("to") if force.has("to") else None
        if until is not None and until <= since:
            force.refuse("to", "comes before `from`.", "Correct the dates.")
        return since, until


def _provision(row: Table, languages: tuple[str, ...]) -> Provision:
    with row:
        return Provision(
            id=row.text("id", r"art\d+[a-z]?(\.\d+)?", '"art14.1"'),
            cite=_cite(row),
            deontic=row.choice("deontic", DEONTICS),
            bearers=row.choices("bearer", BEARERS),
            counterparty=(
                row.choice("counterparty", COUNTERPARTIES) if row.has("counterparty") else None
            ),
            trigger=row.text("trigger", _EVENT, '"unlawful_content.found"'),
            actions=row.words("action", _WORD),
            clock=_clock(row) if row.has("clock") else None,
            paraphrase=row.wording("paraphrase", languages),
            provenance=row.provenance(),
        )


def _cite(row: Table) -> Cite:
    with row.table("cite") as cite:
        article = cite.ordinal("article")
        if article is None:
            cite.refuse("article", "is missing.", "Write cite = { article = 14, paragraph = 1 }.")
        return Cite(article, cite.ordinal("paragraph"), cite.ordinal("item"))


def _clock(row: Table) -> Clock:
    with row.table("clock") as clock:
        due = clock.text("due", _DUE, '"promptly", "as_published", "as_ordered" or "P10D"')
        kind = clock.choice("kind", KINDS) if clock.has("kind") else None
        if due.startswith("P") != (kind is not None):
            hint = 'A period needs kind = "calendar" or "working"; words take none.'
            clock.refuse("kind", f"does not go with due = {due!r}.", hint)
        start = clock.text("start", _EVENT, '"unlawful_content.found"')
        return Clock(start, due, kind, clock.provenance())


def _risks(root: Table, languages: tuple[str, ...]) -> tuple[RiskCatalogue, Mapping[str, Risk]]:
    with root.table("standard") as standard:
        name, annex = standard.text("name"), standard.text("annex")
        replaces, provenance = standard.text("replaces"), standard.provenance()
    groups = _shelf(_group(row, languages) for row in root.tables("group"))
    risks = _shelf(_risk(row, languages) for row in root.tables("risk"))
    return RiskCatalogue(name, annex, replaces, groups, provenance), risks


def _group(row: Table, languages: tuple[str, ...]) -> RiskGroup:
    with row:
        return RiskGroup(
            id=row.text("id", r"[A-Z]\.\d+", '"A.1"'),
            name=row.wording("name", languages),
            provisions=row.words("provisions"),
            count=row.integer("count", 1, 26),  # clauses are letters
        )


def _risk(row: Table, languages: tuple[str, ...]) -> Risk:
    with row:
        risk_id = row.text("id", r"[A-Z]\.\d+\.[a-z]", '"A.1.a"')
        coverage = row.choice("coverage", COVERAGES)
        if row.has("categories") != (coverage == "shipped"):
            hint = "Name the guard's categories where coverage is shipped, and only there."
            row.refuse("categories", f"does not go with coverage = {coverage!r}.", hint)
        return Risk(
            id=risk_id,
            group=risk_id.rpartition(".")[0],
            name=row.wording("name", languages),
            coverage=coverage,
            categories=row.words("categories", optional=True),
            reason=row.wording("reason", languages),
        )


def _category(row: Table, languages: tuple[str, ...]) -> Category:
    with row:
        return Category(
            id=row.text("id", _EVENT, '"discrimination.age"'),
            name=row.wording("name", languages),
            reason=row.wording("reason", languages),
            provisions=row.words("provisions"),
            roles=row.choices("roles", ROLES),
            scored=row.flag("scored"),
            risks=(),
        )


def _serving(category: Category, risks: Mapping[str, Risk]) -> Category:
    served = tuple(
        risk.id
        for risk in risks.values()
        if category.id in risk.categories
        or (category.id == OPERATOR and risk.coverage == "operator-authored")
    )
    return replace(category, risks=served)


def _retention(row: Table, languages: tuple[str, ...]) -> Retention:
    with row:
        return Retention(
            id=row.text("id", _WORD, '"halted_excerpt"'),
            name=row.wording("name", languages),
            bound=row.choice("bound", BOUNDS),
            days=row.integer("days", 1, _DAYS_MAX),
            provisions=row.words("provisions", optional=True),
        )


def _tier(row: Table, languages: tuple[str, ...]) -> Tier:
    with row:
        return Tier(
            id=row.choice("id", TIERS),
            name=row.wording("name", languages),
            meaning=row.wording("meaning", languages),
            pictures_unclassified=row.policy("pictures_unclassified", PICTURES_UNCLASSIFIED),
        )


def _source(row: Table) -> Source:
    with row:
        return Source(
            id=row.text("id", r"[A-Z]+\d*[a-z]?", '"S4"'),
            what=row.text("what"),
            quality=row.text("quality"),
        )


def _shelf(entries: Iterable[N]) -> Mapping[str, N]:
    return MappingProxyType({entry.id: entry for entry in entries})


def _digest(documents: Mapping[str, Document]) -> str:
    return sha256_hex(canonical_json({name: _plain(doc) for name, doc in documents.items()}))


def _plain(value: object) -> object:
    """The value as JSON. A whole number is one however it is written: RFC 8785 says so, too."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.isoformat() if isinstance(value, date) else value
