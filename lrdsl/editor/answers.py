"""The answers to the requests of an editor, each in the types of the protocol: `ANSWERS` has them by the name of the request."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import attrs
from lsprotocol import types as lsp

from lrdsl.arguments import is_schedule_file
from lrdsl.diagnostics import ScheduleError, shown
from lrdsl.editor.colours import words_of
from lrdsl.editor.editing import Document
from lrdsl.editor.names import RenameError
from lrdsl.editor.open_file import OpenFile
from lrdsl.editor.outline import outline_of
from lrdsl.escaping.visible import visible, visible_lines
from lrdsl.linting.hosts import Embedded, UnreadableError
from lrdsl.linting.libraries import user_of
from lrdsl.linting.linter import is_safe
from lrdsl.linting.projects import formatted

#: The kinds of words to colour. Their order gives the numbers that the protocol uses.
KINDS = ("keyword", "function", "parameter", "number", "string", "comment", "variable", "operator")
_COMPLETIONS = {
    "function": lsp.CompletionItemKind.Function,
    "parameter": lsp.CompletionItemKind.Field,
    "unit": lsp.CompletionItemKind.Unit,
    "keyword": lsp.CompletionItemKind.Keyword,
    "value": lsp.CompletionItemKind.Value,
    "name": lsp.CompletionItemKind.Variable,
}
_SYMBOLS = {"target": lsp.SymbolKind.Property, "name": lsp.SymbolKind.Constant, "function": lsp.SymbolKind.Function}
#: The end of a line, as a unit of it.
_LAST = 2**31 - 1
#: The kind of the action that makes all safe repairs of a file.
_FIX_ALL = f"{lsp.CodeActionKind.SourceFixAll.value}.lrdsl"


@attrs.frozen
class Answer:
    """How a request is answered: with what `make` returns for the file and the request, or with what `nothing` returns if the file is not open."""

    make: Callable[[OpenFile, Any], Any]
    nothing: Callable[[], Any] = lambda: None
    options: Any = None


def _hover(file: OpenFile, params: lsp.HoverParams) -> lsp.Hover | None:
    place = file.at(params.position)
    hover = None if place is None else place[1].hover(place[2])
    if place is None or hover is None:
        return None
    extent, text = hover
    return lsp.Hover(_markdown(text), file.within(place[0], extent))


def _markdown(text: str) -> lsp.MarkupContent:
    return lsp.MarkupContent(lsp.MarkupKind.Markdown, visible_lines(text))


def _completion(file: OpenFile, params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
    place = file.at(params.position)
    if place is None:
        return []
    embedded, document, offset = place
    return [
        lsp.CompletionItem(
            s.text,
            kind=_COMPLETIONS[s.kind],
            detail=s.detail,
            documentation=s.doc or None,
            sort_text=f"{i:04}",
            insert_text=quoted if (quoted := embedded.quote(s.text)) != s.text else None,
        )
        for i, s in enumerate(document.suggestions(offset))
    ]


def _signature_help(file: OpenFile, params: lsp.SignatureHelpParams) -> lsp.SignatureHelp | None:
    place = file.at(params.position)
    call = None if place is None else place[1].signatures(place[2])
    if call is None:
        return None
    signatures, best, active = call
    shown = [
        lsp.SignatureInformation(visible(s.label), _markdown(s.doc), [lsp.ParameterInformation(visible(slot.label), _markdown(slot.doc)) for slot in s.slots])
        for s in signatures
    ]
    return lsp.SignatureHelp(shown, best, len(signatures[best].slots) if active is None else active)


def _definition(file: OpenFile, params: lsp.DefinitionParams) -> lsp.Location | None:
    place = file.at(params.position)
    if place is None:
        return None
    embedded, document, offset = place
    extent = document.definition(offset)
    if extent is not None:
        return lsp.Location(params.text_document.uri, file.within(embedded, extent))
    origin = document.origin(offset)
    return None if origin is None else file.elsewhere(*origin)


def _references(file: OpenFile, params: lsp.ReferenceParams) -> list[lsp.Location]:
    place = file.at(params.position)
    if place is None:
        return []
    embedded, document, offset = place
    locations = [lsp.Location(params.text_document.uri, file.within(embedded, e)) for e in document.references(offset, params.context.include_declaration)]
    origin = document.origin(offset) if locations and params.context.include_declaration and document.definition(offset) is None else None
    return locations if origin is None else [file.elsewhere(*origin), *locations]


def _symbols(file: OpenFile, _: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
    return [
        lsp.DocumentSymbol(
            visible(item.name), _SYMBOLS[item.kind], file.within(embedded, item.extent), file.within(embedded, item.name_extent), visible(item.detail)
        )
        for embedded in file.texts
        for item in outline_of(file.document(embedded).tree)
    ]


def _refuse() -> tuple[Embedded, Document, int]:
    raise RenameError("there is no schedule here")


def _renamable(file: OpenFile, params: lsp.PrepareRenameParams | lsp.RenameParams) -> tuple[Embedded, Document, int]:
    """The schedule and the place in it that a rename is about. Raises `RenameError` if there is no schedule."""
    return file.at(params.position) or _refuse()


def _prepare_rename(file: OpenFile, params: lsp.PrepareRenameParams) -> lsp.PrepareRenamePlaceholder:
    embedded, document, offset = _renamable(file, params)
    symbol = document.symbol(offset)
    return lsp.PrepareRenamePlaceholder(file.within(embedded, symbol.at(offset) or (offset, offset)), symbol.word)


def _rename(file: OpenFile, params: lsp.RenameParams) -> lsp.WorkspaceEdit:
    embedded, document, offset = _renamable(file, params)
    word = document.symbol(offset).word
    user = user_of(word, file.path, file.settings.root) if is_schedule_file(file.path) else None
    if user is not None:
        raise RenameError(f"{user.name} uses this file, and has `{shown(word)}` too: rename it in both by hand")
    edits = [embedded.edit(fix) for fix in document.renamed(offset, params.new_name)]
    if None in edits:
        raise RenameError("a part of the text is written by a program")
    return lsp.WorkspaceEdit({params.text_document.uri: file.edits(edit for edit in edits if edit is not None)})


def _formatting(file: OpenFile, _: lsp.DocumentFormattingParams) -> list[lsp.TextEdit]:
    try:
        return file.edits_to(formatted(file.path, file.source, file.settings))
    except (ScheduleError, UnreadableError):
        return []


def _range_formatting(file: OpenFile, params: lsp.DocumentRangeFormattingParams) -> list[lsp.TextEdit]:
    start, end = params.range.start, params.range.end  # whole lines, without the last one if nothing of it is selected
    last = end if end.character == 0 and end != start else lsp.Position(end.line, _LAST)
    within = file.offset(lsp.Position(start.line, 0)), file.offset(last)
    try:
        return file.edits_to(formatted(file.path, file.source, file.settings, within))
    except (ScheduleError, UnreadableError):
        return []


def _code_actions(file: OpenFile, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    first, last = (file.offset(p) for p in (params.range.start, params.range.end))
    actions = []
    if _is_asked(params, lsp.CodeActionKind.QuickFix.value):
        for d in file.problems:
            if d.fix is not None and d.span.start.offset <= last and first <= d.span.end.offset:
                change = lsp.WorkspaceEdit({params.text_document.uri: file.edits([d.fix])})
                actions.append(lsp.CodeAction(f"{d.code}: {d.help}", lsp.CodeActionKind.QuickFix, edit=change))
    if params.context.only and _is_asked(params, _FIX_ALL) and any(d.fix is not None and is_safe(d) for d in file.problems):
        after = file.repaired
        if after != file.source:
            change = lsp.WorkspaceEdit({params.text_document.uri: file.edits_to(after)})
            actions.append(lsp.CodeAction("lrdsl: make all safe repairs", _FIX_ALL, edit=change))
    return actions


def _is_asked(params: lsp.CodeActionParams, kind: str) -> bool:
    """Whether a request wants actions of a kind: all, if it names none; `source` stands for `source.fixAll` too."""
    only = params.context.only
    return only is None or any(f"{kind}.".startswith(f"{getattr(wanted, 'value', wanted)}.") for wanted in only)


def _hints(file: OpenFile, _: lsp.InlayHintParams) -> list[lsp.InlayHint]:
    hints = [(embedded, at, text) for embedded in file.texts for at, text in file.document(embedded).hints()]
    return [lsp.InlayHint(file.within(embedded, (at, at)).start, text, padding_left=True) for embedded, at, text in hints]


def _tokens(file: OpenFile, _: lsp.SemanticTokensParams) -> lsp.SemanticTokens:
    return lsp.SemanticTokens(list(_token_data(file)))


def _token_data(file: OpenFile) -> Iterator[int]:
    """The words of a file as the protocol's numbers: five for each word, which give its distance from the word before, its length and its kind."""
    line, column = 0, 0
    words: list[tuple[Any, str]] = [(file.within(embedded, extent), kind) for embedded in file.texts for extent, kind in words_of(embedded.text)]
    for word, kind in sorted(words, key=lambda word: (word[0].start.line, word[0].start.character)):
        start = word.start
        if word.end.line == start.line:
            yield from (
                start.line - line,
                start.character - (column if start.line == line else 0),
                word.end.character - start.character,
                KINDS.index(kind),
                0,
            )
            line, column = start.line, start.character


