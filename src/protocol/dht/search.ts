/**
 * The arithmetic of one lookup (Kademlia §2.3, and S/Kademlia's disjoint paths): whom to ask next, what an answer adds, and
 * whether it is over. The machine that lives by it is `actors/dht-lookup.ts`.
 *
 * One path has α open questions; it ends when the k closest that may answer have answered. Where it matters who is found, for
 * values and for storing them, there are d paths with one open question each, which share what was asked: nobody is asked by
 * two of them, so whoever misleads one path misleads no other. Each asks some of its own, even where others asked all of the k
 * closest: liars who work together name one another to every path, and are soon all asked; then those who are left know better,
 * and α of them are asked at once.
 * A path to a value ends with the first holder it comes to, too.
 * Where a crowd keeps everybody else from a key (`crowding.ts`), paths to its mirrors are added.
 */
import { dhtOwnShare, dhtQuestionsPerLookupMax } from "../limits.ts"
import type { Contact } from "./contact.ts"
import { isCrowded, isOfCrowd, mirrorsOf } from "./crowding.ts"
import { byDistance } from "./distance.ts"
import type { DhtKey } from "./key.ts"
import * as Shortlist from "./shortlist.ts"
import type { ProvenValue } from "./value.ts"
import { merge } from "./value-store.ts"

export interface SearchPlan {
  /** Who looks: it is nobody's contact here. */
  readonly self: DhtKey
  readonly key: DhtKey
  readonly goal: "contacts" | "value"
  readonly k: number
  /** Open questions where there is one path, and of each mirror's path. */
  readonly alpha: number
  readonly paths: number
  /** Of a lookup for a value: paths that must come to a holder. */
  readonly holdersWanted: number
}

interface Path {
  readonly list: Shortlist.Shortlist
  readonly open: number
  readonly isMirror: boolean
  /** A holder was found at its end. */
  readonly hasFound: boolean
}

export interface Search {
  readonly plan: SearchPlan
  readonly paths: ReadonlyArray<Path>
  /** By path; whom a path asked no other one asks. */
  readonly asked: ReadonlyMap<DhtKey, number>
  readonly networkSize: number
  readonly hasMirrors: boolean
  /** The best of what holders said, as gossip ranks it. */
  readonly values: ReadonlyArray<ProvenValue>
  readonly answers: number
  readonly silences: number
}

/** A question, not yet asked. */
export interface Question {
  readonly to: Contact
  readonly target: DhtKey
}

/** Begins with whom we know; `networkSize` is what our table says of it. */
export const begin = (plan: SearchPlan, known: ReadonlyArray<Contact>, networkSize: number): Search => {
  // dealt out like cards, the closest first: each path begins with some of every distance
  const paths = Array.from({ length: plan.paths }, (_, path) =>
    pathTo(
      plan.key,
      known.filter((_, i) => i % plan.paths === path),
      false,
    ),
  )
  return { plan, paths, asked: new Map(), networkSize, hasMirrors: false, values: [], answers: 0, silences: 0 }
}

const pathTo = (target: DhtKey, known: ReadonlyArray<Contact>, isMirror: boolean): Path => ({
  list: Shortlist.learn(Shortlist.empty(target), known),
  open: 0,
  isMirror,
  hasFound: false,
})

/** Whom to ask now. They count as asked from here on. */
export const ask = (search: Search): readonly [questions: ReadonlyArray<Question>, next: Search] => {
  const { plan } = search
  const questions: Array<Question> = []
  const asked = new Map(search.asked)
  const paths = search.paths.map((path, index) => {
    let { list, open } = path
    while (!path.hasFound && asked.size < dhtQuestionsPerLookupMax) {
      const close = Shortlist.next(list, plan.k, 0, asked)
      // who is asked only because the path has not asked enough leads nowhere closer: nobody has to wait for one to ask the next
      const openMax = plan.paths > 1 && !path.isMirror && close !== undefined ? 1 : plan.alpha
      const to = close ?? Shortlist.next(list, plan.k, ownOf(plan), asked)
      if (to === undefined || open >= openMax) break
      asked.set(to.id, index)
      list = Shortlist.mark(list, to.id, "asked")
      open++
      questions.push({ to, target: list.target })
    }
    return open === path.open ? path : { ...path, list, open }
  })
  return questions.length === 0 ? [questions, search] : [questions, { ...search, paths, asked }]
}

