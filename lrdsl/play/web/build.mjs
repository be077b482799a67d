// Builds the page into the folder that is named: the same sources and lock file give the same bytes. `python -m tests.play.building` runs it.
import { build } from "esbuild";
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const folder = resolve(process.argv[2]);
const out = pathToFileURL(`${folder}/`);
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const shared = {
  absWorkingDir: fileURLToPath(new URL(".", import.meta.url)),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
};
await build({ ...shared, entryPoints: ["src/main.ts"], outfile: `${folder}/page.js` });
await build({ ...shared, entryPoints: ["src/python.ts"], outfile: `${folder}/python.js`, external: ["./pyodide/pyodide.mjs"] });
await build({
  ...shared,
  entryPoints: ["src/page.css"],
  outfile: `${folder}/page.css`,
  loader: { ".woff2": "file" },
  assetNames: "fonts/[name]",
  external: ["*.woff", "*.ttf"],
});
// Browsers of today read WOFF2: the other formats of KaTeX's fonts stay out.
const css = new URL("page.css", out);
await writeFile(css, (await readFile(css, "utf8")).replace(/,url\([^)]*\.(?:woff|ttf)"?\)format\("(?:woff|truetype)"\)/g, ""));
for (const name of ["index.html", "icon.svg"]) await cp(new URL(`src/${name}`, import.meta.url), new URL(name, out));

// The licences of what is in the bundle.
const lock = JSON.parse(await readFile(new URL("package-lock.json", import.meta.url), "utf8"));
const tools = new Set(["esbuild", "typescript", "@types/katex", "undici-types", "axe-core"]);
const names = Object.entries(lock.packages)
  .filter(([path, one]) => path && !one.optional && !tools.has(path.replace("node_modules/", "")))
  .map(([path]) => path);
const parts = [];
for (const path of names.sort()) {
  const home = new URL(`${path}/`, import.meta.url);
  const file = (await readdir(home)).find((name) => /^licen[cs]e/i.test(name));
  parts.push(`${path.replace("node_modules/", "")} ${lock.packages[path].version}\n\n${file ? await readFile(new URL(file, home), "utf8") : lock.packages[path].license}`);
}
await writeFile(new URL("LICENSES.txt", out), parts.join("\n----\n\n").replace(/\r\n/g, "\n"));
