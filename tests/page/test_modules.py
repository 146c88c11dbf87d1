"""`page/modules.py`: modules become one script."""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict

import pytest
from page_in_node import modules

from mtlite.page.modules import Module, ModuleError, in_order, join


@pytest.fixture
def written(tmp_path):
    """`written({"a.js": "…"})`: files in a folder; gives the first."""

    def write(files):
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / next(iter(files))

    return write


def test_what_is_imported_comes_first_and_once(written):
    entry = written(
        {
            "main.js": 'import {one} from "./parts/one.js";\nimport {\n  two,\n  Two,\n} from "./two.js";\n'
            "console.log(one(), two(), new Two().number);\n",
            "two.js": 'import {one} from "./parts/one.js";\nexport const two = () => one() + 1;\n'
            "export class Two { number = 2; }\n",
            "parts/one.js": "const ONE = 1;\nexport async function slow() {}\nexport function one() { return ONE; }\n",
        }
    )
    assert [module.path.name for module in in_order(entry)] == ["one.js", "two.js", "main.js"]
    script = join(entry)
    assert script.count("const ONE") == 1
    assert "import" not in script
    assert "export" not in script
    if node := shutil.which("node"):
        done = subprocess.run([node, "--eval", script], capture_output=True, text=True, check=False)
        assert done.stdout == "1 2 2\n", done.stderr


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a.js": 'import {b} from "./b.js";\nconst c = 1;\n', "b.js": "export const b = 1;\nconst c = 2;\n"}, "'c'"),
        ({"a.js": 'import {b} from "./b.js";\n', "b.js": "const b = 1;\n"}, "does not export"),
        ({"a.js": 'import {b} from "./b.js";\n'}, "not found"),
        ({"a.js": 'import {b as c} from "./b.js";\n', "b.js": "export const b = 1;\n"}, "b as c"),
        ({"a.js": 'import * as b from "./b.js";\n', "b.js": ""}, "import *"),
        ({"a.js": "export default 1;\n"}, "export default"),
        ({"a.js": 'import {b} from "./b.js";\nconst [a, b] = [1, 2];\n', "b.js": "export const b = 1;\n"}, "'b'"),
        ({"a.js": 'import {b} from "./b.js";\nconst a = 1;\n',
          "b.js": "const {\n  a,\n} = {};\nexport const b = 1;\n"}, "'a'"),
        ({"a.js": 'import {b} from "./b.js";\nexport const a = 1;\n',
          "b.js": 'import {a} from "./a.js";\nexport const b = 1;\n'}, "a.js → b.js → a.js"),
    ],
    ids=["clash", "private", "missing", "renamed", "all", "default", "list", "object", "circle"],
)  # fmt: skip
def test_what_cannot_be_joined_is_refused(files, expected, written):
    with pytest.raises(ModuleError) as caught:
        join(written(files))
    assert expected in str(caught.value)


def test_the_page_has_one_name_for_one_thing():
    owners = defaultdict(list)
    for path in modules():
        _ = Module(path).body  # its form is one that can be joined
        for name in Module(path).defined:
            owners[name].append(path.name)
    assert {name: files for name, files in owners.items() if len(files) > 1} == {}
