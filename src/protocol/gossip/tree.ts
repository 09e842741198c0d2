/**
 * The tree along which announcements go whole: every node's link towards one root, and its links to those who chose it.
 *
 * Plumtree (Leitão, Pereira & Rodrigues 2007) prunes a tree out of the announcements themselves. That needs quiet: of two
 * announcements from two origins at once each prunes the other's tree, and what is left falls apart (tried: the median
 * delivery went from 300 ms to 1,300). So the tree has a root of its own: the smallest registry id around sends a beacon
 * through all links, with its clock as epoch, and each node's parent is who brought the newest beacon the shortest way. Nothing of it
 * is believed further than that: whoever lies in a beacon can delay an announcement until somebody grafts, not stop it.
 */
import { beaconPatienceMs } from "../limits.ts"
import type { RegistryId } from "../identity/id.ts"
import { secondsOf, type Seconds } from "../time.ts"

export interface Beacon {
  readonly root: RegistryId
  /** The root's clock when it sent it. */
  readonly epoch: Seconds
  /** Links from the root. */
  readonly distance: number
}

export interface Tree<Link> {
  readonly self: RegistryId
  beacon: Beacon
  parent: Link | undefined
  heardAtMs: number
  /** A root that fell silent: what is still told of its last epoch is old. */
  silenced: Beacon | undefined
}

/** Nothing can be further away than this. */
const distanceMax = 64

export const begin = <Link>(self: RegistryId, nowMs: number): Tree<Link> => ({
  self,
  beacon: { root: self, epoch: secondsOf(nowMs), distance: 0 },
  parent: undefined,
  heardAtMs: nowMs,
  silenced: undefined,
})

export type Offer = "better" | "same" | "worse"

/** Compares what a link brings with what we have. The smaller root counts, of one root the newer epoch, of one epoch the shorter way. */
export const judge = <Link>({ self, beacon, silenced }: Tree<Link>, offered: Beacon): Offer => {
  if (offered.distance >= distanceMax) return "worse"
  // our own beacon comes back: from a child of this epoch, or from one that has heard no newer one
  if (offered.root === self) return beacon.root === self && offered.epoch === beacon.epoch ? "same" : "worse"
  if (offered.root === silenced?.root && offered.epoch <= silenced.epoch) return "worse"
  if (offered.root !== beacon.root) return offered.root < beacon.root ? "better" : "worse"
  if (offered.epoch !== beacon.epoch) return offered.epoch > beacon.epoch ? "better" : "worse"
  return offered.distance + 1 < beacon.distance ? "better" : "same"
}

/**
 * Would our beacon be news to who offered this one? By the beacons alone, without what only we know (a root that fell
 * silent, our own epochs): else two nodes that know different things would answer each other for ever.
 */
export const outdoes = <Link>({ beacon }: Tree<Link>, offered: Beacon): boolean => {
  if (beacon.root !== offered.root) return beacon.root < offered.root
  if (beacon.epoch !== offered.epoch) return beacon.epoch > offered.epoch
  return beacon.distance + 1 < offered.distance
}

/** Takes a better beacon: its link leads to the root now. */
export const adopt = <Link>(tree: Tree<Link>, link: Link, { root, epoch, distance }: Beacon, nowMs: number): void => {
  tree.beacon = { root, epoch, distance: distance + 1 }
  tree.parent = link
  tree.heardAtMs = nowMs
}

/** Once a period: the root starts a new epoch; others notice when it fell silent, and take its place. True when there is a beacon to send. */
export const renew = <Link>(tree: Tree<Link>, nowMs: number): boolean => {
  if (tree.beacon.root !== tree.self) {
    if (nowMs - tree.heardAtMs < beaconPatienceMs) return false
    tree.silenced = tree.beacon
  }
  tree.beacon = { root: tree.self, epoch: secondsOf(nowMs), distance: 0 }
  tree.parent = undefined
  tree.heardAtMs = nowMs
  return true
}
