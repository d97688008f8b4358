"""Labels in PDF: an entry /AIGC of the document information dictionary.

It refuses to know pages. ISO 32000; TC260-PG-20258A. Needs pikepdf (extra `labels`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from licet.base.extras import to_install
from licet.base.trouble import BadInput, Unavailable
from licet.labels.formats.model import LABEL_BYTES_MAX, Copy, Format, Names, broken

if TYPE_CHECKING:
    import pikepdf

_OBJECTS_MAX = 200_000


@contextmanager
def _opened(data: bytes) -> Iterator[pikepdf.Pdf]:
    """The PDF. Raises BadInput for what is none, Unavailable where pikepdf is not installed."""
    if not data[:1024].lstrip().startswith(b"%PDF-"):
        broken("PDF", "it does not begin as one")
    try:
        import pikepdf
    except ImportError:
        raise Unavailable("PDF needs pikepdf.", hint=to_install("labels"))
    try:
        with pikepdf.open(io.BytesIO(data), suppress_warnings=True) as pdf:
            yield pdf
    except pikepdf.PasswordError:
        raise BadInput("the PDF is encrypted.", hint="Remove its password first.")
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, RuntimeError) as error:
        broken("PDF", str(error)[:200])


def read(data: bytes, names: Names) -> tuple[Copy, ...]:
    """The label of a PDF. Raises BadInput, Unavailable."""
    with _opened(data) as pdf:
        from pikepdf import Dictionary

        info = pdf.trailer.get("/Info")
        said = info.get(f"/{names.key}") if isinstance(info, Dictionary) else None
        if said is None:
            return ()
        return (Copy(f"Info /{names.key}", str(said)[:LABEL_BYTES_MAX]),)


def write(data: bytes, text: str, names: Names) -> bytes:
    """The PDF with this label in its information dictionary. Raises BadInput, Unavailable."""
    with _opened(data) as pdf:
        from pikepdf import StreamDecodeLevel

        if pdf.is_encrypted:
            raise BadInput("the PDF is encrypted.", hint="Remove its password first.")
        pdf.docinfo[f"/{names.key}"] = text
        out = io.BytesIO()
        pdf.save(
            out,
            static_id=True,  # the same file in, the same file out
            fix_metadata_version=False,
            compress_streams=False,
            stream_decode_level=StreamDecodeLevel.none,
        )
        return out.getvalue()


def content(data: bytes, names: Names) -> Iterator[bytes]:
    """Every object that the catalogue leads to, in the order in which it does, streams as stored.

    The numbers of objects and the way the file is laid out do not count: saving changes them.
    """
    with _opened(data) as pdf:
        root = pdf.trailer["/Root"]
        numbers = {root.objgen: 0}
        reached = [root]
        for one in reached:  # grows on the way
            yield b"".join(_pieces(one, numbers, reached))
            if len(reached) > _OBJECTS_MAX:
                broken("PDF", "it has too many objects")


def _pieces(
    one: pikepdf.Object, numbers: dict[tuple[int, int], int], reached: list[pikepdf.Object]
) -> Iterator[bytes]:
    """An object in bytes. What it points to is named by when it was first reached."""
    from pikepdf import Object, ObjectType

    waiting: list[object] = [one]
    while waiting:
        value = waiting.pop()
        if isinstance(value, bytes):
            yield value
        elif not isinstance(value, Object):
            yield f"{value!r} ".encode()
        elif value.is_indirect and value is not one:
            if value.objgen not in numbers:
                numbers[value.objgen] = len(numbers)
                reached.append(value)
            yield b"R%d " % numbers[value.objgen]
        elif value._type_code in {ObjectType.dictionary, ObjectType.stream}:
            left_out = {"/Length"}
            if value._type_code == ObjectType.stream:
                stored = value.read_raw_bytes()
                left_out |= set() if stored else {"/Filter", "/DecodeParms"}  # qpdf drops them
                yield stored
            waiting.append(b">>")
            for key in sorted(value.keys(), reverse=True):
                if key not in left_out:
                    waiting += (value[key], key.encode())
            yield b"<<"
        elif value._type_code == ObjectType.array:
            waiting += (b"]", *reversed(list(value)))
            yield b"["
        else:
            yield value.unparse()


PDF = Format("pdf", "text", "application/pdf", (".pdf",), read, write, content, repairs=True)
