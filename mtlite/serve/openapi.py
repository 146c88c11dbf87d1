"""The interface as an OpenAPI 3.1 document, for people and for generators of clients; tests hold answers to it."""

from __future__ import annotations

from mtlite.version import __version__

Schema = dict[str, object]

_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_TEXT_OR_TEXTS: Schema = {"oneOf": [_TEXT, _TEXTS]}
_CODE: Schema = {"type": "string", "description": "Code of a language, as /languages lists them"}


def _object(required: dict[str, Schema], optional: dict[str, Schema] | None = None, open_: bool = False) -> Schema:
    properties = {**required, **(optional or {})}
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        **({} if open_ else {"additionalProperties": False}),
    }


_DETECTED = _object({"language": _CODE, "confidence": {"type": "number", "minimum": 0, "maximum": 100}})
_LANGUAGE = _object({"code": _CODE, "name": _TEXT, "targets": {"type": "array", "items": _CODE}})
_NAMED = _object({"code": _CODE, "name": _TEXT})

SCHEMAS: dict[str, Schema] = {
    "Error": _object({"error": _TEXT}),
    "TranslateRequest": _object(
        {
            "q": {**_TEXT_OR_TEXTS, "description": "A text, or a list of texts; the answer has the same form"},
            "source": {"type": "string", "description": "Code of a language, or auto"},
            "target": _CODE,
        },
        {
            "alternatives": {"type": "integer", "minimum": 0, "maximum": 100, "default": 0},
            "format": {"enum": ["text", "html"], "default": "text"},
            "api_key": {"type": "string"},
        },
        open_=True,
    ),
    "TranslateAnswer": {
        "oneOf": [
            _object({"translatedText": _TEXT}, {"alternatives": _TEXTS, "detectedLanguage": _DETECTED}),
            _object(
                {"translatedText": _TEXTS},
                {
                    "alternatives": {"type": "array", "items": _TEXTS},
                    "detectedLanguage": {"type": "array", "items": _DETECTED},
                },
            ),
        ]
    },
    "DetectRequest": _object({"q": _TEXT_OR_TEXTS}, {"api_key": {"type": "string"}}, open_=True),
    "DetectAnswer": {"type": "array", "items": _DETECTED},
    "Languages": {"type": "array", "items": _LANGUAGE},
    "Health": _object({"status": {"const": "ok"}}),
    "Settings": _object(
        {
            "apiKeys": {"type": "boolean"},
            "keyRequired": {"type": "boolean"},
            "charLimit": {"type": "integer"},
            "frontendTimeout": {"type": "integer"},
            "suggestions": {"type": "boolean"},
            "filesTranslation": {"type": "boolean"},
            "supportedFilesFormat": _TEXTS,
            "language": _object({"source": _NAMED, "target": _NAMED}),
        }
    ),
}
"""By name, what requests and answers look like."""

REFUSALS = {
    400: "The request is wrong",
    403: "The key is missing, or another one",
    413: "The body or the number of sentences is too large",
    429: "Too many sentences wait: ask again later",
    500: "The model could not translate this",
    503: "The server is stopping",
}


def _content(name: str, kinds: tuple[str, ...] = ("application/json",)) -> Schema:
    return {kind: {"schema": {"$ref": f"#/components/schemas/{name}"}} for kind in kinds}


def _operation(summary: str, answer: str, request: str | None = None) -> Schema:
    """An operation that answers in JSON; one that takes a body can be refused in all ways."""
    responses: Schema = {"200": {"description": summary, "content": _content(answer)}}
    if request is None:
        return {"summary": summary, "responses": responses}
    refused = {str(each): {"description": why, "content": _content("Error")} for each, why in REFUSALS.items()}
    kinds = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
    body = {"required": True, "content": _content(request, kinds)}
    return {"summary": summary, "requestBody": body, "responses": {**responses, **refused}}


def _plain_text(summary: str, kind: str) -> Schema:
    return {"summary": summary, "responses": {"200": {"description": summary, "content": {kind: {"schema": _TEXT}}}}}


def openapi() -> Schema:
    """The whole document."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "mtlite serve", "version": __version__, "license": {"name": "MIT", "identifier": "MIT"}},
        "paths": {
            "/translate": {"post": _operation("Translations", "TranslateAnswer", "TranslateRequest")},
            "/detect": {"post": _operation("Served languages, the likeliest first", "DetectAnswer", "DetectRequest")},
            "/languages": {"get": _operation("Languages, with those that each is translated into", "Languages")},
            "/health": {"get": _operation("Whether the server answers", "Health")},
            "/frontend/settings": {"get": _operation("What a page must know", "Settings")},
            "/metrics": {"get": _plain_text("Counts, as Prometheus reads them", "text/plain")},
            "/spec": {"get": {"summary": "This document", "responses": {"200": {"description": "OpenAPI"}}}},
            "/": {"get": _plain_text("A page that translates in the browser", "text/html")},
        },
        "components": {"schemas": SCHEMAS},
    }
