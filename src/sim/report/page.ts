/**
 * The report as one HTML file: the page of `view/`, its scripts and uPlot inlined, the run as JSON. It asks for nothing: the
 * policy in its head forbids it to.
 */
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"

const folder = join(import.meta.dirname, "view")
const view = (name: string): string => readFileSync(join(folder, name), "utf8")

/** A page of a run, or of a sweep: `scripts` are files of `view/`, each after those it imports. */
export const pageOf = (title: string, body: string, scripts: ReadonlyArray<string>, data: object): string => {
  const uplot = createRequire(import.meta.url).resolve("uplot/dist/uPlot.iife.min.js")
  const styles = [readFileSync(join(uplot, "../uPlot.min.css"), "utf8"), view("page.css")]
  const script = [readFileSync(uplot, "utf8"), `"use strict"\nconst files = {}\n${scripts.map(inlined).join("\n")}`]
  return view("page.html")
    .replace("<!--title-->", () => escaped(title))
    .replace("<!--styles-->", () => `<style>${styles.join("\n")}</style>`)
    .replace("<!--body-->", () => view(body))
    .replace("<!--data-->", () => `<script type="application/json" id="data">${json(data)}</script>`)
    .replace("<!--scripts-->", () => script.map((text) => `<script>${text.replaceAll("</script", "<\\/script")}</script>`).join("\n"))
}

/** A module as a function that returns what it exports: a page that is one file has nothing to import from. */
const inlined = (name: string): string => {
  const text = view(name)
  const exported = [...text.matchAll(/^export const (\w+)/gm)].map(([, exportedName]) => exportedName)
  const body = text.replace(/^import (\{[^}]*\}) from "\.\/(.+)"$/gm, 'const $1 = files["$2"]').replace(/^export (?=const)/gm, "")
  return `files["${name}"] = (() => {\n${body}\nreturn { ${exported.join(", ")} }\n})()`
}

/** `<` would end the element that it stands in. */
const json = (data: object): string => JSON.stringify(data).replaceAll("<", String.raw`\u003c`)

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")
