"""What the views compute: addresses, sentences, questions to the worker. They run in Node, without a page."""

from __future__ import annotations

import base64
import random
import zlib

import pytest
from page_in_node import run_module

ADDRESS = """
const {DEFAULTS, readAddress, writeAddress} = await page("views/address.js");
const limits = {runs: 3, views: ["translate", "about"]};
"""


def test_an_address_says_all_that_was_chosen():
    state = {
        "view": "about", "runs": [0, 2], "text": "Grüße & „=#%“\n<b>\u2028🦊", "sentence": 1, "beam": 5,
        "lengthPenalty": 0.6, "alternatives": {"0.1": 2, "2.0": 1}, "forced": {"0": [5]}, "step": 7, "theme": "dark",
    }  # fmt: skip
    code = "console.log(JSON.stringify(readAddress(writeAddress({...DEFAULTS, ...given}), limits)));"
    assert run_module(ADDRESS + code, state) == state


def test_what_is_as_usual_does_not_lengthen_the_address():
    code = "console.log(JSON.stringify(writeAddress({...DEFAULTS, text: 'a b', view: 'about'})));"
    assert run_module(ADDRESS + code) == "#view=about&runs=0&text=a+b"


BAD = [
    "", "#", "#&&&===", "#view=no", "#view=__proto__", "#runs=3", "#runs=-1", "#runs=0,x", "#runs=", "#runs=1e0",
    "#beam=99", "#beam=1.5", "#beam=NaN", "#penalty=-1", "#penalty=11", "#penalty=Infinity", "#sentence=501",
    "#force=1,2,", "#force=99999999", "#force=" + ",".join(["1"] * 501), "#alternatives=0.1", "#alternatives=a.b:c",
    "#step=99999", "#theme=red", "#theme=%3Cscript%3E", "#__proto__=1", "#constructor=1", "#text=" + "a" * 20_001,
    "#unknown=1", "#%E0%A4%A",
]  # fmt: skip


def test_what_is_no_good_in_an_address_is_left_out():
    code = "console.log(JSON.stringify(given.map((hash) => readAddress(hash, limits))));"
    assert run_module(ADDRESS + code, BAD) == [{}] * len(BAD)


def test_a_text_that_is_too_long_for_an_address_is_not_in_it():
    code = "console.log(JSON.stringify(writeAddress({...DEFAULTS, text: 'a'.repeat(20001)})));"
    assert run_module(ADDRESS + code) == "#runs=0"


SENTENCES = {
    "One. Two! Three? Four": ["One.", "Two!", "Three?", "Four"],
    "Dr. Smith lives in St. Ives. He is old.": ["Dr. Smith lives in St. Ives.", "He is old."],
    "Wir essen z. B. Brot, d. h. viel. Gut.": ["Wir essen z. B. Brot, d. h. viel.", "Gut."],
    "J. R. R. Tolkien wrote it.": ["J. R. R. Tolkien wrote it."],
    "Am 3. Mai ist es warm. Ja.": ["Am 3. Mai ist es warm.", "Ja."],
    "It costs 3.50 euros. Good.": ["It costs 3.50 euros.", "Good."],
    "He said “Stop.” Then he left.": ["He said “Stop.”", "Then he left."],
    "Wait... what? Yes!!! No.": ["Wait... what?", "Yes!!!", "No."],
    "这是一。那是二！真的？": ["这是一。", "那是二！", "真的？"],
    "هل هذا بيت؟ نعم. هذا بيت.": ["هل هذا بيت؟", "نعم.", "هذا بيت."],
    "यह घर है। वह बड़ा है।": ["यह घर है।", "वह बड़ा है।"],
    "e.g. this one. That.": ["e.g. this one.", "That."],
    "   ": [],
    "": [],
    "...": ["..."],
}


def test_sentences():
    code = """const {sentencesOf} = await page("views/sentences.js");
    console.log(JSON.stringify(given.map(sentencesOf)));"""
    found = run_module(code, list(SENTENCES))
    assert dict(zip(SENTENCES, found, strict=True)) == SENTENCES


