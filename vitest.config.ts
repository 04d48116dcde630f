import { defineConfig } from 'vitest/config'

/** Tests see the sources of Kanta, so that no build is needed and each module exists once. */
const conditions = ['kanta-source', 'node', 'import', 'module', 'default']

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'bench/test/**/*.test.ts', 'examples/*/test/**/*.test.ts'],
  },
})
