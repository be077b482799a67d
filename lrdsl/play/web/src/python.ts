// A worker with Python in it: it answers questions as the server does, with the same module.

type Pyodide = {
  unpackArchive(archive: ArrayBuffer, format: string, options: { extractDir: string }): void;
  runPython(code: string): unknown;
};
type Message = { id: number; question: string };

async function archive(name: string): Promise<ArrayBuffer> {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error(`${name} cannot be loaded`);
  return answer.arrayBuffer();
}

async function load(): Promise<(question: string) => string> {
  const archives = ["python.zip", ...(self.name === "slow" ? ["sympy.zip"] : [])].map(archive);
  // @ts-ignore - the file stands beside this one in a published folder
  const { loadPyodide } = await import("./pyodide/pyodide.mjs");
  const python: Pyodide = await loadPyodide({ indexURL: new URL("pyodide/", self.location.href).href });
  for (const one of archives) python.unpackArchive(await one, "zip", { extractDir: "/lrdsl" });
  return python.runPython("import sys; sys.path.insert(0, '/lrdsl'); from lrdsl.play.answers import answer; answer") as (question: string) => string;
}

const loaded = load();
loaded.then(
  () => postMessage({ ready: true }),
  (error: Error) => postMessage({ failed: `Python cannot be loaded: ${error.message}` }),
);
self.onmessage = async ({ data }: MessageEvent<Message>) => {
  const answer = await loaded;
  try {
    postMessage({ id: data.id, answer: answer(data.question) });
  } catch (error) {
    // An exception of Python says in its last line what went wrong. After any other error, as of the memory, Python cannot go on.
    const { name, message } = error as Error;
    const reason = `this is a mistake of lrdsl's: ${message.trim().split("\n").pop()}`;
    postMessage(name === "PythonError" ? { id: data.id, answer: JSON.stringify({ error: reason }) } : { failed: reason });
  }
};
