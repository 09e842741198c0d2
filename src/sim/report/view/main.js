/** Puts the page together. */
import { run, seconds, whole } from "./run.js"
import { changed, controls, goTo } from "./moment.js"
import { mesh } from "./mesh.js"
import { distributions, panels } from "./panels.js"
import { theme } from "./theme.js"
import { story } from "./story.js"

const element = (id) => document.getElementById(id)

const heading = () => {
  const { violations, crash, gossip, digest, delivered, trace } = run.result
  element("title").textContent = run.scenario
  const seed = document.createElement("small")
  seed.textContent = ` seed ${run.options.seed} · ${run.commit}`
  element("title").append(seed)
  element("purpose").textContent = run.purpose
  const isGood = violations.length === 0 && crash === undefined
  element("verdict").className = `verdict ${isGood ? "good" : "bad"}`
  element("verdict").textContent = isGood
    ? "all invariants held"
    : crash === undefined
      ? `${violations.length} violation${violations.length === 1 ? "" : "s"}`
      : "crashed"
  const facts = {
    nodes: whole(run.nodes.length),
    "virtual time": seconds(run.untilMs),
    messages: whole(delivered),
    records: whole(run.options.records),
    faults: run.faults.length === 0 ? undefined : run.faults.length,
    coverage: gossip === undefined ? undefined : `${(100 * gossip.coverage).toFixed(gossip.coverage === 1 ? 0 : 2)} %`,
    redundancy: gossip?.redundancy.toFixed(2),
    digests: digest?.distinct,
    latency: run.drawn.latency,
    loss: run.drawn.loss === 0 ? undefined : run.drawn.loss,
    trace,
  }
  for (const [name, value] of Object.entries(facts)) {
    if (value === undefined) continue
    const fact = document.createElement("div")
    fact.append(
      Object.assign(document.createElement("dt"), { textContent: name }),
      Object.assign(document.createElement("dd"), { textContent: String(value) }),
    )
    element("facts").append(fact)
  }
  element("replay").textContent = run.replay
  element("copy").addEventListener("click", () => {
    void navigator.clipboard?.writeText(run.replay)
    element("copy").textContent = "copied"
  })
  const kept = run.messagesOf > 0 ? `${whole(Math.min(run.messagesOf, 24_000))} of ${whole(run.messagesOf)} messages are drawn` : ""
  element("foot").innerHTML =
    `${kept} · nodes looked at ${whole(run.samplesMs.length)} times · this file has ${(document.documentElement.outerHTML.length / 1e6).toFixed(1)} MB and asks for nothing else<br><kbd>space</kbd> play · <kbd>←</kbd> <kbd>→</kbd> step · <kbd>[</kbd> <kbd>]</kbd> speed · <kbd>F</kbd> next fault${isGood ? "" : " · <kbd>V</kbd> violation"} · <kbd>Home</kbd> <kbd>End</kbd> · <kbd>T</kbd> light or dark`
}

theme(() => changed("theme"))
heading()
controls()
mesh()
panels()
distributions()
story()
let resizing
window.addEventListener("resize", () => {
  cancelAnimationFrame(resizing)
  resizing = requestAnimationFrame(() => changed("size"))
})
changed("start")
// begin where there is something to see
goTo(run.causes?.events[0]?.atMs ?? run.faults[0]?.fromMs ?? run.words[Math.floor(run.words.length / 2)]?.atMs ?? 0)
