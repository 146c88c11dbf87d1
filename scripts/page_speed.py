"""Measure how fast a page opens and translates in a browser (Chromium without a window, driven by playwright).

    mtlite page runs/village-1 -o page.html
    pip install playwright
    python scripts/page_speed.py page.html --text corpora/village/test.en

The page is opened from disk, and ready when the first translation stands in it. Then its own worker translates line
after line for each of its runs, one at a time, as somebody would who types them. Let nothing else run meanwhile.
"""

from __future__ import annotations

import argparse
import shutil
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# The page's worker, started once more, so that nothing of the page itself stands in its way.
START = """
() => {
  const text = (id) => document.getElementById(id).textContent;
  const source = new Blob([text("worker")], {type: "text/javascript"});
  const worker = new Worker(URL.createObjectURL(source));
  const waiting = new Map();
  let numbers = 0;
  worker.onmessage = ({data}) => {
    if (data.progress) return;
    const {resolve, reject} = waiting.get(data.number);
    waiting.delete(data.number);
    if (data.error === undefined) resolve(data.result);
    else reject(new Error(data.error));
  };
  window.asked = async (run, method, values) => {
    const number = ++numbers;
    const start = performance.now();
    const answer = new Promise((resolve, reject) => waiting.set(number, {resolve, reject}));
    worker.postMessage({number, run, method, arguments: values});
    await answer;
    return performance.now() - start;
  };
  const {runs} = JSON.parse(text("page-data"));
  window.openRun = (run) => {
    const {weights, source, target} = runs[run].blocks;
    return window.asked(run, "open", [runs[run], {weights: text(weights), source: text(source), target: text(target)}]);
  };
  return runs.map(({name, topology, search, searchConfig}) =>
    ({name, topology, beam: search !== "one pass", penalty: searchConfig.length_penalty}));
}
"""
TRANSLATE = "([run, line, search]) => window.asked(run, 'translate', [line, search])"
TRANSLATED = "() => document.querySelector('.translation .output')?.textContent.trim()"


def main() -> None:
    """Open the page some times, then translate in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=Path, help="made by mtlite page")
    parser.add_argument("--text", type=Path, required=True, help="a file with one sentence a line")
    parser.add_argument("--sentences", type=int, default=50, help="of the file, at most (default: 50)")
    parser.add_argument("--beam", type=int, nargs="+", default=[1, 5], help="beam sizes (default: 1 5)")
    parser.add_argument("--opened", type=int, default=5, help="how often the page is opened (default: 5)")
    options = parser.parse_args()
    for path in (options.page, options.text):
        if not path.is_file():
            parser.error(f"{path} is not a file")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SystemExit("playwright is not installed: pip install playwright") from None
    lines = options.text.read_text(encoding="utf-8").splitlines()[: options.sentences]
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise SystemExit("no Chromium is installed: apt-get install chromium")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found, args=["--no-sandbox", "--disable-gpu"])
        print(f"{options.page.stat().st_size / 1e6:.1f} MB, Chromium {browser.version}")
        seconds = [opened(browser, options.page)[1] for _ in range(options.opened)]
        print(f"opened, first translation shown: {median(seconds):.2f} s (longest {max(seconds):.2f})")
        page, _ = opened(browser, options.page)
        translate_all(page, lines, options.beam)
        browser.close()


def opened(browser: Browser, path: Path) -> tuple[Page, float]:
    """The page, and the seconds until its first translation could be read."""
    page = browser.new_page()
    start = time.perf_counter()
    page.goto(path.resolve().as_uri())
    page.wait_for_function(TRANSLATED)
    return page, time.perf_counter() - start


def translate_all(page: Page, lines: list[str], beams: list[int]) -> None:
    """Print the milliseconds a sentence of each run takes in each search."""
    runs: list[dict[str, Any]] = page.evaluate(START)
    for number, run in enumerate(runs):
        print(f"{run['name']} ({run['topology']}): opened in {page.evaluate('openRun', number):.0f} ms")
        for beam in beams if run["beam"] else [1]:
            search = {"beam": beam, "lengthPenalty": run["penalty"]}
            page.evaluate(TRANSLATE, [number, lines[0], search])  # the browser compiles what it sees often
            times = [page.evaluate(TRANSLATE, [number, line, search]) for line in lines]
            way = f"beam {beam}" if run["beam"] and beam > 1 else "greedy" if run["beam"] else "one pass"
            print(f"  {way}: median {median(times):.0f} ms, longest {max(times):.0f} ms, {len(times)} sentences")


if __name__ == "__main__":
    main()
