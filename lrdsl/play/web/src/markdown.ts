// Shows the little Markdown of hover texts as elements: paragraphs, code blocks, `code` and *emphasis*.

import { make } from "./dom";

/** A line in which `code` stands between backticks, in parts. */
export function coded(line: string): (Node | string)[] {
  return line.split(/(`[^`]+`)/).map((piece, i) => (i % 2 ? make("code", {}, piece.slice(1, -1)) : piece));
}

export function markdown(text: string): HTMLElement {
  const out = make("div", { class: "markdown" });
  for (const [i, part] of text.split(/^```.*\n?/m).entries()) {
    if (i % 2) {
      out.append(make("pre", {}, part.trimEnd()));
      continue;
    }
    for (const paragraph of part.split(/\n{2,}/).filter((one) => one.trim())) {
      const pieces = paragraph.split(/(\*[^*`]+\*)/);
      out.append(make("p", {}, ...pieces.flatMap((piece, j) => (j % 2 ? [make("em", {}, piece.slice(1, -1))] : coded(piece.replace(/\\([\\*_[\]<>&#])/g, "$1"))))));
    }
  }
  return out;
}
