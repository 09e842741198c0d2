/**
 * `Web` over HTTP and HTTPS, for URLs that strangers chose (SSRF).
 *
 * A host's addresses are resolved first and every one of them is checked; the connection then goes to those very addresses,
 * so that a name that means something else a moment later (DNS rebinding) gains nothing. A redirect is a new URL and is
 * checked like one; from HTTPS none leads to HTTP.
 */
import { createHash } from "node:crypto"
import { lookup } from "node:dns/promises"
import { type IncomingMessage, request as httpRequest } from "node:http"
import { request as httpsRequest } from "node:https"
import { isIP, type LookupFunction } from "node:net"
import { TLSSocket } from "node:tls"
import { Effect } from "effect"
import { redirectsMax } from "../../protocol/limits.ts"
import { NotFetched, type Web, type WebAnswer, type WebRequest } from "../web.ts"

/** All addresses of a host; rejects when there are none. */
export type Resolve = (host: string) => Promise<ReadonlyArray<string>>

export const systemResolve: Resolve = async (host) => (await lookup(host, { all: true })).map(({ address }) => address)

export interface PublicWebSettings {
  /** May be connected to: `isPublicAddress`, unless the operator allows all. */
  readonly isAllowed: (address: string) => boolean
  readonly resolve: Resolve
}

export const publicWeb = (settings: PublicWebSettings): Web => ({
  get: (request) =>
    Effect.tryPromise({
      try: (signal) => get(settings, request, URL.parse(request.url), signal, redirectsMax),
      catch: (error) => (error instanceof NotFetched ? error : new NotFetched({ why: "no-answer" })),
    }).pipe(Effect.timeoutOrElse({ duration: request.patienceMs, orElse: () => Effect.fail(new NotFetched({ why: "not-in-time" })) })),
})

const get = async (
  settings: PublicWebSettings,
  request: WebRequest,
  url: URL | null,
  signal: AbortSignal,
  redirectsLeft: number,
): Promise<WebAnswer> => {
  if (url === null || (url.protocol !== "https:" && url.protocol !== "http:") || url.username !== "" || url.password !== "")
    throw new NotFetched({ why: "not-there" })
  const response = await open(url, await addressesOf(url, settings), request, signal)
  const { headers, statusCode = 0 } = response
  try {
    if (statusCode === 304 && request.etag !== undefined) return { type: "unchanged" }
    if (redirecting.has(statusCode) && headers.location !== undefined) {
      if (redirectsLeft === 0) throw new NotFetched({ why: "too-many-redirects" })
      const next = URL.parse(headers.location, url.href)
      if (url.protocol === "https:" && next?.protocol !== "https:") throw new NotFetched({ why: "not-there" })
      return await get(settings, request, next, signal, redirectsLeft - 1)
    }
    if (statusCode !== 200 || headers["content-encoding"] !== undefined) throw new NotFetched({ why: "not-there" })
    const fingerprint = fingerprintMet(response)
    const { etag } = headers
    return {
      type: "document",
      text: await textOf(response, request.bytesMax),
      ...(etag !== undefined && { etag }),
      ...(fingerprint !== undefined && { fingerprint }),
    }
  } finally {
    response.destroy()
  }
}

const redirecting: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

const addressesOf = async ({ hostname }: URL, { isAllowed, resolve }: PublicWebSettings): Promise<ReadonlyArray<string>> => {
  const host = hostname.replace(/^\[|\]$/g, "")
  const addresses = isIP(host) === 0 ? await resolve(host) : [host]
  if (addresses.length === 0) throw new NotFetched({ why: "no-answer" })
  if (!addresses.every(isAllowed)) throw new NotFetched({ why: "address-not-public" })
  return addresses
}

const open = (url: URL, addresses: ReadonlyArray<string>, { etag }: WebRequest, signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const request = url.protocol === "https:" ? httpsRequest : httpRequest
    request(url, {
      agent: false,
      signal,
      lookup: answering(addresses),
      headers: {
        accept: "application/json",
        "accept-encoding": "identity",
        "user-agent": "agentdns",
        ...(etag !== undefined && { "if-none-match": etag }),
      },
    })
      .on("response", resolve)
      .on("error", reject)
      .end()
  })

/** What was resolved and checked, and nothing that is resolved later. */
const answering =
  (addresses: ReadonlyArray<string>): LookupFunction =>
  (_, options, answer) => {
    const all = addresses.map((address) => ({ address, family: isIP(address) }))
    if (options.all === true) answer(null, all)
    else answer(null, all[0]!.address, all[0]!.family)
  }

const textOf = async (response: IncomingMessage, bytesMax: number): Promise<string> => {
  if (Number(response.headers["content-length"] ?? 0) > bytesMax) throw new NotFetched({ why: "too-large" })
  const chunks: Array<Buffer> = []
  let bytes = 0
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length
    if (bytes > bytesMax) throw new NotFetched({ why: "too-large" })
    chunks.push(chunk as Buffer)
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks))
  } catch {
    throw new NotFetched({ why: "not-text" })
  }
}

const fingerprintMet = ({ socket }: IncomingMessage): string | undefined => {
  const certificate = socket instanceof TLSSocket ? socket.getPeerX509Certificate() : undefined
  const key = certificate?.publicKey.export({ format: "der", type: "spki" })
  return key === undefined ? undefined : `sha256:${createHash("sha256").update(key).digest("hex")}`
}
