// The charts: one panel for each quantity, with the curves of its groups, the phases behind them, and a cursor that all share.

import uPlot from "uplot";
import type { Curve, Look, Panel } from "./ask";
import { make, variable } from "./dom";

const COLOURS = 6;
const DASHES = [[], [8, 4], [2, 3], [10, 3, 2, 3], [5, 5], [1, 4]];

/** What the charts tell the page: the tick under the cursor, and the part of the run that the user picks. */
export type Listener = { at(tick: number): void; pick(from: number, to: number): void };

export class Charts {
  #plots: uPlot[] = [];
  #shape = "";
  #last: { look: Look; log: boolean } | null = null;

  constructor(private readonly host: HTMLElement, private readonly listener: Listener) {
    new ResizeObserver(() => this.#resize()).observe(host);
  }

  /** Draws a look. Panels that stay keep their place, so that nothing flickers. */
  draw(look: Look, log: boolean): void {
    this.#last = { look, log };
    const panels = look.panels ?? [];
    const shape = JSON.stringify([panels.map((panel) => [panel.name, panel.curves.map((curve) => curve.label)]), log, this.host.clientWidth, document.documentElement.dataset.theme]);
    if (shape === this.#shape) {
      for (const [i, panel] of panels.entries()) {
        const plot = this.#plots[i];
        (plot as WithPanel).panel = panel;
        plot.setData(joined(panel.curves));
      }
    } else {
      for (const plot of this.#plots) plot.destroy();
      this.host.replaceChildren();
      this.#plots = panels.map((panel, i) => this.#plot(panel, look, log, i === panels.length - 1));
      this.#shape = shape;
      Object.assign(this.host, { plots: this.#plots }); // for tests, and for the curious in a console
    }
  }

  /** Draws again, with the colours of now. */
  refresh(): void {
    this.#shape = "";
    if (this.#last) this.draw(this.#last.look, this.#last.log);
  }

  /** Puts the cursor at a tick. */
  mark(tick: number): void {
    for (const plot of this.#plots) {
      plot.setCursor({ left: plot.valToPos(tick, "x"), top: 0 }, false);
      showDots(plot);
    }
  }

  #resize(): void {
    for (const [i, plot] of this.#plots.entries()) plot.setSize({ width: this.host.clientWidth, height: height(this.#plots.length, i === this.#plots.length - 1) });
  }

  #plot(panel: Panel, look: Look, log: boolean, isLast: boolean): uPlot {
    const box = make("div", { class: "panel" });
    box.append(make("h3", {}, panel.name));
    if (panel.curves.length > 1) box.append(legend(panel.curves));
    this.host.append(box);
    const ink = variable("--ink"), line = variable("--grid");
    const axis = { stroke: ink, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "12px system-ui, sans-serif" };
    const options: uPlot.Options = {
      width: this.host.clientWidth,
      height: height((look.panels ?? []).length, isLast),
      legend: { show: false },
      pxAlign: 0, // a curve on whole pixels would have corners
      scales: {
        x: { time: false, range: () => [this.#last!.look.start!, this.#last!.look.end!] },
        y: { distr: log ? 3 : 1, range: (plot) => levels((plot as WithPanel).panel ?? panel, log) },
      },
      axes: [
        { ...axis, size: isLast ? 40 : 24, label: isLast ? `${look.unit}s` : undefined, labelSize: 16, labelFont: "12px system-ui, sans-serif", values: (_, ticks) => ticks.map(short) },
        { ...axis, size: (_, values) => 14 + 7 * Math.max(3, ...(values ?? []).map((value) => value?.length ?? 0)), values: (_, ticks) => ticks.map((tick) => (tick == null ? "" : short(tick))) },
      ],
      series: [{}, ...panel.curves.map((_, i) => ({ stroke: variable(`--curve-${i % COLOURS}`), width: 2.25, dash: DASHES[i % DASHES.length], points: { show: false }, spanGaps: true }))],
      cursor: {
        sync: { key: "lrdsl" },
        drag: { x: true, y: false, setScale: false },
        points: { show: false }, // they would stand at the points of the data, not at the tick
        bind: { dblclick: () => () => (this.listener.pick(0, -1), null) },
      },
      hooks: {
        drawClear: [(plot) => drawPhases(plot as WithPanel)],
        setCursor: [(plot) => showDots(plot as WithPanel), (plot) => isLast && plot.cursor.left! >= 0 && plot.cursor.event && this.listener.at(Math.max(0, Math.round(plot.posToVal(plot.cursor.left!, "x"))))],
        setSelect: [
          (plot) => {
            if (plot.select.width < 4) return;
            const from = plot.posToVal(plot.select.left, "x"), to = plot.posToVal(plot.select.left + plot.select.width, "x");
            plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
            this.listener.pick(from, to);
          },
        ],
      },
    };
    const plot = new uPlot(options, joined(panel.curves), box) as WithPanel;
    plot.panel = panel;
    plot.redraw();
    return plot;
  }
}

type WithPanel = uPlot & { panel?: Panel; dots?: HTMLElement[] };

/** Puts a dot on each curve at the tick under the cursor. */
function showDots(plot: WithPanel): void {
  const curves = plot.panel?.curves ?? [];
  if (plot.dots?.length !== curves.length) {
    for (const dot of plot.dots ?? []) dot.remove();
    plot.dots = curves.map((_, i) => make("div", { class: `dot curve-${i % COLOURS}` }));
    plot.over.append(...plot.dots);
  }
  const left = plot.cursor.left ?? -1;
  const tick = Math.round(plot.posToVal(left, "x"));
  for (const [i, dot] of plot.dots.entries()) {
    const level = left < 0 ? null : levelOf(curves[i], tick);
    dot.hidden = level === null;
    if (level !== null) dot.style.transform = `translate(${plot.valToPos(tick, "x")}px, ${plot.valToPos(level, "y")}px)`;
  }
}

/** The level of a drawn curve at a tick; null where it is not drawn. */
function levelOf({ x, y }: Curve, tick: number): number | null {
  const after = x.findIndex((time) => time > tick);
  if (tick < x[0] || !x.length) return null;
  if (after < 0) return x[x.length - 1] >= tick ? y[y.length - 1] : null;
  const share = (tick - x[after - 1]) / (x[after] - x[after - 1]);
  return y[after - 1] + share * (y[after] - y[after - 1]);
}

function height(count: number, isLast: boolean): number {
  return Math.max(120, Math.min(330, 520 / Math.max(1, count))) + (isLast ? 16 : 0);
}

function legend(curves: Curve[]): HTMLElement {
  const list = make("ul", { class: "legend" });
  for (const [i, curve] of curves.entries()) list.append(make("li", {}, make("span", { class: `swatch curve-${i % COLOURS}`, "aria-hidden": "true" }), curve.label));
  return list;
}

/** The curves on one axis of time. Where a level jumps, the moment before it comes just before. */
function joined(curves: Curve[]): uPlot.AlignedData {
  const tables = curves.map(({ x, y }) => {
    const times = [...x];
    for (let i = times.length - 2; i >= 0; i--) if (times[i] >= times[i + 1]) times[i] = times[i + 1] - Math.max(1e-9, times[i + 1] * 1e-12);
    return [times, y] as uPlot.AlignedData;
  });
  return tables.length === 1 ? tables[0] : uPlot.join(tables);
}

/** The levels that a panel shows: from 0, unless they are all far from it. */
function levels(panel: Panel, log: boolean): uPlot.Range.MinMax {
  const all = panel.curves.flatMap(({ y }) => y).filter((level) => !log || level > 0);
  if (!all.length) return log ? [0.1, 1] : [0, 1];
  let low = Infinity, high = -Infinity;
  for (const level of all) {
    if (level < low) low = level;
    if (level > high) high = level;
  }
  if (log) {
    const room = Math.max(1.1, (high / low) ** 0.06);
    return [low / room, high * room];
  }
  if (low >= 0 && low <= high / 2) low = 0;
  if (low === high) return high > 0 ? [0, high * 1.25] : high < 0 ? [high * 1.25, 0] : [0, 1];
  const room = (high - low) * 0.09;
  return [low === 0 ? 0 : low - room, high + room];
}

/** A number for people. */
export function short(value: number): string {
  if (value === 0) return "0";
  const size = Math.abs(value);
  const exponent = (power: number, sign: string) => `${trim(value / 10 ** power)}${sign}`;
  if (size >= 1e12) return exponent(12, "T");
  if (size >= 1e9) return exponent(9, "B");
  if (size >= 1e6) return exponent(6, "M");
  if (size >= 1e4) return exponent(3, "k");
  return size < 1e-3 ? value.toExponential(2).replace(/\.?0+e/, "e") : trim(value);
}

function trim(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function drawPhases(plot: WithPanel): void {
  const phases = plot.panel?.phases ?? [];
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  const ratio = devicePixelRatio;
  ctx.font = `${12 * ratio}px ${variable("--mono")}`;
  ctx.textBaseline = "top";
  for (const [i, phase] of phases.entries()) {
    const left = plot.valToPos(phase.start, "x", true), right = plot.valToPos(phase.end, "x", true);
    ctx.globalAlpha = 1;
    ctx.fillStyle = variable(`--phase-${i % 5}`);
    ctx.fillRect(left, bbox.top, right - left, bbox.height);
    ctx.fillStyle = variable("--phase-ink");
    const room = right - left - 12 * ratio;
    const text = fitted(ctx, phase.text, room);
    if (text) ctx.fillText(text, left + 6 * ratio, bbox.top + 5 * ratio);
  }
  ctx.restore();
}

/** As much of a text as there is room for; nothing if that says nothing. */
function fitted(ctx: CanvasRenderingContext2D, text: string, room: number): string {
  if (ctx.measureText(text).width <= room) return text;
  const name = /^[\w.]+/.exec(text)?.[0] ?? "";
  const most = Math.floor((room / ctx.measureText(text).width) * text.length) - 1;
  if (most > name.length + 3) return `${text.slice(0, most)}…`;
  return name && ctx.measureText(name).width <= room ? name : "";
}
