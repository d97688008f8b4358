"""Forms of several parts: what is read is written again, and nothing else is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from licet.base.trouble import BadInput
from licet.gateway.dialects.images import ImageEdits
from licet.gateway.multipart import Part, boundary_for, form_type, parse_form, render_form

TYPE = b"multipart/form-data; boundary=b"
names = st.from_regex(r"[A-Za-z0-9_.\[\]-]{1,20}", fullmatch=True)
parts = st.lists(
    st.builds(
        Part, names, st.binary(max_size=60),
        st.none() | st.from_regex(r"[ !#-\[\]-~]{0,20}", fullmatch=True),
        st.sampled_from(["", "image/png", "text/plain; charset=utf-8"]),
    ),
    max_size=5,
)  # fmt: skip


@given(parts)
def test_what_is_written_is_read_again(given_parts: list[Part]) -> None:
    if given_parts:
        boundary = boundary_for(given_parts)
        assert list(parse_form(render_form(given_parts, boundary), form_type(boundary))) == (
            given_parts
        )


@given(st.binary(max_size=300))
def test_anything_else_is_refused(body: bytes) -> None:
    for data in (body, b"--b\r\n" + body, b"--b\r\n\r\n" + body + b"\r\n--b--\r\n"):
        with pytest.raises(BadInput):
            ImageEdits(TYPE).parse(data, json_depth_max=64)


HEAD = b'--b\r\nContent-Disposition: form-data; name="prompt"'


@pytest.mark.parametrize(
    "body",
    [
        b"preamble\r\n" + HEAD + b"\r\n\r\nx\r\n--b--",
        HEAD + b"\r\n\r\nx\r\n--b--\r\nepilogue",
        HEAD + b"\r\n\r\nx\r\n--b",
        HEAD + b"\r\n\r\nx",
        HEAD + b"; name*=utf-8''other\r\n\r\nx\r\n--b--",
        HEAD + b'; name="other"\r\n\r\nx\r\n--b--',
        HEAD + b"\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--",
        HEAD + b'\r\nContent-Disposition: form-data; name="n"\r\n\r\nx\r\n--b--',
        HEAD + b"\r\n folded\r\n\r\nx\r\n--b--",
        HEAD + b"\n\nx\r\n--b--",
        b"--b\r\n\r\nx\r\n--b--",
        HEAD + b"\r\n\r\nx\r\n--b \r\n--b--",
    ],
)
def test_what_two_readers_could_read_differently_is_refused(body: bytes) -> None:
    with pytest.raises(BadInput):
        parse_form(body, TYPE)


@pytest.mark.parametrize(
    "kind",
    [b"", b"multipart/form-data", b"text/plain; boundary=b", b"multipart/mixed; boundary=b"],
)
def test_a_form_has_a_boundary(kind: bytes) -> None:
    with pytest.raises(BadInput):
        parse_form(HEAD + b"\r\n\r\nx\r\n--b--", kind)


def form(*more: Part, image: bytes = b"x") -> tuple[bytes, bytes]:
    given_parts = (Part("model", b"m"), Part("prompt", b"Brighter"),
                   Part("image", image, "a.png"), *more)  # fmt: skip
    return render_form(given_parts, b"b"), TYPE


def test_an_edit_goes_on_as_it_was_read_and_with_another_model() -> None:
    body, kind = form(Part("n", b"2"), Part("mask", b"y", "m.png"))
    dialect = ImageEdits(kind)
    ask = dialect.parse(body, json_depth_max=64)
    assert [text.text for text in ask.texts] == ["Brighter", "a.png", "m.png"]
    assert [picture.where for picture in ask.pictures] == ["image[0]", "mask"]
    for model, sent in (("m", ask.body), ("other", dialect.with_model(ask, "other"))):
        read = {part.name: part.data for part in parse_form(sent, ask.content_type)}
        assert read["model"] == model.encode()
        assert (read["image"], read["mask"]) == (b"x", b"y")


@pytest.mark.parametrize(
    "more",
    [
        Part("prompt", b"twice"), Part("stream", b"true"), Part("notes", b"x", "notes.txt"),
        Part("response_format", b"gif"), Part("size", b"\xff"),
    ],
)  # fmt: skip
def test_what_an_edit_cannot_have_is_said(more: Part) -> None:
    body, kind = form(more)
    with pytest.raises(BadInput):
        ImageEdits(kind).parse(body, json_depth_max=64)
