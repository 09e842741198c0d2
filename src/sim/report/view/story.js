/** The failure's causal sequence: the events that matter, each in its machine's column, with arrows from what it came of. */
import { nameOf, run, seconds } from "./run.js"
import { color } from "./theme.js"
import { choose, goTo, whenChanged } from "./moment.js"

const columnsMax = 14
const rowHeight = 26

export const story = () => {
  const place = document.getElementById("story")
  const { violations, crash } = run.result
  if (violations.length === 0 && crash === undefined) {
    place.remove()
    return
  }
  place.innerHTML = `<h2>What went wrong</h2><ul class="violations"></ul><p class="lead"></p><div class="events"></div>`
  const list = place.querySelector(".violations")
  const problems = [
    ...(crash === undefined ? [] : [{ invariant: "crash", atMs: run.untilMs, node: crash.node, detail: crash.reason }]),
    ...violations,
  ]
  for (const { invariant, atMs, node, detail } of problems.slice(0, 6)) {
    const item = document.createElement("li")
    item.innerHTML = `<b></b> <span class="soft"></span> `
    item.querySelector("b").textContent = invariant
    item.querySelector("span").textContent = `${seconds(atMs)} · ${node}`
    item.append(detail)
    list.append(item)
  }
  if (problems.length > 6) list.append(Object.assign(document.createElement("li"), { textContent: `and ${problems.length - 6} more` }))
  if (run.causes === undefined) return
  const { events, leftOut } = run.causes
  place.querySelector(".lead").textContent =
    `How it came to the first of them: ${events.length} of ${run.events.toLocaleString("en-US")} events matter${leftOut > 0 ? ` (and ${leftOut} that are left out here)` : ""}. An arrow leads from what an event came of.`
  const busy = new Map()
  for (const { machine, from, kind } of events)
    for (const one of [machine, from])
      if (one >= 0) busy.set(one, (busy.get(one) ?? 0) + (kind === "violation" || kind === "word" ? 1_000 : 1))
  const shown = [...busy]
    .sort(([, a], [, b]) => b - a)
    .slice(0, columnsMax)
    .map(([node]) => node)
    .sort((a, b) => a - b)
  const each = Math.max(16, Math.min(54, (place.clientWidth * 0.5) / Math.max(1, shown.length)))
  const x = (node) => (shown.indexOf(node) + 0.5) * each
  const box = place.querySelector(".events")
  const heads = Object.assign(document.createElement("div"), { className: "heads" })
  for (const node of shown) {
    const head = Object.assign(document.createElement("span"), { textContent: nameOf(node) })
    head.hidden = each < 24 && shown.indexOf(node) % 2 === 1
    head.style.left = `${84 + x(node)}px`
    heads.append(head)
  }
  const rows = document.createElement("ol")
  events.forEach((event) => {
    const button = document.createElement("button")
    button.type = "button"
    button.innerHTML = `<span class="at"></span><span class="room" style="width:${shown.length * each}px;flex:none"></span><span class="what"></span>`
    button.querySelector(".at").textContent = seconds(event.atMs)
    const text = button.querySelector(".what")
    text.textContent = event.says
    if (event.kind === "violation" || event.kind === "lose") text.classList.add("is-bad")
    if (["fault", "calm", "crash", "pause", "resume", "boot"].includes(event.kind)) text.classList.add("is-fault")
    button.title = `event ${event.index}`
    button.addEventListener("click", () => {
      goTo(event.atMs)
      if (event.machine >= 0) choose(event.machine)
    })
    const item = document.createElement("li")
    item.append(button)
    rows.append(item)
  })
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg")
  svg.setAttribute("width", String(shown.length * each))
  svg.setAttribute("height", String(events.length * rowHeight))
  svg.style.top = "20px"
  const draw = () => {
    svg.innerHTML = pictureOf(events, shown, x)
  }
  draw()
  whenChanged((what) => {
    if (what === "theme") draw()
  })
  box.append(heads, rows, svg)
}

const pictureOf = (events, shown, x) => {
  const row = new Map(events.map(({ index }, i) => [index, i]))
  const y = (i) => (i + 0.5) * rowHeight
  const parts = [
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0 8 4 0 8z" fill="${color("soft")}"/></marker></defs>`,
    ...shown.map((node) => `<line x1="${x(node)}" x2="${x(node)}" y1="0" y2="${events.length * rowHeight}" stroke="${color("line")}"/>`),
  ]
  events.forEach((event, i) => {
    if (event.machine < 0) {
      parts.push(
        `<line x1="0" x2="${shown.length === 0 ? 0 : x(shown.at(-1)) + 13}" y1="${y(i)}" y2="${y(i)}" stroke="${color("fault")}" stroke-dasharray="3 3" opacity="0.7"/>`,
      )
      return
    }
    if (!shown.includes(event.machine)) return
    const isLost = event.kind === "lose"
    if (event.from >= 0 && shown.includes(event.from)) {
      const cause = events.findLast(({ machine, index, atMs }) => machine === event.from && index < event.index && atMs <= event.sinceMs)
      const fromY = cause === undefined ? y(i) - 9 : y(row.get(cause.index))
      const towards = x(event.machine) > x(event.from) ? -5 : 5
      parts.push(
        `<line x1="${x(event.from)}" y1="${fromY}" x2="${x(event.machine) + towards}" y2="${y(i)}" stroke="${isLost ? color("bad") : color("soft")}" ${isLost ? 'stroke-dasharray="3 3"' : 'marker-end="url(#tip)"'} stroke-width="1.3"/>`,
      )
    }
    const fill =
      event.kind === "violation" || isLost
        ? color("bad")
        : event.kind === "word"
          ? color("same")
          : ["crash", "pause", "boot", "resume"].includes(event.kind)
            ? color("fault")
            : color("accent")
    if (isLost) parts.push(`<path d="M${x(event.machine) - 4} ${y(i) - 4}l8 8m0-8l-8 8" stroke="${fill}" stroke-width="2"/>`)
    else parts.push(`<circle cx="${x(event.machine)}" cy="${y(i)}" r="${event.kind === "violation" ? 6 : 4.5}" fill="${fill}"/>`)
  })
  return parts.join("")
}
