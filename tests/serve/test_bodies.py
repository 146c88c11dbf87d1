"""`serve/bodies.py`: bodies of every kind become values, or one line that says what was expected."""

from __future__ import annotations

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest
from starlette.requests import Request

from mtlite.limits import MAX_REQUEST_BYTES
from mtlite.serve import bodies
from mtlite.serve.bodies import read_texts, read_translating, read_values, refuse_markup
from mtlite.serve.refusals import RequestError, TooLargeError

FORM = "application/x-www-form-urlencoded"


def awaited(coroutine):
    """What a coroutine gives, from a thread of its own: a browser of other tests has a loop running in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def values_of(body, kind="application/json", query=""):
    """What is read of a request; its body comes in two parts."""
    half = len(body) // 2
    parts = [(body[:half], True), (body[half:], False)]

    async def receive():
        part, more = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": more}

    headers = [(b"content-type", kind.encode())]
    scope = {"type": "http", "method": "POST", "headers": headers, "query_string": query.encode(), "app": None}
    return awaited(read_values(Request(scope, receive)))


def multipart(*fields, file=False):
    name = '; filename="a.txt"' if file else ""
    parts = (f'--x\r\nContent-Disposition: form-data; name="{key}"{name}\r\n\r\n{value}\r\n' for key, value in fields)
    return "".join([*parts, "--x--\r\n"]).encode(), "multipart/form-data; boundary=x"


@pytest.mark.parametrize(
    ("body", "kind", "texts", "several"),
    [
        (b'{"q": "a\\n\\u00e4"}', "application/json", ["a\nä"], False),
        (b'{"q": ["a", ""]}', "application/json; charset=utf-8", ["a", ""], True),
        (b'{"q": "a"}', "", ["a"], False),
        (b'{"q": "a"}', "text/plain", ["a"], False),
        (urlencode({"q": "a & ä\r\nb"}).encode(), FORM, ["a & ä\r\nb"], False),
        (b"q=a&q=b&q=c", FORM, ["a", "b", "c"], True),
        (urlencode({"q": '["a", "b"]'}).encode(), FORM, ["a", "b"], True),
        (urlencode({"q": "[sic] a"}).encode(), FORM, ["[sic] a"], False),
        (urlencode({"q": "[1, 2]"}).encode(), FORM, ["[1, 2]"], False),
        (*multipart(("q", "ä b"), ("source", "en")), ["ä b"], False),
        (b"", "", ["from the address"], False),
    ],
)
def test_texts_are_read_from_bodies_of_every_kind(body, kind, texts, several):
    read = read_texts(values_of(body, kind, "q=from+the+address"))
    assert (read.q, read.several) == (texts, several)


def test_the_rest_is_read_with_what_it_is_if_nothing_is_said():
    least = read_translating({"source": "auto", "target": "de"})
    assert (least.alternatives, least.format) == (0, "text")
    form = values_of(b"q=a&source=en&target=de&alternatives=3&format=&glossary=x", FORM)
    assert (read_translating(form).alternatives, read_translating(form).format) == (3, "text")
    assert read_translating({**form, "alternatives": None, "format": None}) == read_translating(
        {"source": "en", "target": "de"}
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"{", ["JSON"]),
        (b"[" * 100_000, ["JSON"]),
        (b"\xff\xfe\x00", ["JSON"]),
        (b"[1]", ["object", "list"]),
        (b'"q"', ["object", "str"]),
        (b"{}", ["q", "nothing"]),
        (b'{"q": null}', ["q", "nothing"]),
        (b'{"q": 3}', ["q", "text", "3"]),
        (b'{"q": {"a": 1}}', ["q", "text"]),
        (b'{"q": ["a", 1]}', ["q[2]", "text", "1"]),
        (b'{"q": [["a"]]}', ["q[1]", "text"]),
        (b'{"q": "\\ud800"}', ["q[1]", "UTF-8"]),
    ],
)
def test_a_wrong_text_is_refused_in_one_line(body, words):
    with pytest.raises(RequestError) as caught:
        read_texts(values_of(body))
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source": None}, ["source", "text", "null"]),
        ({"target": ""}, ["target", "code of a language"]),
        ({"target": ["de"]}, ["target", "text"]),
        ({"alternatives": -1}, ["alternatives", "0"]),
        ({"alternatives": 10**9}, ["alternatives", "100"]),
        ({"alternatives": "many"}, ["alternatives", "many"]),
        ({"alternatives": True}, ["alternatives", "true"]),
        ({"format": "xml"}, ["format", "text", "html", "xml"]),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(change, words):
    with pytest.raises(RequestError) as caught:
        read_translating({"source": "en", "target": "de", **change})
    assert all(word in str(caught.value) for word in words), str(caught.value)


@pytest.mark.parametrize("missing", ["source", "target"])
def test_a_missing_value_is_named(missing):
    with pytest.raises(RequestError, match=f"{missing}: expected"):
        read_translating({name: "en" for name in ("source", "target") if name != missing})


def test_a_body_that_is_too_large_is_refused_whatever_it_holds():
    large = json.dumps({"q": "a" * MAX_REQUEST_BYTES}).encode()
    for body in (large, large * 10):
        with pytest.raises(TooLargeError, match=f"{MAX_REQUEST_BYTES:,}"):
            values_of(body)
    fits = json.dumps({"q": "a" * (MAX_REQUEST_BYTES - 20)}).encode()
    assert len(read_texts(values_of(fits)).q[0]) == MAX_REQUEST_BYTES - 20


def test_a_form_that_is_none_is_refused_and_nothing_is_logged(caplog):
    for body, kind in (
        (b"no form", "multipart/form-data; boundary=x"),
        (b"no form", "multipart/form-data"),
        multipart(("q", "a"), file=True),
    ):
        with pytest.raises(RequestError):
            read_texts(values_of(body, kind))
    assert caplog.records == []


@pytest.mark.parametrize("text", ["<b>a</b>", "a<br>", "a &amp; b", "&#228;", "<!-- a -->"])
def test_markup_is_refused_where_it_would_be_kept_and_text_where_it_is_text(text):
    with pytest.raises(RequestError, match=r"q\[2\].*format text"):
        refuse_markup(["a < b & c", text], "html")
    refuse_markup([text], "text")


def test_a_body_that_never_comes_whole_is_not_waited_for(monkeypatch):
    async def receive():
        await asyncio.sleep(3600)

    monkeypatch.setattr(bodies, "_SECONDS_FOR_A_BODY", 0.01)
    scope: dict[str, object] = {"type": "http", "method": "POST", "headers": [], "query_string": b""}
    with pytest.raises(RequestError, match=r"within 0\.01 seconds"):
        awaited(read_values(Request(scope, receive)))


def test_more_texts_than_a_request_may_have_are_refused():
    with pytest.raises(TooLargeError, match="2,001"):
        read_texts({"q": [""] * 2_001})
    assert len(read_texts({"q": [""] * 2_000}).q) == 2_000
