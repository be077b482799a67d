// Carries questions to Python: to the server of `lrdsl play`, or to Pyodide in workers of this page. Both speak the same JSON.

export type Fix = { from: number; to: number; insert: string };
export type Problem = { code: string; severity: "error" | "warning" | "note"; message: string; help: string; from: number; to: number; line: number; fix: Fix | null };
export type Word = [from: number, to: number, kind: string];
export type Curve = { label: string; x: number[]; y: number[] };
export type Phase = { text: string; start: number; end: number };
export type Panel = { name: string; curves: Curve[]; phases: Phase[] };
export type Target = { name: string; sentence: string; columns: string[]; rows: [depth: number, ...cells: string[]][]; more: number };
export type Look = {
  problems: Problem[];
  words: Word[];
  other?: Problem[];
  base?: number;
  unit?: string;
  start?: number;
  end?: number;
  panels?: Panel[];
  targets?: Target[];
  follows?: string[];
  assertions?: number;
};
export type Failed = { error?: string; problems?: Problem[] };
export type Question = { ask: string; text?: string; facts?: Record<string, string>; [more: string]: unknown };

type Carry = (question: string, slow: boolean) => Promise<string>;

/** Asks a question. `slow` is for what may take long: it goes beside the others. */
export async function ask<A>(question: Question, slow = false): Promise<A & Failed> {
  try {
    return JSON.parse(await carry(JSON.stringify(question), slow));
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) } as A & Failed;
  }
}

/** Asks the last of several questions: while one is on its way, the next waits, and a later one takes its place. */
export class Latest<A> {
  #busy = false;
  #next: (() => Promise<void>) | null = null;

  constructor(private readonly slow = false) {}

  ask(question: Question, then: (answer: A & Failed) => void): void {
    this.#next = async () => then(await ask<A>(question, this.slow));
    if (!this.#busy) void this.#run();
  }

  async #run(): Promise<void> {
    this.#busy = true;
    try {
      while (this.#next) {
        const next = this.#next;
        this.#next = null;
        await next();
      }
    } finally {
      this.#busy = false;
    }
  }
}

const overHttp: Carry = async (question, slow) => {
  let answer: Response;
  try {
    answer = await fetch(slow ? "ask/slow" : "ask", { method: "POST", headers: { "Content-Type": "application/json" }, body: question });
  } catch {
    throw new Error("the server has ended: start `lrdsl play` again");
  }
  if (!answer.ok) throw new Error(await answer.text());
  return answer.text();
};

/** How many milliseconds a question may take, and how many more the first one, for which Python must be loaded. */
const LIMIT = 20_000;
const LOADING = 120_000;

/** A worker of this page with Python in it. If a question takes too long, another worker takes its place. */
class Python {
  #worker: Worker | null = null;
  #waiting = new Map<number, { done: (answer: string) => void; failed: (error: Error) => void; timer: number }>();
  #count = 0;
  #ready = false;

  /** `name` says what the worker loads: "slow" has SymPy too. */
  constructor(private readonly name: string, private readonly loaded: () => void) {}

  start(): void {
    if (this.#worker) return;
    const worker = new Worker("python.js", { type: "module", name: this.name });
    worker.onmessage = ({ data }) => {
      if (data.ready) {
        this.#ready = true;
        this.loaded();
        return;
      }
      if (data.failed) return this.#end(data.failed);
      const one = this.#waiting.get(data.id);
      this.#waiting.delete(data.id);
      clearTimeout(one?.timer);
      one?.done(data.answer);
    };
    worker.onerror = (event) => this.#end(event.message || "Python cannot be loaded");
    this.#worker = worker;
  }

  ask(question: string): Promise<string> {
    this.start();
    return new Promise((done, failed) => {
      const id = this.#count++;
      const limit = this.#ready ? LIMIT : LOADING;
      const timer = window.setTimeout(() => this.#end(`this takes longer than ${limit / 1000} seconds`), limit);
      this.#waiting.set(id, { done, failed, timer });
      this.#worker!.postMessage({ id, question });
    });
  }

  #end(reason: string): void {
    this.#worker?.terminate();
    this.#worker = null;
    this.#ready = false;
    for (const { failed, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      failed(new Error(reason));
    }
    this.#waiting.clear();
  }
}

function inThePage(): Carry {
  // The second worker loads once the first chart is there, so that they do not compete.
  const slow = new Python("slow", () => {});
  const quick = new Python("quick", () => setTimeout(() => slow.start(), 500));
  quick.start();
  return (question, isSlow) => (isSlow ? slow : quick).ask(question);
}

/** Whether Python runs in this page. */
export const isStatic = document.querySelector<HTMLMetaElement>('meta[name="lrdsl-python"]')?.content === "page";
const carry: Carry = isStatic ? inThePage() : overHttp;
