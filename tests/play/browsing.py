"""The playground in Debian's chromium, for tests and pictures: `chromium` starts a browser, `served` the server, `published` the folder that needs none."""

from __future__ import annotations

import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lrdsl.play.server import Playground
from lrdsl.play.site import PYODIDE, write_site

ROOT = Path(__file__).parents[2]
#: npm's package of Pyodide, which `.ci/run` brings.
PACKAGE = ROOT / "build" / f"pyodide-{PYODIDE}.tgz"
_MISSING = {
    "playwright": "the tests of the playground in a browser need playwright: pip install -e '.[browser]'",
    "chromium": "the tests of the playground in a browser need Debian's chromium: apt-get install chromium",
    "pyodide": f"the published playground needs Pyodide: npm pack pyodide@{PYODIDE} --pack-destination {PACKAGE.parent.relative_to(ROOT)}",
}


@contextmanager
def chromium() -> Iterator[Any]:
    """A browser, which can reach this machine alone."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise AssertionError(_MISSING["playwright"]) from None
    program = shutil.which("chromium")
    assert program is not None, _MISSING["chromium"]
    options = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program, args=options) as browser:
        yield browser


@contextmanager
def _running(server: http.server.HTTPServer) -> Iterator[None]:
    """Runs a server in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@contextmanager
def served() -> Iterator[str]:
    """The address of a server of the playground."""
    with Playground() as server, _running(server):
        yield server.url


class _Files(http.server.SimpleHTTPRequestHandler):
    """Serves files as `python -m http.server` does, but says nothing."""

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@contextmanager
def published(folder: Path) -> Iterator[str]:
    """The address of the published playground, written into a folder and served by a server of files."""
    assert PACKAGE.is_file(), _MISSING["pyodide"]
    write_site(folder, PACKAGE)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(folder))) as server, _running(server):
        yield f"http://127.0.0.1:{server.server_address[1]}/"


def fragment(text: str, **facts: str) -> str:
    """The fragment of a link to a text."""
    return "#" + urlencode({"text": text, **facts})
