// Import: schedules of other libraries, read from code or from a config.

import { ask, Latest } from "./ask";
import { button, byId, make, openDialog } from "./dom";

type Reading = { dialect: string; source: string; line: number; text: string | null; facts: Record<string, string>; base: string; unknown: string[]; notes: string[] };
type Pick = (one: { text: string; facts: Record<string, string> }) => void;

const reading = new Latest<{ readings: Reading[] }>(true);
let resting = 0;

export async function openImport(pick: Pick): Promise<void> {
  const field = byId<HTMLTextAreaElement>("foreign");
  openDialog(byId<HTMLDialogElement>("import"));
  field.focus();
  field.oninput = () => {
    clearTimeout(resting);
    resting = window.setTimeout(() => read(field.value, pick), 150);
  };
  const libraries = byId("libraries");
  if (!libraries.textContent) {
    const answer = await ask<{ read: string[] }>({ ask: "dialects" }, true);
    libraries.textContent = answer.read ? `It knows ${answer.read.join(", ")}.` : "";
  }
}

function read(text: string, pick: Pick): void {
  reading.ask({ ask: "read", text: text.replace(/\r\n?/g, "\n") }, (answer) => {
    const found = answer.readings ?? [];
    const nothing = answer.error ?? answer.problems?.[0]?.message ?? (text.trim() ? "There is no schedule that lrdsl can read." : "");
    byId("readings").replaceChildren(...(found.length ? found.map((one) => shown(one, pick)) : [make("p", {}, nothing)]));
  });
}

function shown(one: Reading, pick: Pick): HTMLElement {
  const item = make("section", { class: "reading" });
  item.append(make("p", {}, `line ${one.line}, ${one.dialect}: `, make("code", {}, one.source)));
  const { text } = one;
  if (text !== null) {
    const names = one.unknown.map((name) => `${name}=`).join(", ");
    const facts = { ...one.facts, ...(one.base ? { base: one.base } : {}), ...(names ? { names } : {}) };
    const use = button("Use this text", () => {
      byId<HTMLDialogElement>("import").close();
      pick({ text, facts });
    });
    item.append(make("pre", {}, text), use);
    if (names) item.append(make("p", {}, `The source does not say what ${one.unknown.join(", ")} is: give the values beside the text.`));
  }
  for (const note of one.notes) item.append(make("p", { class: "note" }, text === null ? `not read: ${note}` : note));
  return item;
}
