"""The HTTP interface that clients of LibreTranslate speak, over models that are loaded."""

from __future__ import annotations

import asyncio
import hmac
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from mtlite.config.recipe import Values
from mtlite.errors import MtliteError, explain
from mtlite.languages import UNSPACED, language_code, name_of, script_of_language
from mtlite.limits import MAX_REQUEST_SENTENCES, MAX_SENTENCE_CHARACTERS
from mtlite.notices import notice
from mtlite.serve.batching import Batcher
from mtlite.serve.bodies import Translating, read_texts, read_translating, read_values, refuse_markup
from mtlite.serve.detection import Detected, Detector
from mtlite.serve.metrics import CONTENT_TYPE, Metrics
from mtlite.serve.openapi import openapi
from mtlite.serve.pairs import AUTO, Pair, find_pair, languages_of, sources_for
from mtlite.serve.refusals import ForbiddenError, QueueFullError, RequestError, TooLargeError
from mtlite.translation.paragraphs import SplitText, split_text

if TYPE_CHECKING:
    from mtlite.serve.batching import Translate
    from mtlite.translation.sentences import Translation

Endpoint = Callable[[Request], Awaitable[Response]]
_SECONDS_TO_WAIT = 500  # what LibreTranslate tells pages: how long an answer may take


class Answer(NamedTuple):
    """One text, translated."""

    text: str
    alternatives: list[str]


class Service:
    """Answers requests.

    Args:
        models: by pair of languages, what translates sentences, with as many hypotheses as it has.
        detector: knows every language of the pairs.
        page: makes the page at `/`; it raises MtliteError where there can be none.
        key: what every request must bring that makes work; None: nothing.
    """

    def __init__(
        self,
        models: Mapping[Pair, Translate],
        detector: Detector,
        page: Callable[[], str],
        key: str | None = None,
        batcher: Batcher | None = None,
    ) -> None:
        self.models, self.pairs, self.detector, self.key = models, list(models), detector, key
        self.metrics = Metrics(lambda: self.batcher.waiting)
        self.batcher = batcher or Batcher(on_batch=self.metrics.batch)
        self._make_page, self._page, self._page_lock = page, "", asyncio.Lock()

    async def translate(self, request: Request) -> Response:
        """`POST /translate`"""
        values = await read_values(request)
        self._refuse_stranger(request, values)
        given, how = read_texts(values), read_translating(values)
        refuse_markup(given.q, how.format)
        detected = await run_in_threadpool(self._detected, given.q, how)
        pairs = [find_pair(each.language, how.target, self.pairs) for each in detected]
        answers = await self._translated(given.q, pairs, how.alternatives)
        columns: Values = {"translatedText": [answer.text for answer in answers]}
        if how.alternatives:
            columns["alternatives"] = [answer.alternatives for answer in answers]
        if how.source == AUTO:
            columns["detectedLanguage"] = [each._asdict() for each in detected]
        return JSONResponse(columns if given.several else {name: each[0] for name, each in columns.items()})

    async def detect(self, request: Request) -> Response:
        """`POST /detect`: of a list of texts, the language of all of them together."""
        values = await read_values(request)
        self._refuse_stranger(request, values)
        text = " ".join(read_texts(values).q)
        return JSONResponse([each._asdict() for each in self.detector(text)])

    async def languages(self, _: Request) -> Response:
        """`GET /languages`"""
        return JSONResponse(languages_of(self.pairs))

    async def health(self, _: Request) -> Response:
        """`GET /health`"""
        return JSONResponse({"status": "ok"})

    async def settings(self, _: Request) -> Response:
        """`GET /frontend/settings`: there are no limits on characters alone, no files, no suggestions."""
        sides = zip(("source", "target"), self.pairs[0], strict=True)
        language = {side: {"code": code, "name": name_of(language_code(code) or code)} for side, code in sides}
        switches = {"apiKeys": False, "keyRequired": self.key is not None, "suggestions": False}
        files: Values = {"filesTranslation": False, "supportedFilesFormat": []}
        limits = {"charLimit": -1, "frontendTimeout": _SECONDS_TO_WAIT}
        return JSONResponse({**switches, **files, **limits, "language": language})

    async def prometheus(self, _: Request) -> Response:
        """`GET /metrics`"""
        return Response(self.metrics.text(), headers={"Content-Type": CONTENT_TYPE})

    async def spec(self, _: Request) -> Response:
        """`GET /spec`"""
        return JSONResponse(openapi())

    async def page(self, _: Request) -> Response:
        """`GET /`: a page with the same models, made when it is first asked for."""
        async with self._page_lock:
            if not self._page:
                try:
                    self._page = await run_in_threadpool(self._make_page)
                except MtliteError as error:
                    raise HTTPException(404, f"there is no page of these runs: {error}") from None
        return HTMLResponse(self._page)

    def _refuse_stranger(self, request: Request, values: Values) -> None:
        if self.key is None:
            return
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        given = str(values.get("api_key") or values.get("apiKey") or bearer)
        if not hmac.compare_digest(given.encode(errors="replace"), self.key.encode(errors="replace")):
            raise ForbiddenError(f"api_key: expected the key of this server, received {'another' if given else 'none'}")

    def _detected(self, texts: Sequence[str], how: Translating) -> list[Detected]:
        """The language of each text: as the request says, or among those that are translated into the target."""
        if how.source != AUTO:
            return [Detected(how.source, 100.0)] * len(texts)
        sources = sources_for(how.target, self.pairs)
        found = []
        for number, text in enumerate(texts, 1):
            likeliest = self.detector(text, sources)[0]
            if not likeliest.confidence and any(map(str.isalpha, text)):
                expected = f"a text in {' or '.join(sources)}, from which {how.target} is served"
                raise RequestError(f"q[{number}]: expected {expected}, received one in another language")
            found.append(likeliest)
        return found

    async def _translated(self, texts: Sequence[str], pairs: Sequence[Pair], alternatives: int) -> list[Answer]:
        """Translate texts, each by the model of its pair; those of one pair wait together."""
        parts = [split_text(text) for text in texts]
        if (count := sum(len(part.sentences) for part in parts)) > MAX_REQUEST_SENTENCES:
            raise TooLargeError(
                f"q: expected at most {MAX_REQUEST_SENTENCES:,} sentences, received {count:,}: send them in several "
                "requests"
            )
        for number, part in enumerate(parts, 1):
            if (longest := max(map(len, part.sentences), default=0)) > MAX_SENTENCE_CHARACTERS:
                expected = f"sentences of at most {MAX_SENTENCE_CHARACTERS:,} characters"
                raise RequestError(f"q[{number}]: expected {expected}, received one of {longest:,}: part it")
        waiting = {}
        for pair in dict.fromkeys(pairs):
            mine = [part for part, of_part in zip(parts, pairs, strict=True) if of_part == pair]
            sentences = [sentence for part in mine for sentence in part.sentences]
            if sentences:
                waiting[pair] = asyncio.wrap_future(self.batcher.submit(self.models[pair], sentences))
        done = {pair: iter(await future) for pair, future in waiting.items()}
        answers = []
        for number, (part, pair) in enumerate(zip(parts, pairs, strict=True), 1):
            translations = list(islice(done.get(pair, iter(())), len(part.sentences)))
            _refuse_truncated(number, part, translations)
            self.metrics.translated(*pair, len(translations))
            answers.append(_joined(part, translations, pair[1], alternatives))
        return answers


