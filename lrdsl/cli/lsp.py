"""`lrdsl lsp`: runs the language server for an editor, over standard input and output."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from lrdsl.diagnostics import UsageError


def add(verbs: Any) -> None:
    """Adds the command."""
    parser = verbs.add_parser("lsp", help="the language server, for editors", description="Serve an editor over standard input and output.")
    parser.set_defaults(run=run)


def run(_: argparse.Namespace) -> None:
    """Serves the editor until it closes the connection."""
    if sys.stdin is None:
        raise UsageError("there is no standard input")
    try:
        from lrdsl.editor.server import serve
    except ModuleNotFoundError as missing:
        raise UsageError(f"the server needs {missing.name}: pip install 'lrdsl[lsp]'") from None
    serve()
