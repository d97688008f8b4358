"""Does a document obey CycloneDX's own schema? Asked offline: the schema comes with a package.

It refuses to know what a document means, and to fetch anything. The package is
`cyclonedx-python-lib` (Apache-2.0), the extra `bom`; without it nothing is called valid.
"""

from __future__ import annotations

from licet.base.extras import to_install
from licet.base.trouble import Unavailable
from licet.cases.dossier_bom import SPEC

DOCUMENT_BYTES_MAX = 5 << 20
FAULTS_MAX = 20


def schema_faults(data: bytes) -> tuple[str, ...]:
    """What of a JSON document the schema of CycloneDX 1.7 forbids, each with its place; nothing
    where it is valid. Raises Unavailable where the package is not installed."""
    try:
        from cyclonedx.schema import SchemaVersion
        from cyclonedx.validation.json import JsonStrictValidator
    except ImportError:
        raise Unavailable(
            "the schema of CycloneDX is not installed.", hint=to_install("bom")
        ) from None
    if len(data) > DOCUMENT_BYTES_MAX:
        return (f"it is larger than {DOCUMENT_BYTES_MAX >> 20} MiB",)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ("it is not UTF-8",)
    if f'"{SPEC}"' not in text:
        return (f"it is not of specVersion {SPEC}",)
    try:
        found = JsonStrictValidator(SchemaVersion.V1_7).validate_str(text, all_errors=True)
    except RecursionError:
        return ("it is nested too deeply",)
    return tuple(_said(one.data) for _, one in zip(range(FAULTS_MAX), found or (), strict=False))


def _said(fault: object) -> str:
    path = "/".join(str(step) for step in getattr(fault, "absolute_path", ()))
    message = str(getattr(fault, "message", fault))[:200]
    return f"{path}: {message}" if path else message
