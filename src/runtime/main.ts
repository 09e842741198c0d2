/** `agentdns COMMAND [FLAGS]` */
import { agentdns } from "./cli/commands.ts"
import { runProgram } from "./cli/program.ts"

await runProgram(agentdns)
