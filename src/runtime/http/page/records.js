/** Pages of what is registered: an entity, a developer, a handle, a name. Each asks the node when it is opened. */
import { ask, get, pathOf, Trouble } from "./api.js"
import { el, facts, fill, outward } from "./dom.js"
import { bar, empty, idOf, loading, pill, registryLink, statusPill, tierWords } from "./parts.js"
import { addressOf, retitle } from "./router.js"
import { tagList } from "./search.js"
import { counted, moment } from "./words.js"

/**
 * @typedef {typeof import("../documents.ts").Entity.Type} Entity
 * @typedef {typeof import("../documents.ts").Developer.Type} Developer
 * @typedef {typeof import("../naming-documents.ts").Resolved.Type} Resolved
 * @typedef {typeof import("../naming-documents.ts").Handle.Type} Handle
 * @typedef {typeof import("../naming-documents.ts").Name.Type} Name
 * @typedef {{ entity_id: string, home_registry_id: string, trust_score: number, attesters: number }} Trust
 */

/**
 * A page whose content comes a moment later, or says why it does not.
 * @param {string} title
 * @param {(signal: AbortSignal) => Promise<{ title: string, content: ReadonlyArray<import("./dom.js").Child> }>} load
 * @returns {import("./router.js").Page}
 */
const later = (title, load) => {
  const leaving = new AbortController()
  const content = el("div", { class: "record" }, el("section", {}, el("h1", {}, title), loading()))
  const start = async () => {
    try {
      const made = await load(leaving.signal)
      const hadFocus = document.activeElement === content.querySelector("h1")
      fill(content, ...made.content)
      retitle(made.title)
      const heading = content.querySelector("h1")
      if (hadFocus && heading !== null) {
        heading.tabIndex = -1
        heading.focus({ preventScroll: true })
      }
    } catch (error) {
      if (leaving.signal.aborted) return
      if (!(error instanceof Trouble)) throw error
      fill(
        content,
        el(
          "section",
          {},
          el("h1", {}, title),
          sorry(error, () => void start()),
        ),
      )
    }
  }
  void start()
  return { title, content: [content], stop: () => leaving.abort() }
}

/** @param {Trouble} trouble @param {() => void} again */
const sorry = ({ message, status, waitS }, again) =>
  el(
    "div",
    { class: "empty", role: "alert" },
    el(
      "p",
      {},
      status === 404 || status === 410
        ? `It is not here: ${message}.`
        : status === 409
          ? `Several could be meant: ${message}.`
          : `That did not work: ${message}.`,
    ),
    status !== 404 &&
      status !== 410 &&
      status !== 409 &&
      el("button", { type: "button", click: again }, waitS === undefined ? "Try again" : `Try again (after ${waitS} s)`),
  )

/** @param {string} id */
const developerLink = (id) => el("a", { href: addressOf("developer", [id]) }, el("code", {}, id))
/** @param {string} fqan */
const nameLink = (fqan) => el("a", { href: addressOf("name", fqan.split("/")) }, fqan)
/** @param {string} id @param {string} [name] */
const entityLink = (id, name) => el("a", { href: addressOf("entity", [id]) }, name === undefined || name === "" ? el("code", {}, id) : name)
/** @param {unknown} document */
const json = (document) => el("pre", { tabindex: "0" }, JSON.stringify(document, null, 2))

// entities -----------------------------------------------------------------------------------------------------------

