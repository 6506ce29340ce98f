// Builds src/alquimista/web/static/dist: CSS, scripts, font and the sprite of the icons that are used.
// `node build.mjs` once, `node build.mjs --watch` while working on templates and styles.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, watch, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { transform } from "lightningcss";

const here = dirname(fileURLToPath(import.meta.url));
const web = join(here, "../src/alquimista/web");
const out = join(web, "static/dist");
const modules = join(here, "node_modules");

function walk(folder, suffix) {
  return readdirSync(folder, { recursive: true }).map(String).filter((name) => name.endsWith(suffix)).sort().map((name) => join(folder, name));
}

// Icons are named by a string in a template's {{ }} or {% %}, or by icon="name" in Python. A string that happens to be
// an icon's name costs some bytes; a name that is missed would be a hole in a page.
function iconNames() {
  const known = new Set(readdirSync(join(modules, "lucide-static/icons")).map((name) => name.slice(0, -4)));
  const found = new Set();
  for (const file of walk(join(web, "templates"), ".html")) {
    for (const [code] of readFileSync(file, "utf8").matchAll(/\{[{%].*?[%}]\}/gs)) {
      for (const [, name] of code.matchAll(/["']([a-z0-9-]+)["']/g)) if (known.has(name)) found.add(name);
    }
  }
  for (const file of walk(web, ".py")) {
    for (const [, name] of readFileSync(file, "utf8").matchAll(/icon=["']([a-z0-9-]+)["']/g)) found.add(name);
  }
  return [...found].sort();
}

function symbol(name) {
  const svg = readFileSync(join(modules, `lucide-static/icons/${name}.svg`), "utf8");
  const inner = svg.replace(/<!--.*?-->/gs, "").replace(/^[\s\S]*?<svg[\s\S]*?>/, "").replace(/<\/svg>\s*$/, "").replace(/\s+/g, " ").trim();
  return `<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`;
}

// The component library styles far more than we use: a rule is left out when it needs a class that no source of ours
// names. The chart library's classes are its own.
function withoutUnused(css) {
  const sources = [...walk(join(web, "templates"), ".html"), ...walk(web, ".py"), ...walk(join(here, "src"), "")].filter((path) => /\.(html|py|js|css)$/.test(path));
  const named = new Set(sources.flatMap((path) => readFileSync(path, "utf8").split(/[\s"'`{}()<>,;.=|&~]+|:(?=\s)/)));
  const utility = (name) => /[:[\]()/.!]/.test(name); // Made by Tailwind, which found it in a source.
  const kept = (name) => named.has(name) || utility(name) || /^u-|^uplot$/.test(name);
  // What stands in :not() may well be missing; of the alternatives of :is() and :where(), one must be there.
  const possible = (selector) =>
    selector.every((part) => {
      if (part.type === "class") return kept(part.name);
      if (part.type === "pseudo-class" && ["is", "where"].includes(part.kind)) return part.selectors.some(possible);
      return true;
    });
  const style = ({ value }) => (value.selectors.some(possible) ? undefined : []);
  return transform({ filename: "app.css", code: css, minify: true, visitor: { Rule: { style } } }).code;
}

async function bundle() {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  cpSync(join(modules, "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2"), join(out, "inter.woff2"));
  cpSync(join(modules, "htmx.org/dist/htmx.min.js"), join(out, "htmx.js"));
  for (const mark of ["mark.svg", "favicon.svg"]) cpSync(join(here, "src", mark), join(out, mark));
  for (const picture of readdirSync(join(web, "guide/images"))) cpSync(join(web, "guide/images", picture), join(out, `guide-${picture}`));
  writeFileSync(join(out, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${iconNames().map(symbol).join("")}</svg>`);
  const tailwind = join(modules, "@tailwindcss/cli/dist/index.mjs");
  execFileSync(process.execPath, [tailwind, "-i", "src/app.css", "-o", join(out, "app.css"), "--minify"], { cwd: here, stdio: ["ignore", "ignore", "inherit"] });
  writeFileSync(join(out, "app.css"), withoutUnused(readFileSync(join(out, "app.css"))));
  await build({
    absWorkingDir: here,
    entryPoints: ["src/app.js", "src/theme.js", "src/offline.js"],
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    outdir: out,
    logLevel: "warning",
  });
  seal();
}

// Each file gets its compressed forms beside it; `version` is the hash of all contents and part of every URL.
function seal() {
  const digest = createHash("sha256");
  for (const name of readdirSync(out).sort()) {
    const path = join(out, name);
    const content = readFileSync(path);
    digest.update(name).update(content);
    if (name.endsWith(".woff2") || name.endsWith(".webp")) continue;
    writeFileSync(`${path}.gz`, gzipSync(content, { level: 9 }));
    writeFileSync(`${path}.br`, brotliCompressSync(content));
  }
  writeFileSync(join(out, "version"), digest.digest("hex").slice(0, 16));
}

await bundle();
if (process.argv.includes("--watch")) {
  let timer;
  const again = () => {
    clearTimeout(timer);
    timer = setTimeout(() => bundle().then(() => console.log("assets rebuilt"), console.error), 150);
  };
  for (const folder of [join(here, "src"), join(web, "templates"), join(web, "pages")]) watch(folder, { recursive: true }, again);
  console.log("watching…");
}
