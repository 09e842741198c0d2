/** The report, opened in a browser: it draws, plays, takes keys, and asks nobody for anything. */
import { existsSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { type Browser, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { watchForReport } from "../../src/sim/report/write-report.ts"
import { defaultRun, type RunOptions, type Scenario } from "../../src/sim/scenario.ts"
import { convergence } from "../../src/sim/scenarios/convergence.ts"
import { partition } from "../../src/sim/scenarios/partition.ts"
import { simulate } from "../../src/sim/simulate.ts"

const browserFile = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find((file) => existsSync(file))

describe.skipIf(browserFile === undefined)("the report in a browser (skipped where no Chromium is installed)", () => {
  let folder = ""
  let browser: Browser
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "agentdns-report-"))
    browser = await chromium.launch({ executablePath: browserFile!, args: ["--no-sandbox"] })
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const written = (scenario: Scenario, over: Partial<RunOptions>): { readonly file: string; readonly bytes: number } => {
    let write: ReturnType<typeof watchForReport> | undefined
    const result = simulate(scenario, { ...defaultRun, ...over }, (stage) => {
      write = watchForReport(stage)
    })
    const file = join(folder, `${scenario.name}-${over.nodes}.html`)
    return { file, bytes: write!(file, scenario, result, "c0ffee", "npm run sim -- <again> & again") }
  }

  const opened = async (file: string, width = 1_280) => {
    const page = await browser.newPage({ viewport: { width, height: 800 }, colorScheme: width < 600 ? "dark" : "light" })
    const wrong: Array<string> = []
    page.on("pageerror", ({ message }) => wrong.push(message))
    page.on("console", (message) => wrong.push(message.text()))
    page.on("request", (request) => {
      if (request.url() !== pathToFileURL(file).href && !request.url().startsWith("data:")) wrong.push(request.url())
    })
    await page.goto(pathToFileURL(file).href)
    return { page, wrong }
  }

  const moment = async (page: Page) => Number(await page.locator("#scrub").inputValue())
  /** Different colours on a canvas: more than one means that something was drawn. */
  const colors = (page: Page, id: string) =>
    page
      .locator(id)
      .evaluate(
        (canvas: {
          readonly width: number
          readonly height: number
          getContext(kind: string): { getImageData(...box: ReadonlyArray<number>): { readonly data: Uint8ClampedArray } }
        }) => {
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
          return new Set(new Uint32Array(data.buffer)).size
        },
      )

  it("shows a failed run: mesh, bands, plots, lanes, and how it came to it", async () => {
    const { file } = written(convergence, { nodes: 12, records: 20, loss: 0.4, untilMs: 12_000, seed: 9 })
    const { page, wrong } = await opened(file)
    expect(await page.locator("#verdict").textContent()).toMatch(/violation/)
    expect(await page.locator("#replay").textContent()).toBe("npm run sim -- <again> & again")
    expect(await page.locator(".uplot").count()).toBe(4)
    expect(await colors(page, "#mesh")).toBeGreaterThan(10)
    expect(await colors(page, "#lanes")).toBeGreaterThan(3)

    const events = page.locator("#story .events button")
    expect(await events.count()).toBeGreaterThan(5)
    expect(await events.last().textContent()).toContain("P1 convergence is violated")
    await events.last().click()
    expect(await moment(page)).toBe(12_000)
    expect(wrong).toEqual([])
    await page.close()
  })

  it("plays, pauses, scrubs and steps with keys alone, in either colours, and fits a phone", async () => {
    const { file } = written(partition, { nodes: 8, records: 10, untilMs: 100_000, faults: ["halves", "crash"] })
    const { page, wrong } = await opened(file, 390)
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(390)
    expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("dark")
    await page.keyboard.press("t")
    expect(await page.evaluate("document.documentElement.dataset.theme")).toBe("light")
    await page.keyboard.press("Home")
    expect(await moment(page)).toBe(0)
    await page.keyboard.press("f")
    const atFault = await moment(page)
    expect(atFault).toBeGreaterThan(0)
    await page.keyboard.press("ArrowRight")
    expect(await moment(page)).toBeGreaterThan(atFault)
    await page.keyboard.press(" ")
    await expect.poll(() => moment(page), { timeout: 60_000 }).toBeGreaterThan(atFault + 1_500)
    await page.keyboard.press(" ")
    await page.locator("#lanes").focus()
    await page.keyboard.press("ArrowDown")
    expect(await page.locator("#node h2").textContent()).toContain("n0")
    expect(await page.locator("#story").count()).toBe(0)
    expect(wrong).toEqual([])
    await page.close()
  })

  it("stays small with many nodes", () => {
    const { bytes } = written(convergence, { nodes: 60, records: 10, untilMs: 8_000 })
    expect(bytes).toBeLessThan(1_000_000)
  })
})
