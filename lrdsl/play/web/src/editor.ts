// The editor of a schedule: CodeMirror, with colours, problems, completions and hover texts that Python gives.

import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type Completion, type CompletionContext, type CompletionResult } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { bracketMatching } from "@codemirror/language";
import { setDiagnostics, lintKeymap, type Diagnostic } from "@codemirror/lint";
import { EditorState, StateEffect, StateField, type Range } from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, drawSelection, hoverTooltip, keymap, placeholder, showTooltip, type Tooltip } from "@codemirror/view";
import { ask, type Problem, type Word } from "./ask";
import { make } from "./dom";
import { markdown } from "./markdown";

const KINDS: Record<string, string> = { function: "function", parameter: "property", unit: "constant", keyword: "keyword", value: "enum", name: "variable" };

const setWords = StateEffect.define<Word[]>();
/** The colours of words. Between an edit and the next answer, they move with the text. */
const words = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(set, transaction) {
    set = set.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setWords)) continue;
      const size = transaction.state.doc.length;
      const marks: Range<Decoration>[] = effect.value
        .filter(([from, to]) => from < to && to <= size)
        .map(([from, to, kind]) => Decoration.mark({ class: `w-${kind}`, inclusiveEnd: true }).range(from, to));
      set = Decoration.set(marks, true);
    }
    return set;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const setSignature = StateEffect.define<Tooltip | null>();
/** The call that is being typed, over its line. */
const signature = StateField.define<Tooltip | null>({
  create: () => null,
  update(tooltip, transaction) {
    for (const effect of transaction.effects) if (effect.is(setSignature)) return effect.value;
    return transaction.docChanged || transaction.selection ? (tooltip && { ...tooltip, pos: transaction.changes.mapPos(tooltip.pos) }) : tooltip;
  },
  provide: (field) => showTooltip.from(field),
});

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--field)", fontSize: "15px", borderRadius: "6px" },
  "&.cm-focused": { outline: "2px solid var(--focus)", outlineOffset: "-1px" },
  ".cm-content": { fontFamily: "var(--mono)", padding: "10px 4px", caretColor: "var(--ink)", minHeight: "4.6em" },
  ".cm-scroller": { lineHeight: "1.55", maxHeight: "46vh", overflow: "auto" },
  ".cm-cursor": { borderLeftColor: "var(--ink)", borderLeftWidth: "2px" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { backgroundColor: "var(--selection) !important" },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--match)", outline: "none" },
  ".cm-placeholder": { color: "var(--faint)" },
  ".cm-tooltip": { backgroundColor: "var(--card)", color: "var(--ink)", border: "1px solid var(--line)", borderRadius: "6px", maxWidth: "min(560px, 90vw)", overflow: "hidden" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "14em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--on-accent)" },
  ".cm-completionDetail": { fontStyle: "normal", opacity: ".8", fontSize: "12px" },
  ".cm-completionIcon": { color: "inherit", opacity: ".7" },
  ".cm-diagnostic": { padding: "6px 10px", fontFamily: "var(--sans)", whiteSpace: "pre-wrap" },
  ".cm-diagnostic-error": { borderLeftColor: "var(--error)" },
  ".cm-diagnostic-warning": { borderLeftColor: "var(--warning)" },
  ".cm-diagnostic-info": { borderLeftColor: "var(--accent)" },
  ".cm-diagnosticAction": { backgroundColor: "var(--accent)", color: "var(--on-accent)", font: "inherit", margin: "4px 0 0", padding: "2px 8px", borderRadius: "4px" },
  ".cm-lintRange-error, .cm-lintRange-warning, .cm-lintRange-info": { backgroundImage: "none", textDecorationLine: "underline", textDecorationStyle: "wavy", textDecorationSkipInk: "none", textUnderlineOffset: "3px" },
  ".cm-lintRange-error": { textDecorationColor: "var(--error)" },
  ".cm-lintRange-warning": { textDecorationColor: "var(--warning)" },
  ".cm-lintRange-info": { textDecorationColor: "var(--accent)" },
  ".cm-lintPoint:after": { borderBottomColor: "var(--error)" },
  ".help, .call": { padding: "6px 10px", fontSize: "13px", maxHeight: "40vh", overflow: "auto" },
  ".help p, .call p": { margin: ".35em 0" },
  ".help pre": { margin: ".35em 0", fontFamily: "var(--mono)", whiteSpace: "pre-wrap", fontSize: "12.5px" },
  ".help code, .call code": { fontFamily: "var(--mono)" },
  ".call b": { color: "var(--accent)" },
  ".w-keyword": { color: "var(--w-keyword)", fontWeight: "600" },
  ".w-function": { color: "var(--w-function)" },
  ".w-parameter": { color: "var(--w-parameter)" },
  ".w-number": { color: "var(--w-number)" },
  ".w-string": { color: "var(--w-string)" },
  ".w-comment": { color: "var(--w-comment)", fontStyle: "italic" },
  ".w-operator": { color: "var(--w-operator)" },
});

export type Facts = () => Record<string, string>;

export class Editor {
  readonly view: EditorView;