def test_paragraphs_are_kept_and_no_letter_is_lost():
    text = "  One.  Two.\r\n\r\nThree: a\tb.\n"
    code = """const {paragraphsOf, chosenSentence} = await page("views/sentences.js");
    console.log(JSON.stringify([paragraphsOf(given), chosenSentence({text: given, sentence: 9})]));"""
    paragraphs, last = run_module(code, text)
    assert [[each["text"] for each in some] for some in paragraphs] == [["One.", "Two."], [], ["Three: a\tb."], []]
    assert paragraphs[0][0]["after"] == "  "
    assert last == "Three: a\tb."


CLIENT = """
const {Client, isStopped} = await page("views/client.js");
const sent = [];
const worker = {postMessage: (message) => sent.push(message)};
const client = new Client([{name: "a"}, {name: "b"}], (run) => run.name + " packed", worker);
const answer = (number, rest) => worker.onmessage({data: {number, ...rest}});
const print = (value) => console.log(JSON.stringify(value));
"""


def test_a_run_is_opened_when_it_is_first_asked_and_a_question_is_asked_once():
    code = """
    const twice = [client.ask(1, "translate", ["x"]), client.ask(1, "translate", ["x"])];
    answer(1, {result: null}); answer(2, {result: "y"});
    print([await Promise.all(twice), await client.ask(1, "translate", ["x"]), sent]);"""
    both, later, sent = run_module(CLIENT + code)
    assert (both, later) == (["y", "y"], "y")
    assert sent == [
        {"number": 1, "run": 1, "method": "open", "arguments": [{"name": "b"}, "b packed"]},
        {"number": 2, "run": 1, "method": "translate", "arguments": ["x"]},
    ]


def test_what_nobody_waits_for_is_stopped_and_may_be_asked_again():
    code = """
    const [one, two] = [new AbortController(), new AbortController()];
    const seen = [];
    const progress = (who) => (done, all) => seen.push([who, done, all]);
    const asked = [one, two].map(({signal}, who) =>
      client.ask(0, "translate", ["x"], {signal, progress: progress(who)}));
    const ends = asked.map((each) => each.catch((error) => isStopped(error)));
    answer(2, {progress: {done: 1, all: 3}});
    one.abort();
    const before = sent.length;
    two.abort();
    answer(2, {result: "too late"});
    const again = client.ask(0, "translate", ["x"]);
    answer(3, {result: "again"});
    print([await Promise.all(ends), before, sent.slice(2), await again, seen]);"""
    ends, before, rest, again, seen = run_module(CLIENT + code)
    assert (ends, before, again) == ([True, True], 2, "again")
    assert rest == [{"stop": 2}, {"number": 3, "run": 0, "method": "translate", "arguments": ["x"]}]
    assert seen == [[0, 1, 3], [1, 1, 3]]


def test_an_error_of_the_worker_reaches_who_asked():
    code = """
    const said = [];
    const asked = [client.ask(0, "a"), client.ask(0, "b")].map((each) => each.catch(({message}) => said.push(message)));
    answer(2, {error: "no such method"});
    worker.onerror({message: "the worker is gone"});
    await Promise.all(asked);
    print(said);"""
    assert run_module(CLIENT + code) == ["no such method", "the worker is gone"]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 100_000])
def test_unpacking_gives_back_what_was_packed(size):
    content = random.Random(1).randbytes(size // 2) + bytes(size - size // 2)
    text = base64.b64encode(zlib.compress(content, 9)).decode()
    code = """const {unpack} = await page("engine/unpack.js");
    console.log(JSON.stringify(Buffer.from(await unpack(given)).toString("base64")));"""
    assert base64.b64decode(run_module(code, text)) == content


@pytest.mark.parametrize("text", ["", "AAAA", "eJw", "*", "ä", "eJwDAAAA"])
def test_a_damaged_part_is_an_error(text):
    code = """const {unpack} = await page("engine/unpack.js");
    console.log(JSON.stringify(await unpack(given).then(() => "unpacked", (error) => error instanceof Error)));"""
    assert run_module(code, text) is True
