"""Apps over made-up models: what is asked comes back in capitals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import jsonschema
import pytest
from samples import ROOT
from starlette.testclient import TestClient

from mtlite.serve.app import Service, make_app
from mtlite.serve.detection import Detector
from mtlite.serve.openapi import openapi


class MadeUp(NamedTuple):
    """What an app needs of a translation."""

    texts: list[str]
    truncated: bool


def in_capitals(sentences: list[str]) -> list[Any]:
    """Two hypotheses for each sentence; more than a hundred characters are too many."""
    return [MadeUp([each.upper(), each.title()], len(each) > 100) for each in sentences]


def lines(language: str) -> list[str]:
    """Sentences of the village."""
    return (ROOT / "corpora" / "village" / f"dev.{language}").read_text(encoding="utf-8").splitlines()[:300]


def no_page() -> str:
    return "<!doctype html><title>A page</title>"


@pytest.fixture(scope="session")
def detector() -> Detector:
    """Knows English and German."""
    return Detector({"en": lines("en"), "de": lines("de")})


@pytest.fixture
def client_of(detector: Detector) -> Iterator[Callable[..., TestClient]]:
    """`client_of({("en", "de"): translate}, key="x")`: a client of an app; in capitals if no models are given."""
    with ExitStack() as stack:

        def make(models: Any = None, page: Callable[[], str] = no_page, **options: Any) -> TestClient:
            service = Service(models or {("en", "de"): in_capitals}, detector, page, **options)
            return stack.enter_context(TestClient(make_app(service)))

        yield make


@pytest.fixture
def client(client_of: Callable[..., TestClient]) -> TestClient:
    return client_of()


@pytest.fixture(scope="session")
def refuse_other_than() -> Callable[[str, Any], None]:
    """`refuse_other_than("Error", answer)`: fails unless an answer is what the OpenAPI document says."""

    def check(name: str, answer: Any) -> None:
        schema = {**openapi(), "$ref": f"#/components/schemas/{name}"}
        jsonschema.Draft202012Validator(schema).validate(answer)

    return check
