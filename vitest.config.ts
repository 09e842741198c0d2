/**
 * How `npm test` runs. Nine tenths of a test file's time is importing Effect, so files share one module registry
 * (`isolate: false`); a test that changes a global must put it back.
 */
import { tmpdir } from "node:os"
import { join } from "node:path"
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // What takes long, CI runs besides: `AGENTDNS_LONG_TESTS=yes npx vitest run long.test`.
    exclude: process.env["AGENTDNS_LONG_TESTS"] === undefined ? ["test/**/*.long.test.ts"] : [],
    // Half of what a process of the simulator takes to begin is compiling.
    env: { NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(tmpdir(), "node-compile-cache") },
    isolate: false,
    // By itself vitest leaves a core free; much of what the tests do is waiting.
    maxWorkers: "100%",
    // Whole nodes start in some tests, on machines slower than ours, and others compute for long beside them: no test is about how
    // long it took. One that hangs shall still end the run.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 10_000,
  },
})
