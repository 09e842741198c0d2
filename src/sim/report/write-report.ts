/** `--report FILE.html`: watches one run, and writes what it saw. */
import { writeFileSync } from "node:fs"
import type { Scenario } from "../scenario.ts"
import type { RunResult } from "../simulate.ts"
import type { Stage } from "../stage.ts"
import { Collector, type ReportData } from "./collect.ts"
import { pageOf } from "./page.ts"

const scripts = ["theme.js", "run.js", "moment.js", "mesh.js", "panels.js", "story.js", "main.js"]

export const reportPage = (data: ReportData): string => pageOf(`${data.scenario} · seed ${data.options.seed}`, "run.html", scripts, data)

/** To be called before anything happens; what comes back writes the file, and says how many bytes it has. */
export const watchForReport = (stage: Stage) => {
  const collector = new Collector(stage)
  return (file: string, scenario: Scenario, result: RunResult, commit: string, replay: string): number => {
    const page = reportPage(collector.data(scenario, result, commit, replay))
    writeFileSync(file, page)
    return Buffer.byteLength(page)
  }
}
