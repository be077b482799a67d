// The page: it asks Python at each key, and shows the answer.

import { ask, isStatic, Latest, type Failed, type Look, type Problem, type Question, type Word } from "./ask";
import { Charts } from "./chart";
import { copy } from "./copying";
import { button, byId, make } from "./dom";
import { Editor, repairLabel } from "./editor";
import { showFormula } from "./formula";
import { openGallery } from "./gallery";
import { openImport } from "./importing";
import { coded } from "./markdown";
import { FACTS, fromFragment, toFragment, type State } from "./state";

const form = byId<HTMLFormElement>("facts");
const logBox = byId<HTMLInputElement>("log");
const tickField = byId<HTMLInputElement>("tick");
const slider = byId<HTMLInputElement>("slider");
const targetChoice = byId<HTMLSelectElement>("target");
const symbolicBox = byId<HTMLInputElement>("symbolic");

let view: { first: number; ticks: number } | null = null; // the part of the run that is shown; null for all
let last: Look | null = null; // the last look without errors
let timer = 0;

const looks = new Latest<Look>();
const readings = new Latest<{ levels: { target: string; level: number; phase: number }[] }>();
const formulas = new Latest<{ formulas: Record<string, string> }>(true);
const assertions = new Latest<{ held: string[]; problems: Problem[] }>(true);
const verdicts = new Latest<{ same: boolean; proved: boolean; sentences: string[] }>(true);

function factsNow(): Record<string, string> {
  const fields = new FormData(form);
  return Object.fromEntries(FACTS.map((name) => [name, String(fields.get(name) ?? "").trim()]).filter(([, value]) => value));
}

function stateNow(): State {
  return { text: editor.text, other: isComparing() ? other.text : "", facts: factsNow(), log: logBox.checked };
}

function isComparing(): boolean {
  return byId("overlay").getAttribute("aria-pressed") === "true";
}

/** Says something for a moment. */
export function say(message: string): void {
  const status = byId("status");
  status.textContent = message;
  status.classList.add("shown");
  clearTimeout(timer);
  timer = window.setTimeout(() => status.classList.remove("shown"), 4000);
}

// What is asked at each key, and what when the keys rest.

let resting = 0;

function look(): void {
  const { text, other: second, facts, log } = stateNow();
  const began = performance.now();
  looks.ask({ ask: "look", text, other: second, facts, log, ...view }, (answer) => {
    show(text, answer);
    Object.assign(document.documentElement.dataset, { looked: text, other: second ?? "", log: log ? "yes" : "no" });
    performance.measure("look", { start: began });
    clearTimeout(resting);
    resting = window.setTimeout(rest, 200);
  });
}

function rest(): void {
  const state = stateNow();
  history.replaceState(null, "", toFragment(state));
  if (!last) return;
  formulas.ask(formulasOf(state), (answer) => {
    if (answer.formulas) showFormula(byId("formula"), answer.formulas.latex);
    else byId("formula").replaceChildren(make("p", { class: "faint" }, reason(answer)));
  });
  const looked = last;
  if (last.assertions) {
    assertions.ask({ ask: "assertions", text: state.text, facts: state.facts }, (answer) => {
      if (looked !== last || !answer.problems) return;
      tell(state.text, [...looked.problems, ...answer.problems], looked.words);
      byId("assertions").replaceChildren(...(answer.held ?? []).map((text) => make("li", {}, `✓ ${text}`)));
    });
  }
  if (state.other) {
    verdicts.ask({ ask: "compare", text: state.text, other: state.other, facts: state.facts }, (answer) => {
      const verdict = byId("verdict");
      verdict.className = answer.same ? "same" : "differs";
      verdict.replaceChildren(...(answer.sentences ?? [reason(answer)]).map((sentence) => make("span", {}, sentence)));
    });
  }
}

function formulasOf({ text, facts }: State): Question {
  return { ask: "formulas", text, facts, target: targetChoice.value, symbolic: symbolicBox.checked };
}

// What is shown.

function show(text: string, answer: Look & { error?: string }): void {
  if (answer.error) {
    say(answer.error);
    return;
  }
  tell(text, answer.problems, answer.words);
  document.documentElement.classList.toggle("broken", !answer.panels);
  if (isComparing()) void colourOther(answer.other ?? []);
  if (!answer.panels) return;
  const isFirst = !last;
  last = answer;
  byId("assertions").replaceChildren();
  charts.draw(answer, logBox.checked);
  showTargets(answer);
  byId("events").hidden = !answer.follows?.length && !factsNow().events;
  form.querySelector<HTMLInputElement>('[name="base"]')!.placeholder = String(answer.base);
  const end = Math.max(1, Math.floor(answer.end!));
  slider.min = String(Math.ceil(answer.start!));
  slider.max = String(end);
  if (isFirst) performance.mark("first-chart");
  read(Number(tickField.value));
}

/** Shows the problems of a text. */
function tell(text: string, problems: Problem[], words: Word[]): void {
  editor.show(text, problems, words, (problem) => editor.repair(problem));
  showProblems(problems);
}

