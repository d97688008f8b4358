"""A version as Croissant 1.1 metadata (mlcommons.org/croissant/1.1), made from its card.

It refuses to know where files are kept; the caller gives the address under which they are served.
Pure.

Rules
1. Nothing stands here that the card and the manifest do not say; what they do not say is left out.
2. Every file has its SHA-256, so that a reader notices other bytes.
3. What the law wants and Croissant has no word for stands under our own terms, `licet:`.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from licet.corpus.catalogue import Version
from licet.corpus.licences import Terms
from licet.corpus.manifest import File
from licet.rulebook.corpus import CorpusRules

CONFORMS_TO = "http://mlcommons.org/croissant/1.1"
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        word: f"cr:{word}"
        for word in (
            "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract",
            "field", "fileProperty", "fileObject", "fileSet", "format", "includes", "isArray",
            "isLiveDataset", "jsonPath", "key", "md5", "parentField", "path", "recordSet",
            "references", "regex", "repeated", "replace", "samplingRate", "separator", "source",
            "subField", "transform",
        )
    },
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "licet": "urn:licet:terms:",
    "name": {"@container": "@language"},
    "prov": "http://www.w3.org/ns/prov#",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
}  # fmt: skip
FORMATS = {
    "parquet": "application/vnd.apache.parquet",
    "jsonl": "application/jsonlines",
    "ndjson": "application/jsonlines",
    "json": "application/json",
    "csv": "text/csv",
    "txt": "text/plain",
    "md": "text/markdown",
    "warc": "application/warc",
    "gz": "application/gzip",
    "zip": "application/zip",
    "toml": "application/toml",
}
BYTES = "application/octet-stream"


def format_of(path: str) -> str:
    """The media type that a file's name ends for; bytes where it is none that we know."""
    return FORMATS.get(path.rpartition(".")[2].lower(), BYTES)


def croissant(
    version: Version, terms: Terms, rules: CorpusRules, *, base_url: str
) -> dict[str, Any]:
    """The metadata as a JSON-LD object. `base_url`: the address of this platform, no slash."""
    manifest, card = version.manifest, version.manifest.card
    page, review = f"{base_url}/datasets/{manifest.dataset}", card.ip_review
    said: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "@id": f"{page}/tree/{version.commit}",
        "name": {"en": manifest.dataset},
        "alternateName": [card.title.zh, card.title.en],
        "description": {"zh": card.summary.zh, "en": card.summary.en},
        "url": page,
        "license": _licence_url(card.licence),
        "version": f"{version.n}.0.0",
        "datePublished": manifest.made,
        "creator": {"@type": "sc:Organization", "name": {"en": manifest.by}},
        "citeAs": f"{manifest.dataset}@{version.commit}",
        "inLanguage": list(card.languages),
        "keywords": list(card.modalities),
        "isAccessibleForFree": not rules.access[card.access].needs_grant,
        "distribution": [
            _file(number, file, version, base_url) for number, file in enumerate(manifest.files, 1)
        ],
        "licet:access": card.access,
        "licet:personalDataBasis": card.personal_data.basis,
        "licet:rightsReview": f"{review.by}, {review.on}: {review.finding}",
        "licet:allows": sorted(terms.allows),
        "licet:asks": sorted(terms.asks),
    }
    if terms.credit:
        said["creditText"] = "; ".join(terms.credit)
    if card.made_from:
        said["prov:wasDerivedFrom"] = [
            {"@id": f"{base_url}/datasets/{one.id}/tree/{one.version}"} for one in card.made_from
        ]
    if card.source:
        said["rai:dataCollection"] = "; ".join(
            f"{one.name} ({rules.sources[one.type].name['en']})" for one in card.source
        )
    if card.annotation:
        said["rai:dataAnnotationProtocol"] = [f"{r.id}@{r.version}" for r in card.annotation]
    if card.personal_data.basis != "none":
        said["rai:personalSensitiveInformation"] = rules.bases[card.personal_data.basis].name["en"]
    return said


def _file(number: int, file: File, version: Version, base_url: str) -> dict[str, Any]:
    dataset, path = version.manifest.dataset, quote(file.path)
    return {
        "@type": "cr:FileObject",
        "@id": f"file-{number}",  # its readers want no white space in it
        "name": {"en": file.path},
        "contentUrl": f"{base_url}/datasets/{dataset}/resolve/{version.commit}/{path}",
        "contentSize": f"{file.size} B",
        "encodingFormat": format_of(file.path),
        "sha256": file.sha256,
    }


def _licence_url(licence: str) -> str:
    if licence.startswith("LicenseRef-"):
        return f"urn:licet:licence:{licence.removeprefix('LicenseRef-')}"
    return f"https://spdx.org/licenses/{licence}.html"
