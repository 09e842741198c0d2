/** Search while it is typed: filters, results with what their score is made of, and every way in which there may be none. */
import { ask, get, Trouble } from "./api.js"
import { byId, el, fill, outward, say } from "./dom.js"
import { bar, registryLink, statusPill, tierWords } from "./parts.js"
import { addressOf, here, replace } from "./router.js"
import { roleWords } from "./roles.js"
import { status } from "./watch.js"
import { counted, whole } from "./words.js"

/**
 * @typedef {typeof import("../documents.ts").SearchResults.Type} Results
 * @typedef {Results["results"][number]} Result
 */

const debounceMs = 180
const pageSize = 20
/** Words that are offered for a category or a tag. */
const offeredMax = 300

/** What the address says of a search: each may be absent. */
const members = /** @type {const} */ (["q", "type", "status", "category", "tag", "ask"])

/** What the node is asked; `undefined` where nothing is. @param {URLSearchParams} query @param {number} offset */
const requestOf = (query, offset) => {
  /** @param {string} name */
  const said = (name) => query.get(name)?.trim() ?? ""
  const [q, type, category, tag] = [said("q"), said("type"), said("category"), said("tag")]
  if (q === "" && type === "" && category === "" && tag === "") return undefined
  return {
    ...(q !== "" && { query: q }),
    ...(type !== "" && { entity_type: type }),
    ...(category !== "" && { category }),
    ...(tag !== "" && { tags: [tag] }),
    ...(said("status") !== "" && { status: said("status") }),
    ...(said("ask") !== "" && { federated: said("ask") === "all" }),
    max_results: pageSize,
    offset,
  }
}

/** The box at the top of every page leads here. */
export const searchBox = () => {
  const box = /** @type {HTMLInputElement} */ (byId("query"))
  const form = byId("find")
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let typing
  const go = (/** @type {boolean} */ isSteady) => {
    clearTimeout(typing)
    const { kind, query } = here()
    if (kind !== "search") {
      if (box.value.trim() === "" && isSteady) return
      location.hash = addressOf("search", [], { q: box.value })
      return
    }
    query.set("q", box.value)
    replace(addressOf("search", [], Object.fromEntries(query)))
  }
  box.addEventListener("input", () => {
    clearTimeout(typing)
    typing = setTimeout(() => go(true), debounceMs)
  })
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    go(false)
  })
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target instanceof HTMLElement && event.target.matches("input, select, textarea")
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    box.focus()
    box.select()
  })
}

/** The page as it was left, for who comes back to it. @type {{ query: string, page: import("./router.js").Page, resume: () => void } | undefined} */
let left