async function colourOther(problems: Problem[]): Promise<void> {
  const text = other.text;
  const answer = await ask<{ words: [number, number, string][] }>({ ask: "words", text });
  other.show(text, problems, answer.words, (problem) => other.repair(problem));
}

function showProblems(problems: Problem[]): void {
  byId("problems").replaceChildren(
    ...problems.map((problem) => {
      const place = button(`line ${problem.line}`, () => editor.go(problem.from), { class: "place" });
      const item = make("li", { class: problem.severity });
      item.append(make("span", { class: "code" }, problem.code), " ", make("span", { class: "message" }, ...coded(problem.message)), " ", place, make("p", {}, ...coded(problem.help)));
      if (problem.fix) item.append(button(repairLabel(problem), () => editor.repair(problem), { class: "repair" }));
      return item;
    }),
  );
}

function showTargets(answer: Look): void {
  const targets = answer.targets ?? [];
  byId("sentences").replaceChildren(...targets.map(({ sentence }) => make("p", {}, sentence)));
  const several = targets.length > 1;
  byId("phases").replaceChildren(
    ...targets.map(({ name, columns, rows, more }) => {
      const table = make("table");
      table.append(make("caption", {}, several ? `Phases of ${name}` : "Phases"));
      const header = make("tr");
      for (const column of columns) header.append(make("th", { scope: "col" }, column));
      table.append(make("thead", {}, header));
      const body = make("tbody");
      let phase = -1;
      for (const [depth, text, ...cells] of rows) {
        if (depth === 0) phase++;
        const row = make("tr", depth ? { class: "part" } : {});
        const mark = make("span", { class: `chip phase-${phase % 5}`, "aria-hidden": "true" });
        row.append(make("th", { scope: "row", class: `depth-${Math.min(depth, 4)}` }, mark, make("code", {}, text)), ...cells.map((cell) => make("td", {}, cell)));
        body.append(row);
      }
      table.append(body);
      return make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": several ? `Phases of ${name}` : "Phases" }, table, more ? make("p", { class: "faint" }, `and ${more} more`) : null);
    }),
  );
  const names = targets.map(({ name }) => name);
  if (names.join("\n") !== [...targetChoice.options].map(({ value }) => value).join("\n")) {
    const before = targetChoice.value;
    targetChoice.replaceChildren(...names.map((name) => make("option", { value: name }, name)));
    if (names.includes(before)) targetChoice.value = before;
  }
  byId("target-part").hidden = !several;
}

// The level under the cursor.

function read(tick: number): void {
  if (!last) return;
  const { facts } = stateNow();
  tick = Math.max(0, Math.min(Number.isFinite(tick) ? Math.round(tick) : 0, 1e12));
  readings.ask({ ask: "levels", text: editor.text, facts, tick }, (answer) => {
    if (!answer.levels) return;
    const rows = last?.targets ?? [];
    byId("readout").replaceChildren(
      ...answer.levels.map(({ target, level, phase }) => {
        const top = rows.find(({ name }) => name === target)?.rows.filter(([depth]) => depth === 0) ?? [];
        const text = top[phase]?.[1];
        return make("span", { "data-target": target, "data-tick": String(tick), "data-level": String(level) }, `${target} = ${Number(level.toPrecision(12))}`, text && top.length > 1 ? make("small", {}, ` in ${text}`) : null);
      }),
    );
  });
}

const charts = new Charts(byId("charts"), {
  at(tick) {
    tickField.value = slider.value = String(tick);
    read(tick);
  },
  pick(from, to) {
    zoom(from, to);
  },
});

function point(tick: number): void {
  charts.mark(tick);
  read(tick);
}

tickField.addEventListener("input", () => {
  slider.value = tickField.value;
  point(Number(tickField.value));
});
slider.addEventListener("input", () => {
  tickField.value = slider.value;
  point(Number(slider.value));
});

/** Shows a part of the run; all of it for an empty part. */
function zoom(from: number, to: number): void {
  const first = Math.max(0, Math.floor(from)), ticks = Math.ceil(to) - first + 1;
  view = to > from && ticks >= 3 ? { first, ticks } : null;
  look();
}

function scaled(by: number): void {
  if (!last) return;
  const start = last.start!, end = last.end!, middle = Number(tickField.value);
  const at = middle >= start && middle <= end ? middle : (start + end) / 2;
  zoom(Math.max(0, at - (at - start) * by), at + (end - at) * by);
}

byId("zoom-in").addEventListener("click", () => scaled(0.5));
byId("zoom-out").addEventListener("click", () => (view ? scaled(2) : undefined));
byId("zoom-all").addEventListener("click", () => zoom(0, -1));
logBox.addEventListener("change", look);
symbolicBox.addEventListener("change", rest);
targetChoice.addEventListener("change", rest);
form.addEventListener("input", look);
form.addEventListener("submit", (event) => event.preventDefault());

// Copies of the formula, and code of other libraries.

const FORMATS = { latex: "LaTeX", typst: "Typst", markdown: "Markdown", python: "Python", mathml: "MathML", text: "Text" };
byId("copies").append(make("span", {}, "Copy as"), ...Object.entries(FORMATS).map(([format, title]) => button(title, () => void copyText(title, formula(format)), { "data-format": format })));

