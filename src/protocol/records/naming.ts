/**
 * Handles and names: what they look like, and the texts that developers sign about them (naming page; reference 1.6, 1.7, 6).
 *
 * A fully qualified name is `host/handle/name`. A handle is unique at its registry, a name under its handle.
 */
import { handleCharactersMax, handleCharactersMin, nameLabelCharactersMax } from "../limits.ts"

export type Handle = string & { readonly Handle: unique symbol }
export type EntityName = string & { readonly EntityName: unique symbol }

const shape = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/
const reserved = new Set(["zynd", "system", "admin", "test", "root", "registry", "anonymous", "unknown"])

/** Why this cannot be claimed as a handle; `undefined` when it can. */
export const whyNoHandle = (text: string): string | undefined => {
  if (text.length < handleCharactersMin || text.length > handleCharactersMax) {
    return `a handle has ${handleCharactersMin} to ${handleCharactersMax} characters`
  }
  if (!shape.test(text)) return "a handle has a-z, 0-9 and -, and neither begins nor ends with -"
  return reserved.has(text) ? "this handle is reserved" : undefined
}

/** A handle as other registries may know it: the deployed ones allow longer ones (ruled). */
export const readHandle = (text: string): Handle | undefined =>
  text.length >= handleCharactersMin && text.length <= deployedHandleCharactersMax && shape.test(text) ? (text as Handle) : undefined

const deployedHandleCharactersMax = 40

/** The name of an entity under a handle. */
export const readEntityName = (text: string): EntityName | undefined =>
  text.length > 0 && text.length <= nameLabelCharactersMax && shape.test(text) ? (text as EntityName) : undefined

/** A registry's host, lower-case, without a port. */
export const readHost = (text: string): string | undefined => (text.length <= 253 && hostShape.test(text) ? text : undefined)

const hostShape = /^[a-z0-9](?:[a-z0-9-]{0,62}(?:\.[a-z0-9-]{1,63})*)$/

export const fqanOf = (host: string, handle: string, name: string): string => `${host}/${handle}/${name}`

/** What a developer signs to give up a handle, or a name by its `host/handle/name`. */
export const releaseText = (what: string): string => `release:${what}`
