// node build.mjs OUT: one file, index.html, with everything in it. Any web server can give it out, also one that, like
// Mosquitto's, says nothing of types; and a policy (CSP) by hashes lets nothing else run in it.

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "dist");
const PACKAGES = ["mqtt", "uplot", "@fontsource-variable/inter"];

async function bundled(entry) {
  const result = await build({
    entryPoints: [join(here, "src", entry)],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: ["chrome109", "firefox115", "safari16"],
    loader: { ".woff2": "dataurl" },
    legalComments: "none",
    logLevel: "warning",
    charset: "utf8",
  });
  // Only an end tag would end an element of HTML.
  return result.outputFiles[0].text.trim().replaceAll("</script", "<\\/script");
}

const hash = (text) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

const [script, style] = await Promise.all([bundled("main.js"), bundled("style.css")]);
const icon = `data:image/svg+xml,${encodeURIComponent(await readFile(join(here, "src", "icon.svg"), "utf8"))}`;
const policy = [
  "default-src 'none'",
  `script-src ${hash(script)}`,
  `style-src ${hash(style)}`,
  "font-src data:",
  "img-src data:",
  "connect-src ws: wss:",
  "worker-src blob:", // MQTT.js keeps its time there, where a page in the background is not slowed down
  "form-action 'none'",
  "base-uri 'none'",
].join("; ");

const values = { script, style, icon, policy };
const template = await readFile(join(here, "src", "index.html"), "utf8");
const page = template.replace(/{{(\w+)}}/g, (_, name) => values[name]);

const licences = await Promise.all(
  PACKAGES.map(async (name) => {
    const folder = join(here, "node_modules", name);
    const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
    for (const file of ["LICENSE.md", "LICENSE"]) {
      try {
        return `${name} ${version}\n\n${await readFile(join(folder, file), "utf8")}`;
      } catch {
        // The other name, then.
      }
    }
    throw new Error(`${name} has no licence file`);
  }),
);

await mkdir(out, { recursive: true });
await writeFile(join(out, "index.html"), page);
await writeFile(join(out, "licences.txt"), licences.join("\n\n----\n\n"));
console.log(`${join(out, "index.html")}: ${Math.round(page.length / 1024)} KiB`);
