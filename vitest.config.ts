import { defineConfig } from 'vitest/config'

/** Tests see the sources of Kanta, so that no build is needed and each module exists once. */
const conditions = ['kanta-source', 'node', 'module']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    // They end what hangs; no test is about how long it takes.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          globalSetup: 'packages/kanta/test/engine/setup.ts',
          include: ['packages/*/test/**/*.test.ts', 'bench/test/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
        },
      },
      {
        // Whatever runs a query gives the same when each one is planned afresh.
        extends: true,
        test: {
          name: 'no plan cache',
          globalSetup: 'packages/kanta/test/engine/setup.ts',
          env: { PLAN_CACHE: 'off' },
          include: ['packages/kanta/test/**/*.test.ts'],
          // What is left out asks nothing of the cache, or runs both ways by itself.
          exclude: [
            'packages/kanta/test/{audit,cache,schema-builder,diff,driver,engine,time-travel,introspect,migrate,package,problem,schema,search,server,ttl,types}/**',
            '**/docs.test.ts',
          ],
        },
      },
    ],
  },
})
