"""`serve/openapi.py`: the document itself; `test_app.py` holds the answers to it."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest

from mtlite.config.read import fields_of
from mtlite.serve.bodies import Translating
from mtlite.serve.openapi import SCHEMAS, openapi


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one(name):
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[name])


def test_every_reference_leads_somewhere():
    named = re.findall(r'"#/components/schemas/(\w+)"', json.dumps(openapi()))
    assert {*named} == {*SCHEMAS}


def test_it_has_the_fields_that_are_read():
    described: Any = SCHEMAS["TranslateRequest"]["properties"]
    assert {*described} == {"q", "api_key", *fields_of(Translating)}


def test_a_schema_can_fail(refuse_other_than):
    for name, wrong in (("Error", {}), ("TranslateAnswer", {"translatedText": None}), ("Health", {"status": "bad"})):
        with pytest.raises(jsonschema.ValidationError):
            refuse_other_than(name, wrong)
