/** The node's public API, asked: documents come back typed as they are declared, and whatever goes wrong as one kind of error. */

/** What went wrong: `status` 0 when there was no answer at all. */
export class Trouble extends Error {
  /** @param {number} status @param {string} message @param {number} [waitS] */
  constructor(status, message, waitS) {
    super(message)
    this.status = status
    /** Seconds after which it may be tried again, where the node says so. */
    this.waitS = waitS
  }
}

/** @type {(isReachable: boolean) => void} */
let heard = () => {}
/** Is told after each question whether the node answered. @param {(isReachable: boolean) => void} listener */
export const whenAnswered = (listener) => {
  heard = listener
}

const patienceMs = 15_000

/** @param {string} path @param {RequestInit} init */
const answered = async (path, init) => {
  const late = AbortSignal.timeout(patienceMs)
  const signal = init.signal ? AbortSignal.any([init.signal, late]) : late
  try {
    const response = await fetch(path, { ...init, signal })
    const text = await response.text()
    heard(true)
    return { response, text }
  } catch (error) {
    if (init.signal?.aborted) throw error
    heard(false)
    throw new Trouble(0, "the node does not answer")
  }
}

/**
 * @template T
 * @param {string} path
 * @param {RequestInit} [init]
 * @returns {Promise<{ document: T, headers: Headers }>}
 */
export const ask = async (path, init = {}) => {
  const { response, text } = await answered(path, init)
  const document = readJson(text)
  if (response.ok && document !== undefined) return { document, headers: response.headers }
  const wait = Number(response.headers.get("retry-after") ?? Number.NaN)
  const message = typeof document?.message === "string" ? document.message : `the node answered ${response.status}`
  throw new Trouble(response.ok ? 502 : response.status, message, Number.isFinite(wait) ? wait : undefined)
}

/** @param {string} text */
const readJson = (text) => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/**
 * @template T
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<T>}
 */
export const get = async (path, signal) => {
  /** @type {{ document: T }} */
  const { document } = await ask(path, signal === undefined ? {} : { signal })
  return document
}

/** @param {...string} parts */
export const pathOf = (...parts) => parts.map(encodeURIComponent).join("/")
