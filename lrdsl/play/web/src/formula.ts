// Shows a formula by KaTeX.

import katex from "katex";
import { make } from "./dom";

/** A formula of more characters is not shown. */
const MOST = 20_000;

// KaTeX gives its pictures of tall brackets a `style` attribute, which the page's policy forbids; the same style from a script is allowed.
type Svg = { attributes: Record<string, string>; toNode(): SVGElement };
const { SvgNode } = (katex as unknown as { __domTree: { SvgNode: { prototype: Svg } } }).__domTree;
const toNode = SvgNode.prototype.toNode;
SvgNode.prototype.toNode = function (this: Svg) {
  const { style, ...others } = this.attributes;
  const node = toNode.call(Object.assign(Object.create(SvgNode.prototype), this, { attributes: others }));
  if (style) node.style.cssText = style;
  return node;
};

/** Shows a formula in LaTeX. */
export function showFormula(host: HTMLElement, latex: string): void {
  if (latex && latex.length < MOST) {
    katex.render(latex, host, { displayMode: true, throwOnError: false, output: "htmlAndMathml", strict: "ignore", trust: false });
  } else {
    host.replaceChildren(make("p", { class: "faint" }, "The formula is too long to be shown; `lrdsl formula` writes it."));
  }
}
