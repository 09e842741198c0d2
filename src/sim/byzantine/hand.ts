/**
 * A liar's hand: it holds the connections of a node that is honest otherwise, so that a lie is told by somebody who greets,
 * beats and answers as it should. It can say anything over them, keep what the node wants to say, and remembers what it heard.
 */
import { Context, Effect } from "effect"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import { outboundQueueBytesMax } from "../../protocol/limits.ts"
import type { Message } from "../../protocol/wire/message.ts"
import { wireCodec } from "../../runtime/codec.ts"
import { Codec, type Connection, Transport } from "../../runtime/ports.ts"
import { hearing } from "../hearing-codec.ts"
import type { PortsOver } from "../world.ts"

/** Documents remembered, the newest ones. */
const heardMax = 500

export class Hand {
  /** Announcements that went by, oldest first. */
  readonly heard: Array<JsonObject> = []
  /** Of what its node wants to say: what goes out. */
  lets: (message: Message) => Message | undefined = (message) => message
  readonly #connections = new Set<Connection>()
  readonly #bends = new Set<(message: Message) => Message>()
  readonly #ears = new Set<(message: Message) => void>()

  /** Living connections, in the order they were made. */
  get connections(): ReadonlyArray<Connection> {
    return [...this.#connections]
  }

  /** Its node says something else than it wants to, until the function that comes back is called. */
  bend(bend: (message: Message) => Message): () => void {
    this.#bends.add(bend)
    return () => void this.#bends.delete(bend)
  }

  /** Hears everything that its node is told, until the function that comes back is called. */
  overhear(ear: (message: Message) => void): () => void {
    this.#ears.add(ear)
    return () => void this.#ears.delete(ear)
  }

  /** To these, or to all. */
  say(message: Message, to: ReadonlyArray<Connection> = this.connections): void {
    this.write(wireCodec.write(message), to)
  }

  /** Any bytes. Who does not read gets no more: TCP would not take them. */
  write(bytes: Uint8Array, to: ReadonlyArray<Connection> = this.connections): void {
    for (const connection of to) if (connection.queuedBytes() < outboundQueueBytesMax) connection.write(bytes)
  }

  readonly over: PortsOver = (ports) => {
    const transport = Context.get(ports, Transport)
    const codec = Context.get(ports, Codec)
    const heard = hearing(codec, (message) => this.#hear(message))
    return ports.pipe(
      Context.add(Transport, {
        dial: (...to) => Effect.map(transport.dial(...to), (connection) => this.#hold(connection)),
        listen: (accept) => transport.listen((connection) => accept(this.#hold(connection))),
      }),
      Context.add(Codec, {
        write: (message) => {
          const said = this.#bent(message)
          return said === undefined ? nothing : codec.write(said)
        },
        reader: heard.reader,
        deployed: (ends) => {
          const { read, write } = heard.deployed(ends)
          return {
            read,
            write: (message, nowMs) => {
              const said = this.#bent(message)
              return said === undefined ? nothing : write(said, nowMs)
            },
          }
        },
      }),
    )
  }

  #bent(message: Message): Message | undefined {
    return this.lets([...this.#bends].reduce((bent, bend) => bend(bent), message))
  }

  #hold(connection: Connection): Connection {
    this.#connections.add(connection)
    return {
      remoteKey: connection.remoteKey,
      remoteHost: connection.remoteHost,
      ...(connection.localHost !== undefined && { localHost: connection.localHost }),
      open: ({ bytes, closed }) =>
        connection.open({
          bytes,
          closed: (reason) => {
            this.#connections.delete(connection)
            closed(reason)
          },
        }),
      write: (bytes) => {
        if (bytes.length > 0) connection.write(bytes)
      },
      queuedBytes: () => connection.queuedBytes(),
      pauseReading: () => connection.pauseReading(),
      resumeReading: () => connection.resumeReading(),
      close: () => {
        this.#connections.delete(connection)
        connection.close()
      },
    }
  }

  #hear(message: Message): void {
    for (const ear of this.#ears) ear(message)
    const documents =
      message.type === "GOSSIP" ? [message.document()] : message.type === "RECONCILE" && message.step === "records" ? message.documents : []
    for (const document of documents) if (document !== undefined) this.heard.push(document)
    if (this.heard.length > 2 * heardMax) this.heard.splice(0, this.heard.length - heardMax)
  }
}

const nothing = new Uint8Array(0)
