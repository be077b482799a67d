// What the page shows: the texts and the facts. The fragment of the address holds it; it is data, and nothing of it is run.

export type State = { text: string; other: string; facts: Record<string, string>; log: boolean };

export const FACTS = ["base", "total_steps", "total_epochs", "steps_per_epoch", "batch_size", "tokens_per_step", "ticks_per_step", "tick", "names", "events"];

export function fromFragment(fragment: string): State {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const facts: Record<string, string> = {};
  for (const name of FACTS) {
    const value = fields.get(name);
    if (value) facts[name] = value.slice(0, 10_000);
  }
  return { text: plain(fields.get("text")), other: plain(fields.get("other")), facts, log: fields.get("log") === "1" };
}

export function toFragment(state: State): string {
  const fields = new URLSearchParams({ text: state.text });
  if (state.other) fields.set("other", state.other);
  for (const name of FACTS) if (state.facts[name]) fields.set(name, state.facts[name]);
  if (state.log) fields.set("log", "1");
  return `#${fields.toString().replaceAll("+", "%20")}`;
}

function plain(text: string | null): string {
  return (text ?? "").slice(0, 110_000).replace(/\r\n?/g, "\n");
}