def _refuse_truncated(number: int, part: SplitText, translations: Sequence[Translation]) -> None:
    """Raise RequestError for a sentence that was cut: half of a translation must not pass for the whole."""
    for sentence, translation in zip(part.sentences, translations, strict=True):
        if translation.truncated:
            raise RequestError(
                f"q[{number}]: a sentence of {len(sentence):,} characters has more pieces than the search takes "
                f"(--max-source-tokens): part it; it begins with {sentence[:40]!r}"
            )


def _joined(part: SplitText, translations: Sequence[Translation], target: str, alternatives: int) -> Answer:
    """Put translated sentences into their places; the n-th alternative has the n-th next hypothesis of each."""
    space = "" if script_of_language(target) in UNSPACED else " "
    most = max((len(translation.texts) for translation in translations), default=1)
    texts = [
        part.joined([each.texts[min(rank, len(each.texts) - 1)] for each in translations], space)
        for rank in range(min(most, alternatives + 1))
    ]
    return Answer(texts[0], texts[1:])


def make_app(service: Service, started: Callable[[], None] = lambda: None) -> Starlette:
    """An ASGI application; when it is shut down, what waits is translated first."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        started()
        yield
        await run_in_threadpool(service.batcher.close)

    endpoints: dict[tuple[str, str], Endpoint] = {
        ("POST", "/translate"): service.translate,
        ("POST", "/detect"): service.detect,
        ("GET", "/languages"): service.languages,
        ("GET", "/health"): service.health,
        ("GET", "/frontend/settings"): service.settings,
        ("GET", "/metrics"): service.prometheus,
        ("GET", "/spec"): service.spec,
        ("GET", "/"): service.page,
    }
    routes = [
        Route(path, _answering(path, endpoint, service.metrics), methods=[method])
        for (method, path), endpoint in endpoints.items()
    ]
    # Extensions of browsers and pages from elsewhere are clients, too. No cookie is used, so that none can be misused.
    anywhere = Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["*"], allow_headers=["*"])
    return Starlette(routes=routes, middleware=[anywhere], lifespan=lifespan, exception_handlers={HTTPException: _http})


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    asked = f"{request.method} {request.url.path[:100]}"
    return _failure(error.status_code, f"{asked}: {error.detail}: GET /spec describes what is there", error.headers)


def _failure(status: int, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return JSONResponse({"error": message}, status, headers)


def _answering(path: str, endpoint: Endpoint, metrics: Metrics) -> Endpoint:
    """The endpoint with every error as an answer, and counted: the server goes on."""

    async def answer(request: Request) -> Response:
        began = time.perf_counter()
        try:
            response = await endpoint(request)
        except RequestError as error:
            later = {"Retry-After": "5"} if isinstance(error, QueueFullError) else None
            response = _failure(error.status, str(error), later)
        except HTTPException as error:
            response = _failure(error.status_code, error.detail, error.headers)
        except ClientDisconnect:
            response = _failure(400, "the client went away before its request was whole")
        except Exception as error:  # noqa: BLE001 - said here, and the next request is another one
            message, _ = explain(error, "the server goes on")
            notice(f"{path}: {message}")
            known = isinstance(error, MtliteError)
            response = _failure(500, message if known else "the model could not translate this")
        metrics.answered(path, response.status_code, time.perf_counter() - began)
        return response

    return answer
