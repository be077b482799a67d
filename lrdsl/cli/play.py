"""`lrdsl play`: the playground, a page that shows a schedule while it is written."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from lrdsl.cli import options, terminal
from lrdsl.diagnostics import UsageError

_TEXT = "warmup(5%) then cosine(rest, to=0.1x)"
_ABOUT = """Serve a page on this machine that shows a schedule while you write it: problems and repairs, curves, the formula, code for other libraries. Ctrl-C
ends it. --static writes the page into a folder to publish, in which lrdsl runs in the browser."""


def add(verbs: Any) -> None:
    """Adds the command."""
    parser = verbs.add_parser("play", help="a page that shows a schedule while you write it", description=_ABOUT)
    options.add_schedule(parser, optional=True)
    options.add_base(parser)
    parser.add_argument("--port", type=_port, default=0, metavar="N", help="the port of the server (default: a free one)")
    parser.add_argument("--no-browser", action="store_true", help="do not open the browser")
    parser.add_argument("--static", metavar="FOLDER", help="write the page into a folder to publish, with Python for the browser, and serve nothing")
    parser.add_argument("--pyodide", metavar="PATH", help="for --static: the .tgz of npm's package `pyodide`, or its folder (default: in this folder)")
    parser.set_defaults(run=run)


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise argparse.ArgumentTypeError(f"a port is between 0 and 65535, not {text}")
    return port


def run(arguments: argparse.Namespace) -> int:
    """Serves the page, or writes it."""
    fragment = _fragment(arguments)
    if arguments.static is not None:
        from lrdsl.play.site import write_site

        size = write_site(Path(arguments.static), None if arguments.pyodide is None else Path(arguments.pyodide))
        terminal.say(f"{arguments.static}: the playground, {size / 1e6:.1f} MB; any server of files can serve it")
        return 0
    return _serve(arguments, fragment)


def _serve(arguments: argparse.Namespace, fragment: str) -> int:
    from lrdsl.play.server import Playground

    try:
        server = Playground(arguments.port)
    except OSError as error:
        raise UsageError(f"port {arguments.port} cannot be used: {error.strerror}") from None
    url = f"{server.url}#{fragment}"
    try:
        terminal.say(f"the playground is at {url}")
        terminal.say("Ctrl-C ends it")
        terminal.finish()
        for worker in server.workers.values():
            worker.start()
        if not arguments.no_browser:
            import webbrowser

            webbrowser.open(url)
        server.serve_forever()
    except KeyboardInterrupt:
        terminal.complain("lrdsl: the playground has ended")
    finally:
        server.server_close()
    return 0


def _fragment(arguments: argparse.Namespace) -> str:
    """The text and its facts, as the page keeps them in its address. The page alone reads them; the server never sees them."""
    facts = options.stated(arguments)
    text = options.source(arguments) if arguments.schedule is not None else _TEXT
    if arguments.schedule is None and not facts:
        facts = {"total_steps": "1000"}
    return urlencode({"text": text, **facts})