async function formula(format: string): Promise<string> {
  const answer = await ask<{ formulas: Record<string, string> }>(formulasOf(stateNow()), true);
  if (!answer.formulas) throw new Error(reason(answer));
  return answer.formulas[format];
}

/** Why there is no answer. */
function reason({ error, problems }: Failed): string {
  const [first] = problems ?? [];
  return error ?? (first ? `${first.message}: ${first.help}` : "");
}

async function showExports(): Promise<void> {
  const answer = await ask<{ written: { name: string; title: string }[] }>({ ask: "dialects" }, true);
  if (!answer.written) return;
  const buttons = answer.written.map(({ name, title }) => button(title, () => void copyText(`Code for ${title}`, exported(name)), { "data-dialect": name }));
  byId("exports").replaceChildren(make("span", {}, "Copy code for"), ...buttons);
}

async function exported(to: string): Promise<string> {
  const { text, facts } = stateNow();
  const target = (last?.targets?.length ?? 0) > 1 && to !== "torch" ? targetChoice.value : "";
  const answer = await ask<{ code: string }>({ ask: "export", text, facts, to, target }, true);
  if (answer.code === undefined) throw new Error(reason(answer));
  return answer.code;
}

async function copyText(title: string, text: Promise<string>): Promise<void> {
  try {
    showCode(title, await text);
    await copy(text);
    say(`${title}: copied`);
  } catch (error) {
    showCode(title, (error as Error).message);
    say(`${title}: not copied`);
  }
}

function showCode(title: string, text: string): void {
  byId("code-part").hidden = false;
  byId("code-title").textContent = title;
  byId("code").textContent = text;
}

byId("code-close").addEventListener("click", () => (byId("code-part").hidden = true));

// The other parts of the page.

function load(state: { text: string; facts?: Record<string, string>; other?: string; log?: boolean }): void {
  if (state.facts) for (const name of FACTS) (form.elements.namedItem(name) as HTMLInputElement).value = state.facts[name] ?? "";
  if (state.log !== undefined) logBox.checked = state.log;
  view = null;
  editor.text = state.text;
  if (state.other) {
    compare(true);
    other.text = state.other;
  }
  look();
}

function compare(isOn: boolean): void {
  byId("overlay").setAttribute("aria-pressed", String(isOn));
  byId("other-part").hidden = !isOn;
  if (isOn && !other.text) other.text = editor.text;
  byId("verdict").replaceChildren();
}

byId("overlay").addEventListener("click", () => {
  compare(!isComparing());
  if (isComparing()) other.view.focus();
  look();
});
byId("swap").addEventListener("click", () => {
  const text = editor.text;
  editor.text = other.text;
  other.text = text;
});
byId("format").addEventListener("click", async () => {
  const text = editor.text;
  const answer = await ask<{ text: string }>({ ask: "format", text });
  if (answer.text !== undefined && text === editor.text) editor.text = answer.text;
  else say("the text has an error: repair it first");
});
byId("copy-link").addEventListener("click", () => {
  const url = new URL(toFragment(stateNow()), location.href).href;
  history.replaceState(null, "", url);
  void copyText("Link", Promise.resolve(url));
});
byId("open-gallery").addEventListener("click", () => openGallery(({ text, facts }) => load({ text, facts })));
byId("open-import").addEventListener("click", () =>
  openImport(({ text, facts }) => {
    load({ text, facts: { ...facts } });
    if (facts.names) form.querySelector<HTMLInputElement>('[name="names"]')!.focus();
  }),
);

const dark = matchMedia("(prefers-color-scheme: dark)");
function paint(theme: string): void {
  document.documentElement.dataset.theme = theme;
  charts.refresh();
}
byId("theme").addEventListener("click", () => {
  const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  try {
    localStorage.setItem("lrdsl-theme", theme);
  } catch {
    // a page without storage forgets it
  }
  paint(theme);
});
dark.addEventListener("change", () => paint(dark.matches ? "dark" : "light"));

function storedTheme(): string | null {
  try {
    return localStorage.getItem("lrdsl-theme");
  } catch {
    return null;
  }
}

const begin = fromFragment(location.hash);
const text = begin.text || (location.hash ? "" : "warmup(5%) then cosine(rest, to=0.1x)");
const editor = new Editor(byId("editor"), "Schedule", text, factsNow, look);
const other = new Editor(byId("other"), "Other schedule", begin.other, factsNow, look);
paint(storedTheme() ?? (dark.matches ? "dark" : "light"));
byId<HTMLDetailsElement>("run").open = matchMedia("(min-width: 961px)").matches; // on a phone, the chart comes first
if (isStatic) say("Python is loading …");
load({ ...begin, text, facts: location.hash ? begin.facts : { total_steps: "1000" } });
// The event knows the link. The address may hold the text before it again, if that came to rest in between.
addEventListener("hashchange", ({ newURL }) => load(fromFragment(new URL(newURL).hash)));
void showExports();
editor.view.focus();
