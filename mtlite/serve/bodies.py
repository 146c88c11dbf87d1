"""What a request says: its body, in JSON or as a form, becomes typed values, or a RequestError."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from dataclasses import dataclass
from typing import Annotated, Literal

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message

from mtlite.config.read import Between, Matching, fields_of, parse_json, read_as, shown
from mtlite.config.recipe import Values
from mtlite.limits import MAX_REQUEST_BYTES, MAX_REQUEST_SENTENCES
from mtlite.serve.refusals import RequestError, TooLargeError

_SECONDS_FOR_A_BODY = 60.0
_MOST_FIELDS = 1_000  # of a form: a list is one field for each of its texts
_MOST_BYTES_DISCARDED = 64 << 20  # of a body that is too large: one who is still sending hears no answer
_MARKUP = re.compile(r"</?[A-Za-z!]|&(#\w+|\w+);")
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
logging.getLogger("python_multipart").setLevel(logging.CRITICAL)  # whoever sends a broken form is told, nobody else
Code = Annotated[str, Matching(".{1,99}", "a code of a language")]


@dataclass(frozen=True, kw_only=True)
class Texts:
    """What is asked about."""

    q: list[str]
    several: bool  # whether a list was given: the answer has the same form


@dataclass(frozen=True, kw_only=True)
class Translating:
    """How texts are to be translated; LibreTranslate's clients may send more, which changes nothing here."""

    source: Code
    target: Code
    alternatives: Annotated[int, Between(0, 100)] = 0
    format: Literal["text", "html"] = "text"


async def read_values(request: Request) -> Values:
    """Read the body and the address of a request as plain values by name; `q` of a form may be a list in JSON."""
    body = await _read_body(request)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    values: Values = dict(request.query_params)
    if kind in _FORMS:
        return values | await _form(request, body)
    if not body.strip():
        return values
    given = parse_json(body, "the body: expected JSON, or a form", RequestError)
    if not isinstance(given, dict):
        raise RequestError(f"the body: expected a JSON object with q, received {type(given).__name__}")
    return values | given


async def _read_body(request: Request) -> bytes:
    """The whole body, which a client may not take for ever to send: a stop waits for what was begun."""
    body, size = bytearray(), 0
    try:
        async with asyncio.timeout(_SECONDS_FOR_A_BODY):
            async for part in request.stream():
                size += len(part)
                if size <= MAX_REQUEST_BYTES:
                    body += part
                elif size > _MOST_BYTES_DISCARDED:
                    break
    except TimeoutError:
        expected = f"all of it within {_SECONDS_FOR_A_BODY:g} seconds"
        raise RequestError(f"the body: expected {expected}: send it again") from None
    if size > MAX_REQUEST_BYTES:
        raise TooLargeError(f"the body: expected at most {MAX_REQUEST_BYTES:,} bytes: send it in several requests")
    return bytes(body)


async def _form(request: Request, body: bytes) -> Values:
    """The fields of a form; one that is given several times is a list."""

    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    whole = Request(request.scope, receive)
    try:
        async with whole.form(max_files=0, max_fields=_MOST_FIELDS, max_part_size=MAX_REQUEST_BYTES) as form:
            fields = form.multi_items()
    except (HTTPException, ValueError) as error:  # the second one from the parser under it
        reason = error.detail if isinstance(error, HTTPException) else " ".join(str(error).split())
        raise RequestError(f"the body is no form: {reason[:200]}") from None
    values: Values = {}
    for name, value in fields:
        if isinstance(value, UploadFile):
            raise RequestError(f"{shown(name)}: expected text, received a file")
        values[name] = [*_listed(values[name]), value] if name in values else value
    if "q" in values:
        values["q"] = _list_in_json(values["q"])
    return values


def _listed(value: str | list[str]) -> list[str]:
    return value if isinstance(value, list) else [value]


def _list_in_json(value: str | list[str]) -> str | list[str]:
    """The texts of a form's field that holds a list in JSON, as some clients send one; else the value itself."""
    if isinstance(value, str) and value.lstrip().startswith("["):
        try:
            found = json.loads(value)
        except (ValueError, RecursionError):
            return value  # a text that begins with a bracket
        if isinstance(found, list) and all(isinstance(each, str) for each in found):
            return found
    return value


def read_texts(values: Values) -> Texts:
    """Read `q`; an empty text is one, too."""
    given = values.get("q")
    if given is None:
        raise RequestError("q: expected a text or a list of texts, received nothing")
    several = isinstance(given, list)
    if several and len(given) > MAX_REQUEST_SENTENCES:
        most = f"at most {MAX_REQUEST_SENTENCES:,} texts"
        raise TooLargeError(f"q: expected {most}, received {len(given):,}: send them in several requests")
    return read_as(Texts, {"q": given if several else [given], "several": several}, "the request", error=RequestError)


def read_translating(values: Values) -> Translating:
    """Read everything else; what is optional may be null or empty."""
    known = {name: values[name] for name in fields_of(Translating) if name in values}
    given = {name: value for name, value in known.items() if name in ("source", "target") or value not in (None, "")}
    return read_as(Translating, given, "the request", error=RequestError, text=True)


def refuse_markup(texts: list[str], text_format: str) -> None:
    """Raise RequestError for HTML with tags or entities: a model that was trained on text would mangle them."""
    for number, text in enumerate(texts, 1):
        if text_format == "html" and (found := _MARKUP.search(text)):
            raise RequestError(
                f"format: html is served for texts without tags or entities only, received {found[0][:20]} in "
                f"q[{number}]: send the texts between the tags, with format text"
            )
