#!/usr/bin/env node
import { enter } from "./cli/door.mjs"

await enter("agentdns", () => import("./main.ts"))
