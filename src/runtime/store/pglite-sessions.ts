/**
 * Many PostgreSQL connections on the one backend that PGlite is.
 *
 * PGlite executes wire messages, but has a single session: whoever is in a transaction must not be interrupted by
 * another connection. So each connection is a queue of whole messages, and one of them owns the backend from its first
 * message until the backend says it is idle again. What would end or disturb the backend (a request for TLS, a
 * cancellation, a goodbye) is answered here. Runs inside the worker; nothing here waits.
 */

/** Executes whole frontend messages and returns what the backend says, synchronously. */
export type Execute = (messages: Uint8Array) => Uint8Array

/** One connection's end in the worker. */
export interface Session {
  /** Bytes of the client, in pieces of any size. */
  readonly take: (chunk: Uint8Array) => void
  /** The client is gone: its transaction is rolled back, its prepared statements are forgotten. */
  readonly drop: () => void
}

export interface SessionEvents {
  readonly reply: (bytes: Uint8Array) => void
  readonly ended: () => void
}

const kind = { terminate: 0x58, parse: 0x50, query: 0x51, ready: 0x5a, notification: 0x41 }
const request = { tls: 80_877_103, gss: 80_877_104, cancel: 80_877_102 }
const idle = 0x49
const no = Buffer.from("N")

interface Member {
  readonly events: SessionEvents
  readonly waiting: Array<Buffer>
  readonly prepared: Set<string>
  input: Buffer
  started: boolean
  listens: boolean
  gone: boolean
}

export const makeSessions = (execute: Execute) => {
  const members = new Set<Member>()
  /** Members with messages to execute, in the order in which they came. */
  const turns: Array<Member> = []
  /** Names of prepared statements whose connection is gone. */
  const leftBehind = new Set<string>()
  let owner: Member | undefined
  let running = false

  const open = (events: SessionEvents): Session => {
    const member: Member = { events, waiting: [], prepared: new Set(), input: Buffer.alloc(0), started: false, listens: false, gone: false }
    members.add(member)
    return { take: (chunk) => take(member, chunk), drop: () => drop(member) }
  }

  const take = (member: Member, chunk: Uint8Array): void => {
    if (member.gone) return
    member.input =
      member.input.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([member.input, chunk])
    const { ends, messages } = cut(member)
    if (messages !== undefined) {
      member.waiting.push(messages)
      if (member !== owner && !turns.includes(member)) turns.push(member)
      run()
    }
    if (ends) drop(member)
  }

  const run = (): void => {
    if (running) return
    running = true
    try {
      for (let member = next(); member !== undefined; member = next()) serve(member)
    } finally {
      running = false
    }
  }

  const next = (): Member | undefined => {
    if (owner !== undefined) return owner.waiting.length > 0 ? owner : undefined
    tidy()
    owner = turns.shift()
    return owner
  }

  const serve = (member: Member): void => {
    const messages = member.waiting.shift()
    if (messages === undefined) {
      owner = undefined
      return
    }
    const answer = Buffer.from(execute(messages))
    if (isIdleAfter(answer)) {
      owner = undefined
      if (member.waiting.length > 0) turns.push(member)
    }
    deliver(member, answer)
  }

  /** Notifications go to whoever listens, the rest to whoever asked. */
  const deliver = (member: Member, answer: Buffer): void => {
    let from = 0
    for (let at = 0; at + 5 <= answer.length;) {
      const end = at + 1 + answer.readInt32BE(at + 1)
      if (answer[at] === kind.notification) {
        if (at > from) member.events.reply(answer.subarray(from, at))
        const notification = answer.subarray(at, end)
        for (const each of members) if (each.listens) each.events.reply(notification)
        from = end
      }
      at = end
    }
    if (from < answer.length) member.events.reply(from === 0 ? answer : answer.subarray(from))
  }

  const drop = (member: Member): void => {
    if (member.gone) return
    member.gone = true
    members.delete(member)
    member.waiting.length = 0
    const turn = turns.indexOf(member)
    if (turn >= 0) turns.splice(turn, 1)
    if (owner === member) execute(queryMessage("ROLLBACK"))
    if (owner === member) owner = undefined
    for (const name of member.prepared) leftBehind.add(name)
    member.events.ended()
    run()
  }

  /** The session is all connections' own, so what one of them prepared would stay for ever. */
  const tidy = (): void => {
    if (leftBehind.size === 0) return
    execute(closeMessages(leftBehind))
    leftBehind.clear()
  }

  return { open, closeAll: () => [...members].forEach(drop) }
}

/** The whole messages at the start of a member's input; what is not for the backend is answered here. */
const cut = (member: Member): { readonly messages: Buffer | undefined; readonly ends: boolean } => {
  const whole: Array<Buffer> = []
  let ends = false
  while (!ends) {
    const head = member.started ? 1 : 0
    if (member.input.length < head + 4) break
    const length = head + member.input.readInt32BE(head)
    if (member.input.length < length) break
    const message = member.input.subarray(0, length)
    member.input = member.input.subarray(length)
    if (!member.started) {
      const code = message.readInt32BE(4)
      if (code === request.tls || code === request.gss) member.events.reply(no)
      else if (code === request.cancel) ends = true
      else {
        member.started = true
        whole.push(message)
      }
    } else if (message[0] === kind.terminate) ends = true
    else {
      note(member, message)
      whole.push(message)
    }
  }
  return { messages: whole.length === 0 ? undefined : whole.length === 1 ? whole[0]! : Buffer.concat(whole), ends }
}

/** Remembers what a message leaves behind in the session that all share. */
const note = (member: Member, message: Buffer): void => {
  if (message[0] !== kind.parse && message[0] !== kind.query) return
  const nameEnd = message[0] === kind.parse ? message.indexOf(0, 5) : 4
  if (nameEnd > 5) member.prepared.add(message.toString("utf8", 5, nameEnd))
  if (/^\s*LISTEN\b/i.test(message.toString("latin1", nameEnd + 1, nameEnd + 64))) member.listens = true
}

/** Did the backend end by saying that it waits for the next command outside any transaction? */
const isIdleAfter = (answer: Buffer): boolean =>
  answer.length >= 6 && answer[answer.length - 6] === kind.ready && answer.readInt32BE(answer.length - 5) === 5 && answer.at(-1) === idle

const message = (type: string, body: Buffer): Buffer => {
  const head = Buffer.alloc(5)
  head.write(type, "latin1")
  head.writeInt32BE(body.length + 4, 1)
  return Buffer.concat([head, body])
}

const queryMessage = (text: string): Buffer => message("Q", Buffer.from(`${text}\0`))

const closeMessages = (names: ReadonlySet<string>): Buffer =>
  Buffer.concat([...[...names].map((name) => message("C", Buffer.from(`S${name}\0`))), message("S", Buffer.alloc(0))])