/** @param {ReadonlyArray<string>} _ @param {URLSearchParams} first @param {boolean} isReturn @returns {import("./router.js").Page} */
export const searchPage = (_, first, isReturn) => {
  if (isReturn && left?.query === first.toString()) {
    left.resume()
    return left.page
  }
  const box = /** @type {HTMLInputElement} */ (byId("query"))
  const filters = filtersFor((change) => {
    const { query } = here()
    for (const [name, value] of Object.entries(change)) query.set(name, value)
    replace(addressOf("search", [], Object.fromEntries(query)))
  })
  const summary = el("p", { class: "soft", role: "status", "aria-live": "polite" })
  const list = el("ol", { class: "results" })
  const end = el("div", { class: "more" })
  /** @type {AbortController | undefined} */
  let asking
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let again
  let found = 0
  let shown = first.toString()
  let isAnswered = false

  /** @param {URLSearchParams} query @param {number} offset */
  const search = async (query, offset) => {
    asking?.abort()
    clearTimeout(again)
    asking = new AbortController()
    const { signal } = asking
    const request = requestOf(query, offset)
    isAnswered = false
    fill(end)
    if (request === undefined) {
      fill(list)
      say(summary, "Type a few words, a name such as host/handle/name, or an id; or choose a filter or a category.")
      return void get("v1/categories", signal).then(
        (/** @type {any} */ answer) => fill(list, categoryList(answer.categories)),
        () => {},
      )
    }
    list.classList.add("waiting")
    try {
      /** @type {{ document: Results }} */
      const { document } = await ask("v1/search", {
        method: "POST",
        body: JSON.stringify(request),
        headers: { "content-type": "application/json" },
        signal,
      })
      if (offset === 0) fill(list)
      found = offset + document.results.length
      list.append(...document.results.map(resultOf))
      // the button that was pressed is gone
      if (offset > 0) list.children[offset]?.querySelector("a")?.focus()
      isAnswered = true
      say(summary, summaryOf(document))
      if (document.results.length === 0 && offset === 0) fill(list, el("li", { class: "empty" }, nothingFound(query)))
      if (document.has_more) fill(end, el("button", { type: "button", click: () => void search(here().query, found) }, `${pageSize} more`))
    } catch (error) {
      if (signal.aborted) return
      if (!(error instanceof Trouble)) throw error
      failed(error, query, offset)
    } finally {
      if (!signal.aborted) list.classList.remove("waiting")
    }
  }

  /** @param {Trouble} trouble @param {URLSearchParams} query @param {number} offset */
  const failed = (trouble, query, offset) => {
    if (offset === 0) fill(list)
    const { status, waitS } = trouble
    if (status === 429 && waitS !== undefined) {
      const until = Date.now() + 1_000 * waitS
      // read out once, counted down for the eye
      say(summary, `Too many searches from your address. This one goes on by itself in ${waitS} s.`)
      const count = () => {
        const leftS = Math.ceil((until - Date.now()) / 1_000)
        if (leftS <= 0) return void search(query, offset)
        fill(end, el("span", { class: "soft", "aria-hidden": "true" }, `${leftS} s to go`))
        again = setTimeout(count, 1_000)
      }
      return count()
    }
    say(summary, status === 0 ? "The node does not answer. It is asked again as soon as it does." : `No results: ${trouble.message}.`)
    if (status === 0 || status === 503) again = setTimeout(() => void search(query, offset), 3_000)
  }

  const aside = el("p", { class: "note" })

  const change = (/** @type {URLSearchParams} */ query) => {
    const q = query.get("q") ?? ""
    if (document.activeElement !== box && box.value !== q) box.value = q
    filters.show(query)
    shown = query.toString()
    void search(query, 0)
  }
  /** @type {import("./router.js").Page} */
  const page = {
    title: "Search",
    content: [el("section", { class: "plain" }, el("h1", {}, "Search"), aside, filters.content, summary, list, end)],
    change,
    stop: () => {
      asking?.abort()
      clearTimeout(again)
      stopWatching()
      box.value = ""
      left = { query: shown, page, resume }
    },
  }
  const resume = () => {
    stopWatching = status.listen((node) => say(aside, roleWords[node?.node_type ?? ""] ?? ""))
    box.value = new URLSearchParams(shown).get("q") ?? ""
    if (!isAnswered) change(new URLSearchParams(shown))
  }
  let stopWatching = () => {}
  resume()
  return page
}

/** Ways in, for who does not know what there is. @param {ReadonlyArray<string>} categories */
const categoryList = (categories) =>
  categories.length > 0 && el("li", {}, el("h2", {}, "Categories"), tagList(categories.slice(0, offeredMax), "category"))

/** @param {URLSearchParams} query */
const nothingFound = (query) =>
  (query.get("status") ?? "") === "" && (query.get("ask") ?? "") !== "all"
    ? "Nothing that is active matches. Inactive ones can be included, and peers be asked, with the filters above."
    : "Nothing matches."

/** @param {Results} answer */
const summaryOf = ({ incomplete, search_stats: stats, total_found: total }) =>
  [
    incomplete === true && "This node started a moment ago and does not find everything yet",
    counted(total, "match", "matches"),
    stats.peers_queried > 0 && `${counted(stats.peers_answered, "peer")} of ${stats.peers_queried} answered`,
    stats.federated_results > 0 && `${whole(stats.federated_results)} known to peers only`,
    `${stats.latency_ms} ms`,
  ]
    .filter((part) => part !== false)
    .join(" · ")

/** What a score is made of, in the order in which it weighs. @type {ReadonlyArray<readonly [keyof Result["score_breakdown"], string]>} */
const parts = [
  ["text_relevance", "Words"],
  ["semantic_similarity", "Meaning"],
  ["trust_score", "Trust"],
  ["freshness", "Freshness"],
  ["availability", "Availability"],
]

