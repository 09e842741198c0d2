#!/usr/bin/env node
// The door in front of main.ts, in words that every Node understands: an older one would stop at the first type it reads.
import module from "node:module"

const needed = 24
if (Number(process.versions.node.split(".")[0]) < needed) {
  process.stderr.write(
    `agentdns: Node ${needed} or newer is needed and this is ${process.versions.node}; ` +
      "on Linux and Windows `npm install` brings it along for `npm start` and `npx agentdns`, on macOS get it from https://nodejs.org\n",
  )
  process.exitCode = 69
} else {
  // What was compiled once need not be compiled at the next start.
  module.enableCompileCache()
  await import("./main.ts")
}
