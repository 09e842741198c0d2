/** `zynd COMMAND [FLAGS]` */
import { zynd } from "./cli/commands.ts"
import { runProgram } from "./cli/program.ts"

await runProgram(zynd)