/** How many a path must have asked itself; the only one asks all there are. */
const ownOf = ({ k, paths }: SearchPlan): number => (paths > 1 ? Math.ceil(k * dhtOwnShare) : 0)

/** One whom we asked answered, with whom it knows and what it holds. */
export const hear = (search: Search, from: DhtKey, nodes: ReadonlyArray<Contact>, values: ReadonlyArray<ProvenValue>): Search => {
  const { networkSize, plan } = search
  const found = values.filter(({ key }) => key === plan.key)
  return {
    ...settled(search, from, "answered", (path) => ({
      ...path,
      list: Shortlist.learn(
        path.list,
        nodes
          .slice(0, plan.k)
          .filter((contact) => contact.id !== plan.self && (!path.isMirror || !isOfCrowd(plan.key, contact, networkSize))),
      ),
      hasFound: path.hasFound || found.length > 0,
    })),
    values: found.reduce((held, value) => merge(held, value).values, search.values),
    answers: search.answers + 1,
  }
}

/** One whom we asked did not answer. */
export const giveUpOn = (search: Search, silent: DhtKey): Search => ({
  ...settled(search, silent, "silent", (path) => path),
  silences: search.silences + 1,
})

const settled = (search: Search, id: DhtKey, standing: Shortlist.Standing, change: (path: Path) => Path): Search => {
  const index = search.asked.get(id)
  if (index === undefined) return search
  const paths = search.paths.map((path, at) => {
    if (at === index) return change({ ...path, open: path.open - 1, list: Shortlist.mark(path.list, id, standing) })
    // who is silent is nobody's any more
    return standing === "silent" ? { ...path, list: Shortlist.mark(path.list, id, standing) } : path
  })
  return { ...search, paths }
}

/** Is there nobody left to ask, or no need to? Questions that are still open do not change it. */
export const isOver = (search: Search): boolean => {
  const { paths, plan } = search
  if (plan.goal === "value" && paths.filter(({ hasFound }) => hasFound).length >= plan.holdersWanted) return true
  return paths.every((path) => hasEnded(search, path)) && !needsMirrors(search)
}

const hasEnded = ({ asked, plan }: Search, { hasFound, list, open }: Path): boolean =>
  hasFound || (open === 0 && (asked.size >= dhtQuestionsPerLookupMax || Shortlist.next(list, plan.k, ownOf(plan), asked) === undefined))

/** Where a crowd is at the key, and we found nothing else there: paths to the mirrors. */
export const withMirrors = (search: Search): Search => {
  if (!search.paths.every((path) => hasEnded(search, path)) || !needsMirrors(search)) return search
  const heard = search.paths.flatMap(({ list }) =>
    list.entries.flatMap(({ contact, standing }) => (standing === "silent" ? [] : [contact])),
  )
  const known = heard.filter((contact) => !isOfCrowd(search.plan.key, contact, search.networkSize))
  const mirrors = mirrorsOf(search.plan.key, search.networkSize).map((target) => pathTo(target, known, true))
  return { ...search, paths: [...search.paths, ...mirrors], hasMirrors: true }
}

const needsMirrors = (search: Search): boolean =>
  !search.hasMirrors && search.values.length === 0 && isCrowded(search.plan.key, closest(search), search.networkSize)

/** The k closest to the key that answered, closest first. */
export const closest = (search: Search): ReadonlyArray<Contact> => closestTo(search, search.plan.key)

/** Where a value belongs: the k closest to its key, and to the mirrors where there are any. */
export const holders = (search: Search): ReadonlyArray<Contact> => {
  const targets = search.hasMirrors ? search.paths.flatMap(({ isMirror, list }) => (isMirror ? [list.target] : [])) : []
  const all = [closest(search), ...targets.map((target) => closestTo(search, target))].flat()
  return [...new Map(all.map((contact) => [contact.id, contact])).values()]
}

const closestTo = ({ paths, plan }: Search, target: DhtKey): ReadonlyArray<Contact> => {
  const answered: Array<Contact> = []
  for (const { list } of paths) for (const { contact, standing } of list.entries) if (standing === "answered") answered.push(contact)
  return byDistance(target, answered).slice(0, plan.k)
}