/** @param {ReadonlyArray<string>} parts */
export const entityPage = ([id = ""]) =>
  later("Entity", async (signal) => {
    /** @type {Entity} */
    const entity = await get(`v1/entities/${pathOf(id)}`, signal)
    const [trust, card] = [el("div", {}, loading()), el("div")]
    void get(`v1/entities/${pathOf(id)}/trust`, signal).then((/** @type {any} */ said) => fill(trust, trustOf(said)), orSay(trust, signal))
    const askForCard = () => {
      fill(card, loading("Asking the entity …"))
      void ask(`v1/entities/${pathOf(id)}/card`, { signal }).then(
        (/** @type {any} */ answer) => fill(card, ...cardOf(answer)),
        orSay(card, signal),
      )
    }
    fill(card, el("button", { type: "button", click: askForCard }, "Ask the entity for its card"))
    return {
      title: entity.name,
      content: [
        el(
          "section",
          {},
          el(
            "div",
            { class: "title" },
            el("h1", {}, entity.name),
            el(
              "p",
              { class: "pills" },
              statusPill(entity.status),
              " ",
              pill("plain", entity.entity_type),
              " ",
              pill("plain", tierWords(entity.tier)),
              entity.stale === true && pill("fair", "its home was silent for a day"),
              entity.contested === true && pill("bad", "several registries claim it"),
            ),
          ),
          entity.summary !== "" && el("p", { class: "lead" }, entity.summary),
          tagList(entity.tags),
          facts([
            ["Id", idOf(entity.entity_id, "the id")],
            ["Name", entity.fqan !== undefined && nameLink(entity.fqan)],
            ["Category", el("a", { href: addressOf("search", [], { category: entity.category }) }, entity.category)],
            ["Address", outward(entity.entity_url)],
            ["Service", entity.service_endpoint !== undefined && outward(entity.service_endpoint)],
            ["OpenAPI", entity.openapi_url !== undefined && outward(entity.openapi_url)],
            ["Developer", developerLink(entity.developer_id)],
            ["Home registry", registryLink(entity.home_registry_id, entity.home_registry_id)],
            ["Registered", moment(entity.registered_at)],
            ["Updated", entity.updated_at !== entity.registered_at && moment(entity.updated_at)],
            ["Last sign of life", entity.last_heartbeat === undefined ? "none yet" : moment(entity.last_heartbeat)],
            ["Came here", entity.received_at !== undefined && moment(entity.received_at)],
          ]),
        ),
        el("section", {}, el("h2", {}, "Trust"), trust),
        el(
          "section",
          {},
          el("h2", {}, "Proofs"),
          el(
            "p",
            { class: "soft" },
            "This node checked them before it took the record: the entity's key signed what it says of itself, and the developer's key signed that this entity is its own.",
          ),
          facts([
            ["Entity's key", idOf(entity.public_key, "the entity's key")],
            ["Signature", idOf(entity.signature, "the signature")],
            ["Developer's key", idOf(entity.developer_proof.developer_public_key, "the developer's key")],
            ["Developer's signature", idOf(entity.developer_proof.developer_signature, "the developer's signature")],
            ["Key number", String(entity.developer_proof.entity_index)],
          ]),
        ),
        entity.capability_summary !== undefined && el("section", {}, el("h2", {}, "Capabilities"), json(entity.capability_summary)),
        entity.entity_pricing !== undefined && el("section", {}, el("h2", {}, "Pricing"), json(entity.entity_pricing)),
        el("section", {}, el("h2", {}, "Agent card"), card),
      ],
    }
  })

/** @param {HTMLElement} place @param {AbortSignal} signal */
const orSay = (place, signal) => (/** @type {unknown} */ error) => {
  if (signal.aborted) return
  if (!(error instanceof Trouble)) throw error
  fill(place, empty(`${error.message}.`))
}

/** @param {Trust} trust */
const trustOf = (trust) =>
  el(
    "div",
    {},
    bar("Trust in its home registry", trust.trust_score),
    el(
      "p",
      { class: "soft" },
      trust.attesters === 0
        ? "As this node reckons it from its own experience; no registry said anything of it today."
        : `As this node reckons it from its own experience, and from what ${counted(trust.attesters, "registry", "registries")} said of it today.`,
    ),
  )

const cardWords = /** @type {Readonly<Record<string, readonly ["good" | "fair" | "bad", string]>>} */ ({
  valid: ["good", "signed by the entity"],
  invalid: ["bad", "its signature does not hold"],
  unsigned: ["fair", "not signed"],
})

/** @param {{ document: unknown, headers: Headers }} answer */
const cardOf = ({ document, headers }) => {
  const words = cardWords[headers.get("x-card-signature") ?? ""]
  return [words !== undefined && el("p", {}, pill(words[0], words[1])), json(document)]
}

// developers ---------------------------------------------------------------------------------------------------------

/** @param {ReadonlyArray<string>} parts */
export const developerPage = ([id = ""]) =>
  later("Developer", async (signal) => {
    /** @type {Developer} */
    const developer = await get(`v1/developers/${pathOf(id)}`, signal)
    /** @type {{ entities: ReadonlyArray<Entity>, count: number }} */
    const { entities } = await get(`v1/developers/${pathOf(id)}/entities`, signal)
    const name = developer.name === "" ? "A developer without a name" : developer.name
    return {
      title: name,
      content: [
        el(
          "section",
          {},
          el("h1", {}, name),
          facts([
            ["Id", idOf(developer.developer_id, "the id")],
            ["Handle", developer.dev_handle !== undefined && handleLink(developer.dev_handle, developer.dev_handle_verified === true)],
            ["Key", idOf(developer.public_key, "the key")],
            ["Page", developer.profile_url !== undefined && outward(developer.profile_url)],
            ["GitHub", developer.github],
            ["Home registry", registryLink(developer.home_registry_id, developer.home_registry_id)],
            ["Known since", moment(developer.registered_at)],
            ["Where from", tierWords(developer.tier)],
          ]),
        ),
        el("section", {}, el("h2", {}, "Entities"), entities.length === 0 ? empty("None that this node knows.") : entityList(entities)),
      ],
    }
  })

