import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
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
    // One more than there are cores, since some wait for servers that do not answer.
    maxWorkers: availableParallelism() + 1,
    // Programs that tests start need not read the sources anew.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compiled', import.meta.url)) },
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
        // Plans are made afresh for each run in these tests, which run the same shapes with other values, tables and
        // policies: what a plan keeps must change no answer. Each plugin is in the tests of escapes.
        extends: true,
        test: {
          name: 'no plan cache',
          globalSetup: 'packages/kanta/test/engine/setup.ts',
          env: { PLAN_CACHE: 'off' },
          include: [
            'packages/kanta/test/{cases,shape,strict}.test.ts',
            'packages/kanta/test/{executor,run,values}/**/*.test.ts',
            'packages/kanta/test/escape/{escape,forms}.test.ts',
            'packages/kanta/test/props/{differential,found,writes}.test.ts',
            'packages/kanta/test/rls/{columns,enforce,holes,props}.test.ts',
          ],
          // These ask servers for their settings and types, or how values are read: plans make no difference to that.
          exclude: [
            'packages/kanta/test/run/fault.test.ts',
            'packages/kanta/test/values/{compiled,documents,postgres-bulk,settings}.test.ts',
          ],
        },
      },
    ],
  },
})
