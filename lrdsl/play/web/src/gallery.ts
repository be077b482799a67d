// The gallery: schedules to begin with, each with its source.

import { ask } from "./ask";
import { button, byId, make, openDialog } from "./dom";

export type Entry = { kind: string; name: string; text: string; about: string; source: string; facts: Record<string, string> };
const KINDS: Record<string, string> = { example: "from a paper", shape: "a shape", combinator: "a way to combine", recipe: "a recipe" };

let entries: Entry[] = [];

export async function openGallery(pick: (entry: Entry) => void): Promise<void> {
  const dialog = byId<HTMLDialogElement>("gallery");
  const search = byId<HTMLInputElement>("search");
  openDialog(dialog);
  search.focus();
  search.oninput = () => list(search.value, pick);
  if (!entries.length) {
    byId("count").textContent = "loading …";
    entries = (await ask<{ entries: Entry[] }>({ ask: "gallery" }, true)).entries ?? [];
  }
  list(search.value, pick);
}

function list(search: string, pick: (entry: Entry) => void): void {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const found = entries.filter((entry) => {
    const text = `${entry.kind} ${KINDS[entry.kind] ?? ""} ${entry.name} ${entry.about} ${entry.text}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  byId("count").textContent = `${found.length} of ${entries.length} schedules`;
  byId("entries").replaceChildren(
    ...found.map((entry) => {
      const use = button(entry.name, () => {
        byId<HTMLDialogElement>("gallery").close();
        pick(entry);
      });
      const source = entry.source ? make("details", {}, make("summary", {}, "source"), make("pre", { tabindex: "0" }, entry.source)) : null;
      const code = make("pre", { class: "text", tabindex: "0" }, entry.text.replace(/^(#.*\n)+\n?/, ""));
      return make("li", { "data-name": entry.name }, make("div", { class: "bar" }, use, make("span", { class: "kind" }, KINDS[entry.kind] ?? entry.kind)), make("p", {}, entry.about), code, source);
    }),
  );
}
