"""Requests that are answered with an error: each class is a status of HTTP."""

from __future__ import annotations

from mtlite.errors import MtliteError


class RequestError(MtliteError):
    """The request is wrong: a body that is no JSON, a language that is not served, a sentence that is too long."""

    status = 400


class ForbiddenError(RequestError):
    """The key of the server is missing, or it is another one."""

    status = 403


class TooLargeError(RequestError):
    """More bytes or more sentences than one request may have."""

    status = 413


class QueueFullError(RequestError):
    """Too many sentences wait already: the same request may be sent again later."""

    status = 429


class StoppingError(RequestError):
    """The server ends: it finishes what it has, and takes nothing new."""

    status = 503
