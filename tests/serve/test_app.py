"""`serve/app.py`: the interface of LibreTranslate; every answer is as the OpenAPI document says."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from serve.conftest import in_capitals

from mtlite.errors import MtliteError, UsageError
from mtlite.limits import MAX_REQUEST_SENTENCES
from mtlite.serve.batching import Batcher


@pytest.fixture
def asked(client, refuse_other_than):
    """`asked(q="one", …)`: the answer, which is valid."""

    def ask(**values):
        answer = client.post("/translate", json={"source": "en", "target": "de", **values})
        assert answer.status_code == 200, answer.text
        refuse_other_than("TranslateAnswer", answer.json())
        return answer.json()

    return ask


def test_a_text_and_a_list_are_answered_in_their_own_form(asked):
    assert asked(q="one two") == {"translatedText": "ONE TWO"}
    assert asked(q=["one", "two"]) == {"translatedText": ["ONE", "TWO"]}
    assert asked(q=["one"]) == {"translatedText": ["ONE"]}
    assert asked(q=[]) == {"translatedText": []}


def test_empty_and_blank_texts_come_back_as_they_are(asked):
    assert asked(q="")["translatedText"] == ""
    assert asked(q=["", " \n\t", "one"])["translatedText"] == ["", " \n\t", "ONE"]


def test_every_sentence_and_every_line_end_comes_back(asked):
    text = "  One. Two!\r\n\r\n\n Three? \rFour\n"
    assert asked(q=text)["translatedText"] == text.upper()


def test_alternatives_are_the_next_hypotheses_of_each_sentence(asked):
    assert asked(q="one! Two", alternatives=5) == {"translatedText": "ONE! TWO", "alternatives": ["One! Two"]}
    assert asked(q=["one", ""], alternatives=1)["alternatives"] == [["One"], []]


def test_a_sentence_without_a_second_hypothesis_keeps_its_first(client_of):
    def translate(sentences):
        return [each._replace(texts=each.texts[: 1 + (len(each.texts[0]) > 4)]) for each in in_capitals(sentences)]

    values = {"q": "One. Three", "source": "en", "target": "de", "alternatives": 3}
    answer = client_of({("en", "de"): translate}).post("/translate", json=values).json()
    assert answer == {"translatedText": "ONE. THREE", "alternatives": ["ONE. Three"]}


def test_a_language_is_found_among_those_that_are_served(client_of, refuse_other_than):
    both = {("en", "de"): in_capitals, ("de", "en"): in_capitals, ("en", "fr"): in_capitals}
    client = client_of(both)
    values = {"q": ["The children feed the goats.", "123"], "source": "auto", "target": "de"}
    answer = client.post("/translate", json=values).json()
    refuse_other_than("TranslateAnswer", answer)
    assert [each["language"] for each in answer["detectedLanguage"]] == ["en", "en"]
    assert answer["detectedLanguage"][1]["confidence"] == 0
    one = client.post("/translate", json={**values, "q": "Die Kinder füttern die Ziegen.", "target": "en"}).json()
    assert one["detectedLanguage"]["language"] == "de"
    refuse_other_than("TranslateAnswer", one)
    elsewhere = client.post("/translate", json={**values, "q": "東京に行きます"})
    assert elsewhere.status_code == 400
    assert all(word in elsewhere.json()["error"] for word in ("q[1]", "en", "de"))


def test_a_text_goes_to_the_model_of_its_languages(client_of):
    def backwards(sentences):
        return [each._replace(texts=[each.texts[0][::-1]]) for each in in_capitals(sentences)]

    client = client_of({("en", "de"): in_capitals, ("de", "en"): backwards})
    values = {"q": ["The old farmer gets up.", "Der alte Bauer steht auf."], "source": "auto", "target": "en"}
    assert client.post("/translate", json={**values, "source": "de"}).json()["translatedText"][0][::-1] == (
        values["q"][0].upper()
    )
    assert client.post("/translate", json={**values, "source": "eng", "target": "deu"}).json() == {
        "translatedText": [each.upper() for each in values["q"]]
    }


def test_sentences_without_white_space_between_them_are_parted_where_the_target_parts_words(client_of):
    values = {"q": "我走。你来。", "source": "zh", "target": "en"}
    models = {("zh", "en"): in_capitals, ("zh", "ja"): in_capitals}
    client = client_of(models)
    assert client.post("/translate", json=values).json() == {"translatedText": "我走。 你来。"}
    assert client.post("/translate", json={**values, "target": "ja"}).json() == {"translatedText": "我走。你来。"}


def test_forms_are_bodies_too(client):
    values = {"q": "one", "source": "en", "target": "de"}
    for sent in ({"data": values}, {"files": {name: (None, value) for name, value in values.items()}}):
        assert client.post("/translate", **sent).json() == {"translatedText": "ONE"}
    assert client.post("/translate", params=values).json() == {"translatedText": "ONE"}


@pytest.mark.parametrize(
    ("values", "status", "words"),
    [
        ({"q": "x" * 101}, 400, ["q[1]", "101", "--max-source-tokens"]),
        ({"q": "x" * 20_001}, 400, ["q[1]", "20,000", "20,001"]),
        ({"q": "Aa. " * (MAX_REQUEST_SENTENCES + 1)}, 413, ["2,000", "2,001"]),
        ({"q": "one", "target": "fr"}, 400, ["target", "de", "fr"]),
        ({"q": "one", "source": "fr"}, 400, ["source", "en", "fr"]),
        ({"q": "one", "alternatives": -1}, 400, ["alternatives"]),
        ({"q": "<b>one</b>", "format": "html"}, 400, ["html", "<b"]),
        ({}, 400, ["q"]),
    ],
)
def test_what_cannot_be_answered_is_refused_and_the_server_goes_on(values, status, words, client, refuse_other_than):
    answer = client.post("/translate", json={"source": "en", "target": "de", **values})
    assert answer.status_code == status
    refuse_other_than("Error", answer.json())
    assert all(word in answer.json()["error"] for word in words), answer.json()
    assert client.post("/translate", json={"q": "one", "source": "en", "target": "de"}).status_code == 200


def test_paths_and_methods_that_are_not_there_are_errors_in_json_too(client, refuse_other_than):
    for answer, status in ((client.get("/nothing"), 404), (client.get("/translate"), 405), (client.post("/"), 405)):
        assert answer.status_code == status
        refuse_other_than("Error", answer.json())


def test_a_key_is_asked_for_where_there_is_one(client_of, refuse_other_than):
    client, values = client_of(key="päss"), {"q": "one", "source": "en", "target": "de"}
    for given, headers in (({}, {}), ({"api_key": ""}, {}), ({"api_key": "pass"}, {}), ({"apiKey": 3}, {})):
        for path in ("/translate", "/detect"):
            answer = client.post(path, json={**values, **given}, headers=headers)
            assert answer.status_code == 403
            refuse_other_than("Error", answer.json())
    for given in ({"api_key": "päss"}, {"api_key": "", "apiKey": "päss"}):
        assert client.post("/translate", json={**values, **given}).status_code == 200
    assert client.post("/translate", json=values, params={"api_key": "päss"}).status_code == 200
    bearer = {"Authorization": "Bearer plain"}
    assert client_of(key="plain").post("/translate", json=values, headers=bearer).status_code == 200
    assert client.get("/frontend/settings").json()["keyRequired"] is True
    assert client.get("/languages").status_code == 200


def test_languages_health_settings_and_specification(client, refuse_other_than):
    for path, name in (("/languages", "Languages"), ("/health", "Health"), ("/frontend/settings", "Settings")):
        refuse_other_than(name, client.get(path).json())
    assert client.get("/frontend/settings").json()["language"]["source"] == {"code": "en", "name": "English"}
    assert set(client.get("/spec").json()["paths"]) >= {"/translate", "/detect", "/languages", "/health"}


def test_detection_names_the_likeliest_language_first(client, refuse_other_than):
    answer = client.post("/detect", json={"q": "Der alte Bauer steht auf."})
    refuse_other_than("DetectAnswer", answer.json())
    assert [each["language"] for each in answer.json()] == ["de", "en"]
    assert client.post("/detect", json={}).status_code == 400


def test_counts_are_there_for_prometheus(client):
    client.post("/translate", json={"q": "One. Two.", "source": "en", "target": "de"})
    client.post("/translate", content=b"{")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    for line in (
        'mtlite_requests_total{path="/translate",status="200"} 1.0',
        'mtlite_requests_total{path="/translate",status="400"} 1.0',
        'mtlite_sentences_total{source="en",target="de"} 2.0',
        "mtlite_waiting_sentences 0.0",
    ):
        assert line in answer.text


def test_the_page_is_made_once(client_of):
    made = []

    def page():
        made.append(1)
        return "<!doctype html><title>A page</title>"

    client = client_of(page=page)
    for _ in range(2):
        assert "A page" in client.get("/").text
    assert client.get("/").headers["content-type"].startswith("text/html")
    assert made == [1]


def test_where_there_can_be_no_page_it_says_why(client_of, refuse_other_than):
    def page():
        raise UsageError("topology mine cannot run in a page")

    client = client_of(page=page)
    answer = client.get("/")
    assert answer.status_code == 404
    refuse_other_than("Error", answer.json())
    assert "topology mine" in answer.json()["error"]
    assert client.get("/health").status_code == 200


@pytest.mark.parametrize(
    ("error", "said"), [(MtliteError("the model's scores are no numbers"), "no numbers"), (KeyError("x"), "could not")]
)
def test_a_model_that_fails_is_an_answer_and_a_line_of_the_log(error, said, client_of, refuse_other_than, capsys):
    def translate(sentences):
        if "bad" in sentences:
            raise error
        return in_capitals(sentences)

    client, values = client_of({("en", "de"): translate}), {"source": "en", "target": "de"}
    answer = client.post("/translate", json={"q": "bad", **values})
    assert answer.status_code == 500
    refuse_other_than("Error", answer.json())
    assert said in answer.json()["error"]
    assert len(capsys.readouterr().err.splitlines()) == 1
    assert client.post("/translate", json={"q": "good", **values}).json() == {"translatedText": "GOOD"}


def test_a_full_queue_is_said_and_when_to_come_again(client_of, refuse_other_than):
    gate, begun = threading.Event(), threading.Event()

    def translate(sentences):
        begun.set()
        assert gate.wait(30)
        return in_capitals(sentences)

    batcher = Batcher(most_waiting=2)
    client = client_of({("en", "de"): translate}, batcher=batcher)
    values = {"source": "en", "target": "de"}
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(client.post, "/translate", json={"q": "a", **values})
        assert begun.wait(30)
        second = pool.submit(client.post, "/translate", json={"q": ["b", "c"], **values})
        while batcher.waiting < 2:
            assert not second.done()
        answer = client.post("/translate", json={"q": "d", **values})
        gate.set()
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
        refuse_other_than("Error", answer.json())
        assert (first.result(30).status_code, second.result(30).status_code) == (200, 200)


def test_whoever_comes_while_it_stops_is_told(client_of, refuse_other_than):
    batcher = Batcher()
    client = client_of(batcher=batcher)
    batcher.close()
    answer = client.post("/translate", json={"q": "a", "source": "en", "target": "de"})
    assert answer.status_code == 503
    refuse_other_than("Error", answer.json())


def test_pages_from_elsewhere_may_ask(client):
    answer = client.options(
        "/translate",
        headers={
            "Origin": "https://example.org",
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == "*"
