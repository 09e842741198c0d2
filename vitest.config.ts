/**
 * How `npm test` runs. Nine tenths of a test file's time is importing Effect, so files share one module registry
 * (`isolate: false`); a test that changes a global must put it back.
 */
import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
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