  constructor(host: HTMLElement, label: string, text: string, facts: Facts, changed: () => void) {
    // A shadow root takes style sheets that a script makes, so that the page's policy need not allow `style` elements.
    const root = host.attachShadow({ mode: "open" });
    const extensions = [
      history(),
      drawSelection(),
      bracketMatching(),
      closeBrackets(),
      EditorView.lineWrapping,
      keymap.of([...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...historyKeymap, ...defaultKeymap]), // Tab leaves the editor, for the keyboard's sake
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", autocapitalize: "off", autocorrect: "off" }),
      placeholder("warmup(5%) then cosine(rest)"),
      autocompletion({ override: [(context) => complete(context, facts())], icons: true, maxRenderedOptions: 60 }),
      hoverTooltip((view, at) => hover(view, at, facts())),
      words,
      signature,
      look,
      EditorView.updateListener.of((update) => {
        if (update.docChanged) changed();
        if (update.docChanged || update.selectionSet) void this.#showCall(facts());
      }),
    ];
    this.view = new EditorView({ state: EditorState.create({ doc: text, extensions }), parent: root, root });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  set text(text: string) {
    if (text !== this.text) this.view.dispatch({ changes: { from: 0, to: this.view.state.doc.length, insert: text } });
  }

  /** Shows what Python says of a text, if the text is still that one. */
  show(text: string, problems: Problem[], coloured: Word[] | undefined, repair: (problem: Problem) => void): void {
    if (text !== this.text) return;
    const size = this.view.state.doc.length;
    const diagnostics: Diagnostic[] = problems.map((problem) => ({
      from: Math.min(problem.from, size),
      to: Math.min(problem.to, size),
      severity: problem.severity === "note" ? "info" : problem.severity,
      source: problem.code,
      message: `${problem.message}\n${problem.help}`,
      actions: problem.fix ? [{ name: repairLabel(problem), apply: () => repair(problem) }] : [],
    }));
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
    if (coloured) this.view.dispatch({ effects: setWords.of(coloured) });
  }

  /** Makes a repair. */
  repair({ fix }: Problem): void {
    if (!fix || fix.to > this.view.state.doc.length) return;
    this.view.dispatch({ changes: fix });
    this.view.focus();
  }

  /** Puts the cursor at a place. */
  go(at: number): void {
    this.view.dispatch({ selection: { anchor: Math.min(at, this.view.state.doc.length) }, scrollIntoView: true });
    this.view.focus();
  }

  #calls = 0;
  async #showCall(facts: Record<string, string>): Promise<void> {
    const number = ++this.#calls;
    const { state } = this.view;
    const at = state.selection.main.head;
    const before = state.sliceDoc(0, at);
    const isInCall = this.view.hasFocus && (before.match(/\(/g)?.length ?? 0) > (before.match(/\)/g)?.length ?? 0);
    const answer = isInCall ? await ask<{ label: string; slot: string; doc: string }>({ ask: "signature", text: state.doc.toString(), at, facts }) : null;
    if (number !== this.#calls) return;
    const tooltip = answer?.label ? { pos: at, above: true, create: () => ({ dom: callOf(answer.label, answer.slot, answer.doc) }) } : null;
    if (tooltip || this.view.state.field(signature)) this.view.dispatch({ effects: setSignature.of(tooltip) });
  }
}

/** The name of a repair: what it puts there. */
export function repairLabel({ fix }: Problem): string {
  if (!fix) return "";
  const insert = fix.insert.trim();
  return insert ? `Repair: ${insert.length > 40 ? `${insert.slice(0, 40)}…` : insert}` : "Repair: remove this";
}

function callOf(label: string, slot: string, doc: string): HTMLElement {
  const at = slot ? label.search(new RegExp(`(?<=[(,] ?)${slot.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}(?=[,)])`)) : -1;
  const code = at < 0 ? make("code", {}, label) : make("code", {}, label.slice(0, at), make("b", {}, slot), label.slice(at + slot.length));
  return make("div", { class: "call" }, code, doc ? make("p", {}, doc) : null);
}

async function hover(view: EditorView, at: number, facts: Record<string, string>): Promise<Tooltip | null> {
  const answer = await ask<{ text: string; from: number; to: number }>({ ask: "hover", text: view.state.doc.toString(), at, facts }, true);
  if (!answer.text) return null;
  return { pos: answer.from, end: answer.to, above: true, create: () => ({ dom: make("div", { class: "help" }, markdown(answer.text)) }) };
}

type Option = { label: string; kind: string; detail: string; doc: string };

async function complete(context: CompletionContext, facts: Record<string, string>): Promise<CompletionResult | null> {
  const word = context.matchBefore(/[\w.]+/);
  if (!word && !context.explicit && !/[(,=]\s?$/.test(context.state.sliceDoc(Math.max(0, context.pos - 3), context.pos))) return null;
  const answer = await ask<{ options: Option[] }>({ ask: "complete", text: context.state.doc.toString(), at: context.pos, facts });
  if (!answer.options || context.aborted) return null;
  const unit = /^[\d_.]+/.exec(word?.text ?? "")?.[0] ?? ""; // after a number come its units
  const options: Completion[] = answer.options.map(({ label, kind, detail, doc }, i) => ({
    label,
    type: KINDS[kind] ?? "text",
    detail,
    boost: Math.max(-90, 60 - i),
    info: doc ? () => make("div", { class: "help" }, markdown(doc)) : undefined,
  }));
  return { from: word ? word.from + unit.length : context.pos, options, validFor: unit ? /^[a-zA-Z%]*$/ : /^[\w.]*$/ };
}