/** @param {Result} result */
const resultOf = (result) =>
  el(
    "li",
    { class: "result" },
    el(
      "div",
      { class: "what" },
      el(
        "h2",
        {},
        el("a", { href: addressOf("entity", [result.entity_id]) }, result.name === "" ? result.entity_id : result.name),
        " ",
        statusPill(result.status),
      ),
      result.summary !== "" && el("p", {}, result.summary),
      el(
        "p",
        { class: "soft" },
        `${result.entity_type} · ${result.category} · ${tierWords(result.tier)}`,
        result.tier !== "local" && result.home_registry.startsWith("zns:") && " · ",
        result.tier !== "local" && result.home_registry.startsWith("zns:") && registryLink(result.home_registry),
      ),
      result.fqan !== undefined && el("p", {}, el("a", { href: addressOf("name", result.fqan.split("/")) }, result.fqan)),
      tagList(result.tags),
      result.entity_url !== "" && el("p", { class: "url" }, outward(result.entity_url)),
    ),
    el(
      "div",
      { class: "why", role: "group", "aria-label": `Score ${result.score.toFixed(2)}` },
      el("p", { class: "score" }, el("b", {}, result.score.toFixed(2)), " score"),
      ...parts.map(([part, label]) => bar(label, result.score_breakdown[part])),
    ),
  )

/** Each leads to a search for it. @param {ReadonlyArray<string>} words @param {"tag" | "category"} [kind] */
export const tagList = (words, kind = "tag") =>
  words.length > 0 &&
  el(
    "ul",
    { class: "tags", "aria-label": kind === "tag" ? "Tags" : "Categories" },
    ...words.map((word) => el("li", {}, el("a", { href: addressOf("search", [], { [kind]: word }) }, word))),
  )

/** @param {(change: Readonly<Record<string, string>>) => void} changed */
const filtersFor = (changed) => {
  /** @param {string} name @param {ReadonlyArray<readonly [string, string]>} options */
  const chosen = (name, options) =>
    el(
      "select",
      { name, change: ({ target }) => changed({ [name]: target.value }) },
      ...options.map(([value, says]) => el("option", { value }, says)),
    )
  /** @param {string} name @param {string} path */
  const written = (name, path) => {
    const offered = el("datalist", { id: `offered-${name}` })
    const input = el("input", {
      name,
      list: offered.id,
      autocomplete: "off",
      placeholder: "any",
      change: ({ target }) => changed({ [name]: target.value.trim() }),
    })
    input.addEventListener(
      "focus",
      () =>
        void get(path).then(
          (/** @type {any} */ answer) =>
            fill(
              offered,
              ...Object.values(answer)[0]
                .slice(0, offeredMax)
                .map((/** @type {string} */ value) => el("option", { value })),
            ),
          () => {},
        ),
      { once: true },
    )
    return { input, offered }
  }
  const [category, tag] = [written("category", "v1/categories"), written("tag", "v1/tags")]
  /** @type {Readonly<Record<string, HTMLSelectElement | HTMLInputElement>>} */
  const fields = {
    type: chosen("type", [
      ["", "any"],
      ["agent", "agents"],
      ["service", "services"],
    ]),
    status: chosen("status", [
      ["", "active"],
      ["inactive", "inactive"],
      ["any", "active or not"],
    ]),
    category: category.input,
    tag: tag.input,
    ask: chosen("ask", [
      ["", "when few are found here"],
      ["all", "always"],
      ["none", "never"],
    ]),
  }
  const labels = /** @type {Readonly<Record<string, string>>} */ ({
    type: "Kind",
    status: "Status",
    category: "Category",
    tag: "Tag",
    ask: "Peers are asked",
  })
  return {
    content: el(
      "details",
      // on a phone they would take the room of the results
      { class: "filters", open: window.matchMedia("(min-width: 561px)").matches },
      el("summary", {}, "Filters"),
      el(
        "div",
        { role: "group", "aria-label": "Filters" },
        ...Object.entries(fields).map(([name, field]) => el("label", {}, el("span", {}, labels[name]), field)),
        category.offered,
        tag.offered,
      ),
    ),
    /** @param {URLSearchParams} query */
    show: (query) => {
      for (const name of members) {
        const field = fields[name]
        if (field !== undefined && document.activeElement !== field) field.value = query.get(name) ?? ""
      }
    },
  }
}
