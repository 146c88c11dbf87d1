"""A real browser, and pages in it that are watched: whatever they ask for or complain about fails the test."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


INSTALL = "playwright is not installed: pip install playwright"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason=INSTALL)
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no chromium is installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = driver.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`opened(path, "#view=about", width=400)`: the page from disk; it must complain of nothing and ask for nothing."""
    contexts: list[Any] = []
    complaints: list[str] = []

    def complain(is_wrong: bool, text: str) -> None:
        if is_wrong:
            complaints.append(text)

    def open_page(path: Path, address: str = "", width: int = 1400, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complain(message.type in ("error", "warning"), message.text))
        page.on("pageerror", lambda error: complain(True, str(error)))
        own = (path.as_uri(), "blob:", "data:")
        page.on("request", lambda request: complain(not request.url.startswith(own), f"asked for {request.url}"))
        page.goto(path.as_uri() + address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def expect(browser: Browser) -> Any:
    """`expect(page.locator(".output")).to_have_text("…")` waits until it is so."""
    return pytest.importorskip("playwright.sync_api", reason=INSTALL).expect


@pytest.fixture
def fits() -> Callable[[Page], bool]:
    """Whether a page needs no scrolling to the side."""

    def is_narrow(page: Page) -> bool:
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        return not page.evaluate(wide)

    return is_narrow
