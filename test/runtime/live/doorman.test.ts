import { EventEmitter } from "node:events"
import type { Socket } from "node:net"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { doorman } from "../../../src/runtime/live/doorman.ts"

/** As much of a socket as the doorman looks at. */
class Caller extends EventEmitter {
  destroyed = false
  readonly remoteAddress: string | undefined
  readonly remotePort: number | undefined
  constructor(remoteAddress: string | undefined, remotePort: number | undefined) {
    super()
    this.remoteAddress = remoteAddress
    this.remotePort = remotePort
  }
  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.emit("close")
  }
}

let port = 0
const from = (host: string | undefined) => new Caller(host, host === undefined ? undefined : ++port)
const admit = (door: ReturnType<typeof doorman>, caller: Caller) => door.admit(caller as unknown as Socket)

describe("the doorman", () => {
  it("refuses the newest caller of an address that has too many, and lets one in for each that leaves", () => {
    const door = doorman({ connections: 100, perAddress: 2, unfinished: 100 })
    const [first, second, third] = [from("192.0.2.1"), from("::ffff:192.0.2.1"), from("192.0.2.1")]
    expect([admit(door, first), admit(door, second), admit(door, third)]).toEqual([true, true, false])
    expect([first.destroyed, third.destroyed]).toEqual([false, true])
    expect(admit(door, from("192.0.2.2"))).toBe(true)
    second.destroy()
    expect([admit(door, from("192.0.2.1")), admit(door, from("192.0.2.1"))]).toEqual([true, false])
  })

  it("counts an IPv6 subscriber's /64 as one address, however it is written", () => {
    const door = doorman({ connections: 100, perAddress: 1, unfinished: 100 })
    expect(admit(door, from("2001:db8:0:1::1"))).toBe(true)
    expect(admit(door, from("2001:db8:0:1:ffff:ffff:ffff:ffff"))).toBe(false)
    expect(admit(door, from("2001:db8::1:0:0:0:1"))).toBe(false)
    expect(admit(door, from("2001:db8:0:2::1"))).toBe(true)
    expect([admit(door, from("::1")), admit(door, from("::2")), admit(door, from("fe80::1%eth0"))]).toEqual([true, false, true])
  })

  it("bounds handshakes that are not finished, and ends them when nobody listens any more", () => {
    const door = doorman({ connections: 100, perAddress: 100, unfinished: 2 })
    const [first, second] = [from("192.0.2.1"), from("192.0.2.2")]
    expect([admit(door, first), admit(door, second), admit(door, from("192.0.2.3"))]).toEqual([true, true, false])
    door.finished(first)
    expect(admit(door, from("192.0.2.4"))).toBe(true)
    door.turnAway()
    expect([first.destroyed, second.destroyed]).toEqual([false, true])
    expect(door.counts()).toEqual({ inside: 1, shaking: 0 })
  })

  it("never lets in a caller that is gone already", () => {
    expect(admit(doorman(), from(undefined))).toBe(false)
  })

  it("keeps every bound, and forgets whoever is gone, whatever comes in whatever order", () => {
    const bounds = { connections: 6, perAddress: 3, unfinished: 4 }
    const event = fc.oneof(
      fc.record({ type: fc.constant("comes" as const), host: fc.constantFrom("192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2") }),
      fc.record({ type: fc.constantFrom("finishes" as const, "leaves" as const), which: fc.nat() }),
    )
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const door = doorman(bounds)
        const inside: Array<{ readonly caller: Caller; readonly place: string; isShaking: boolean }> = []
        for (const step of events) {
          if (step.type === "comes") {
            const caller = from(step.host)
            const place = step.host.startsWith("2001") ? "2001" : step.host
            const fits =
              inside.length < bounds.connections &&
              inside.filter((one) => one.place === place).length < bounds.perAddress &&
              inside.filter((one) => one.isShaking).length < bounds.unfinished
            expect(admit(door, caller)).toBe(fits)
            if (fits) inside.push({ caller, place, isShaking: true })
          } else if (inside.length > 0) {
            const index = step.which % inside.length
            const one = inside[index]!
            if (step.type === "finishes") {
              one.isShaking = false
              door.finished(one.caller)
            } else {
              inside.splice(index, 1)
              one.caller.destroy()
            }
          }
          expect(door.counts()).toEqual({ inside: inside.length, shaking: inside.filter((one) => one.isShaking).length })
        }
      }),
    )
  })
})
