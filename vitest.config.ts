import { defineConfig } from 'vitest/config'
import { createCountReporter } from './test/support/reporter.ts'

const MINUTE_MS = 60_000
const INTEGRATION_FILES_AT_ONCE = 2

export default defineConfig({
  test: {
    pool: 'forks',
    retry: 0,
    allowOnly: false,
    passWithNoTests: false,
    reporters: ['default', createCountReporter()],
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['{schemas,runtime,catalog,ingest,console,processors,dashboards,sql,cli,bench}/**/*.test.ts', 'test/*.test.ts'],
          testTimeout: 30_000,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['./test/support/global-setup.ts'],
          testTimeout: 5 * MINUTE_MS,
          hookTimeout: 5 * MINUTE_MS,
          maxWorkers: INTEGRATION_FILES_AT_ONCE,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 5 * MINUTE_MS,
          hookTimeout: 5 * MINUTE_MS,
          // Each file runs a whole deployment.
          maxWorkers: 1,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          include: ['test/chaos/**/*.test.ts'],
          globalSetup: ['./test/support/global-setup.ts'],
          testTimeout: 30 * MINUTE_MS,
          hookTimeout: 5 * MINUTE_MS,
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
})
