/** Times as documents carry them: one spelling a second. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { readTime, secondsOf, writeTime } from "../../src/protocol/time.ts"

const [first, last] = [-62_167_219_200, 253_402_300_799] // 0000-01-01T00:00:00Z … 9999-12-31T23:59:59Z

describe("times", () => {
  it("come back as they were", () => {
    fc.assert(
      fc.property(fc.oneof(fc.integer({ min: first, max: last }), fc.integer({ min: 0, max: 4_000_000_000 })), (at) => {
        expect(readTime(writeTime(at))).toBe(at)
      }),
      { numRuns: 1_000 },
    )
    for (const at of [first, -1, 0, 1, last]) expect(readTime(writeTime(at))).toBe(at)
  })

  it("have one spelling: whatever is read is written the same", () => {
    const nearly = fc.stringMatching(/^[0-2]\d{3}-[01]\d-[0-3]\d[T ][0-2]\d:[0-6]\d:[0-6]\dZ?$/)
    fc.assert(
      fc.property(nearly, (text) => {
        const at = readTime(text)
        if (at !== undefined) expect(writeTime(at)).toBe(text)
      }),
      { numRuns: 2_000 },
    )
  })

  it.each([
    "2026-02-29T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-04-10T24:00:00Z",
    "2026-04-10T12:60:00Z",
    "2026-04-10T12:34:60Z",
    "2026-04-10T12:34:56",
    "2026-04-10T12:34:56z",
    "2026-04-10t12:34:56Z",
    "2026-04-10 12:34:56Z",
    "2026-04-10T12:34:56.0Z",
    "2026-04-10T12:34:56+00:00",
    "2026-04-10T12:34:56Z\n",
    " 2026-04-10T12:34:56Z",
    "+002026-04-10T12:34:56Z",
    "2026-4-10T12:34:56Z",
    "",
    "0",
  ])("refused: %j", (text) => {
    expect(readTime(text)).toBeUndefined()
  })

  it("takes leap days of leap years", () => {
    expect(readTime("2024-02-29T00:00:00Z")).toBe(1_709_164_800)
    expect(secondsOf(1_999)).toBe(1)
  })
})
