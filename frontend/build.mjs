// Bundles src/ into app/static/dist: hashed names, manifest.json, third-party.txt with the licences of what is inside.
import { build } from "esbuild";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(here, "..", "app", "static", "dist");

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  sourcemap: false,
  metafile: true,
  charset: "utf8",
  format: "iife",
  target: ["es2021", "chrome100", "firefox100", "safari15.4"],
  legalComments: "none", // third-party.txt carries the whole licence texts
  entryNames: "[name]-[hash]",
  outdir: out,
  loader: { ".woff": "dataurl", ".woff2": "dataurl", ".eot": "empty", ".ttf": "empty", ".svg": "dataurl" },
  logLevel: "warning",
  alias: { "@bpmn-io/feel-editor": "./src/designer/feel_editor.js" },
};

/** Builds the named entries of src/; answers the manifest part {"app.js": "app-3F2A.js"} and the inputs. */
async function bundle(names, define = {}) {
  const result = await build({ ...shared, entryPoints: names.map((name) => `src/${name}`), define });
  const manifest = {};
  for (const [file, facts] of Object.entries(result.metafile.outputs)) {
    if (facts.entryPoint) {
      manifest[path.basename(facts.entryPoint)] = path.basename(file);
    }
  }
  return { manifest, inputs: Object.keys(result.metafile.inputs) };
}

/** node_modules/@scope/name or node_modules/name of a bundled file; null for our own. */
function packageOf(input) {
  const found = input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//);
  return found ? found[1] : null;
}

/** The files of a package that carry its licence, also those of the parts it took over (a folder of licences). */
async function licenceFiles(folder) {
  const entries = await readdir(path.join(here, folder), { withFileTypes: true });
  const found = [];
  for (const entry of entries.filter(({ name }) => /^(licen[cs]es?|notice|copying)/i.test(name))) {
    const place = path.join(here, folder, entry.name);
    found.push(...(entry.isDirectory() ? (await readdir(place)).map((name) => path.join(place, name)) : [place]));
  }
  return found;
}

async function licences(inputs) {
  const packages = [...new Set(inputs.map(packageOf).filter(Boolean))].sort();
  const parts = ["Software bundled into the scripts and styles of Keliu, with its licences.\n"];
  for (const folder of packages) {
    const facts = JSON.parse(await readFile(path.join(here, folder, "package.json"), "utf8"));
    const texts = await Promise.all((await licenceFiles(folder)).map((name) => readFile(name, "utf8")));
    const text = texts.join("\n").trim() || `Licence: ${facts.license} (the package ships no licence text)`;
    parts.push(`${"=".repeat(80)}\n${facts.name} ${facts.version} (${facts.license ?? "see below"})\n${"=".repeat(80)}\n${text}\n`);
  }
  return parts.join("\n");
}

const YOUNG_MS = 10 * 60 * 1000;

/** Remove what earlier builds left. What is young stays: a page that is open or a build beside this one may need it. */
async function tidy(kept) {
  for (const name of await readdir(out)) {
    const file = path.join(out, name);
    if (!kept.has(name) && Date.now() - (await stat(file)).mtimeMs > YOUNG_MS) {
      await rm(file, { force: true });
    }
  }
}

const OWN_PAGES = [
  "charts.js",
  "designer/modeler.js",
  "designer/modeler.css",
  "designer/dmn.js",
  "designer/dmn.css",
  "designer/differ.js",
  "designer/differ.css",
]; // loaded only by the pages that need them

await mkdir(out, { recursive: true });
const first = await bundle(["diagram.js", "theme.js", ...OWN_PAGES]);
// app.js loads the diagram only on pages that have one, so it must know the hashed name.
const second = await bundle(["app.js", "app.css"], { DIAGRAM_SCRIPT: JSON.stringify(first.manifest["diagram.js"]) });
const manifest = { ...first.manifest, ...second.manifest };
await writeFile(path.join(out, "third-party.txt"), await licences([...first.inputs, ...second.inputs]));
await writeFile(path.join(out, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
await tidy(new Set([...Object.values(manifest), "third-party.txt", "manifest.json", ".stamp"]));
console.log(Object.values(manifest).join("  "));
