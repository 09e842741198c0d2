/** `agentdns doctor`: looks at all that a node needs, and says what to do. It changes nothing. */
import { Effect } from "effect"
import type { Command } from "./command.ts"
import type { Finding } from "./doctor/finding.ts"
import { type Ending, exitCode } from "./exit.ts"
import { settingsHelp } from "./settings-help.ts"

export const command: Command = {
  usage: "[FLAGS]",
  help: () => `Looks at the settings, the key, ports, the database, the clock, DNS, the public URL and the first peers, for a node with these
flags, variables and file; beside a running node, too. Each line that is not ok says what to do. It changes nothing.

${settingsHelp()}`,
  run: async (argv, env) => {
    const [{ runToEnd }, { examine }, { settingsFor }, { thisWorld }] = await Promise.all([
      import("./run.ts"),
      import("./doctor/examination.ts"),
      import("./settings.ts"),
      import("./doctor/world.ts"),
    ])
    return runToEnd(
      Effect.gen(function* () {
        const { notes, settings, warnings } = yield* settingsFor({ argv, env })
        const findings: Array<Finding> = [...warnings, ...notes].map((says) => ({ about: "settings", grade: "note", says }))
        if (findings.length === 0) findings.push({ about: "settings", grade: "ok", says: "are as they should be" })
        findings.forEach(print)
        yield* examine(settings, thisWorld, (finding) => {
          findings.push(finding)
          print(finding)
        })
        const isBroken = findings.filter(({ grade }) => grade === "broken").length
        if (isBroken === 0) return
        return yield* Effect.fail<Ending>({
          code: exitCode.refused,
          sentence: `${isBroken} ${isBroken === 1 ? "thing is" : "things are"} broken`,
        })
      }),
    )
  },
}

const print = ({ about, advice, grade, says }: Finding): void => {
  process.stdout.write(`  ${grade.padEnd(6)}  ${about}: ${says}${advice === undefined ? "" : `\n            ${advice}`}\n`)
}