/** @param {string} handle @param {boolean} isVerified */
const handleLink = (handle, isVerified) =>
  el(
    "span",
    {},
    el("a", { href: addressOf("handle", [handle]) }, handle),
    " ",
    isVerified ? pill("good", "verified") : pill("plain", "claimed, not verified"),
  )

/** @param {ReadonlyArray<Entity>} entities */
const entityList = (entities) =>
  el(
    "ul",
    { class: "list" },
    ...entities.map((entity) =>
      el(
        "li",
        {},
        entityLink(entity.entity_id, entity.name),
        " ",
        statusPill(entity.status),
        " ",
        el("span", { class: "soft" }, entity.category),
      ),
    ),
  )

// handles and names --------------------------------------------------------------------------------------------------

/** @param {ReadonlyArray<string>} parts */
export const handlePage = ([handle = ""]) =>
  later(handle, async (signal) => {
    const [held, names] = /** @type {[Handle, ReadonlyArray<Name>]} */ (
      await Promise.all([get(`v1/handles/${pathOf(handle)}`, signal), get(`v1/handles/${pathOf(handle)}/entities`, signal)])
    )
    return {
      title: handle,
      content: [
        el(
          "section",
          {},
          el("h1", {}, handle),
          facts([
            [
              "Verified",
              held.verified ? pill("good", `by ${held.verification_method}: ${held.verification_proof ?? ""}`) : pill("plain", "not yet"),
            ],
            ["Developer", el("span", {}, held.developer_name === "" ? "" : `${held.developer_name} `, developerLink(held.developer_id))],
            ["At the registry", registryLink(held.registry_id, held.registry_id)],
            ["Claimed", moment(held.claimed_at)],
          ]),
        ),
        el(
          "section",
          {},
          el("h2", {}, "Names"),
          names.length === 0
            ? empty("There are none under it.")
            : el("ul", { class: "list" }, ...names.map((name) => el("li", {}, nameLink(name.fqan), " ", entityLink(name.entity_id)))),
        ),
      ],
    }
  })

/** @param {ReadonlyArray<string>} parts host, handle, name; or without a host */
export const namePage = (parts) => {
  const [name = "", handle = "", host = ""] = [...parts].reverse()
  const whole = parts.join("/")
  return later(whole, async (signal) => {
    /** @type {Resolved} */
    const resolved = await get(`v1/resolve/${pathOf(handle, name)}${host === "" ? "" : `?host=${encodeURIComponent(host)}`}`, signal)
    return {
      title: resolved.fqan,
      content: [
        el(
          "section",
          {},
          el(
            "div",
            { class: "title" },
            el("h1", {}, resolved.fqan),
            el(
              "p",
              { class: "pills" },
              pill(resolved.verification_tier === "self-claimed" ? "plain" : "good", resolved.verification_tier),
              " ",
              statusPill(resolved.status),
              resolved.provisional === true && pill("fair", "host not proven"),
            ),
          ),
          facts([
            ["Means", entityLink(resolved.entity_id)],
            ["Address", resolved.entity_url !== "" && outward(resolved.entity_url)],
            ["Handle", el("a", { href: addressOf("handle", [resolved.developer_handle]) }, resolved.developer_handle)],
            ["Developer", developerLink(resolved.developer_id)],
            ["Registry", registryLink(resolved.registry_id, resolved.registry_id)],
            ["Version", `${resolved.current_version}${resolved.version === undefined ? "" : ` (${resolved.version})`}`],
          ]),
        ),
        el(
          "section",
          {},
          el("h2", {}, "What it has meant"),
          el(
            "ol",
            { class: "list", reversed: true },
            ...resolved.versions.map((version) =>
              el(
                "li",
                {},
                `Version ${version.version}${version.label === "" ? "" : ` (${version.label})`} `,
                entityLink(version.entity_id),
                " ",
                el("span", { class: "soft" }, moment(version.bound_at)),
              ),
            ),
          ),
        ),
      ],
    }
  })
}
