/** Numbers, times and ids as people read them. */

/** @param {number} number */
export const whole = (number) => Math.round(number).toLocaleString("en-US")

/** Of an id what tells it from others: its first digits. @param {string} id */
export const short = (id) => id.split(":").at(-1)?.slice(0, 8) ?? ""

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${whole(count)} ${count === 1 ? one : many}`

/** @param {number | undefined} ms */
export const latency = (ms) => {
  if (ms === undefined) return "–"
  if (ms < 1) return "< 1 ms"
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${whole(ms)} ms`
}

/** @param {number} ms */
export const lasting = (ms) => {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 60) return `${seconds} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ${Math.floor((seconds % 3_600) / 60)} min`
  return `${Math.floor(seconds / 86_400)} d ${Math.floor((seconds % 86_400) / 3_600)} h`
}

/** What `uptime` says (1h2m3.4s), in milliseconds. @param {string} text */
export const readUptime = (text) => {
  const [, hours = "0", minutes = "0", seconds = "0"] = /^(?:(\d+)h)?(?:(\d+)m)?(?:([\d.]+)s)?$/.exec(text) ?? []
  return (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000
}

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })
const calendar = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" })

/** @param {string} time */
export const timeOfDay = (time) => (Number.isNaN(Date.parse(time)) ? time : clock.format(new Date(time)))
/** @param {string} time */
export const moment = (time) => (Number.isNaN(Date.parse(time)) ? time : calendar.format(new Date(time)))
/** @param {string} time @param {number} nowMs */
export const ago = (time, nowMs) => {
  const at = Date.parse(time)
  if (Number.isNaN(at)) return time
  return nowMs - at < 2_000 ? "just now" : `${lasting(nowMs - at)} ago`
}

/** Hue of an id, so that the same registry has the same colour everywhere. @param {string} id */
export const hueOf = (id) => {
  let hash = 0
  for (const character of id.slice(-16)) hash = (hash * 31 + character.charCodeAt(0)) % 360
  return hash
}
