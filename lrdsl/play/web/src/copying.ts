// Copies text.

import { make } from "./dom";

/** Puts a text on the clipboard. */
export async function copy(text: Promise<string>): Promise<void> {
  const ready = await text;
  try {
    await navigator.clipboard.writeText(ready);
  } catch {
    // An old way, for pages that a browser does not trust with the clipboard.
    const field = make("textarea", { class: "away", "aria-hidden": "true" });
    field.value = ready;
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    if (!isCopied) throw new Error(ready);
  }
}
