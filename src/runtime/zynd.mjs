#!/usr/bin/env node
import { enter } from "./cli/door.mjs"

await enter("zynd", () => import("./zynd.ts"))