ANSWERS = {
    lsp.TEXT_DOCUMENT_HOVER: Answer(_hover),
    lsp.TEXT_DOCUMENT_COMPLETION: Answer(_completion, list, lsp.CompletionOptions(trigger_characters=["(", ",", "=", " "])),
    lsp.TEXT_DOCUMENT_SIGNATURE_HELP: Answer(_signature_help, options=lsp.SignatureHelpOptions(["(", ","], ["=", ")"])),
    lsp.TEXT_DOCUMENT_DEFINITION: Answer(_definition),
    lsp.TEXT_DOCUMENT_REFERENCES: Answer(_references, list),
    lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL: Answer(_symbols, list),
    lsp.TEXT_DOCUMENT_PREPARE_RENAME: Answer(_prepare_rename, _refuse),
    lsp.TEXT_DOCUMENT_RENAME: Answer(_rename, _refuse, lsp.RenameOptions(prepare_provider=True)),
    lsp.TEXT_DOCUMENT_FORMATTING: Answer(_formatting, list),
    lsp.TEXT_DOCUMENT_RANGE_FORMATTING: Answer(_range_formatting, list),
    lsp.TEXT_DOCUMENT_CODE_ACTION: Answer(_code_actions, list, lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix, _FIX_ALL])),
    lsp.TEXT_DOCUMENT_INLAY_HINT: Answer(_hints, list),
    lsp.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: Answer(_tokens, lambda: lsp.SemanticTokens([]), lsp.SemanticTokensLegend(list(KINDS), [])),
}
