import io
import sys

import pytest

from mtlite.notices import notice


def test_it_is_one_line_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    notice("waiting\nfor it")
    assert capsys.readouterr() == ("", "mtlite: waiting for it\n")


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_nobody_has_to_listen(stream: io.StringIO | None, monkeypatch: pytest.MonkeyPatch) -> None:
    if stream:
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    notice("waiting")
