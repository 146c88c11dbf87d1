"""The script of a text."""

import pytest

from mtlite.data.scripts import script_of, unspaced_script


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Haus", "LATIN"),
        ("дом", "CYRILLIC"),
        ("東京タワーへ", "HAN"),
        ("ＨＡＵＳ", "LATIN"),
        ("서울역사 abc", "HANGUL"),
        ("abcd 서울", "LATIN"),
        ("12 !?", None),
        ("", None),
    ],
)
def test_script_of(text, script):
    assert script_of(text) == script


@pytest.mark.parametrize(
    ("texts", "script"),
    [
        (["ฉันชอบแมว", "ok"], "Thai"),
        (["ខ្ញុំចូលចិត្តឆ្មា"], "Khmr"),
        (["ຂ້ອຍມັກແມວ"], "Laoo"),
        (["ကျွန်တော် ကြောင်ချစ်တယ်"], "Mymr"),
        (["ང་ཞི་མི་ལ་དགའ།"], "Tibt"),
        (["我爱猫。", "我喜欢アイス，我们每天都吃很多很多很多很多很多很多很多的东西"], "Hani"),
        (["私は猫が好きです。", "東京都"], "Jpan"),
        (["나는 고양이를 좋아한다"], None),
        (["I like 猫"], None),
        (["12", ""], None),
        ([], None),
    ],
)
def test_scripts_without_spaces(texts, script):
    assert unspaced_script(texts) == script
