import type { Connection, Driver } from '../../src/driver/index.ts'

/** A driver of which a function is told each statement before it is sent, and may wait. */
export function watched(driver: Driver, before: (sql: string) => unknown): Driver {
  const watch = (connection: Connection): Connection =>
    new Proxy(connection, {
      get(target, key) {
        const value = Reflect.get(target, key, target) as unknown
        if (typeof value !== 'function') return value
        if (!['all', 'first', 'run', 'execute', 'script'].includes(String(key))) return value.bind(target)
        return (...given: [string, ...unknown[]]) => {
          const go = () => (value as (...all: unknown[]) => unknown).apply(target, given)
          const waiting = before(given[0])
          return waiting instanceof Promise ? waiting.then(go) : go()
        }
      },
    })
  return new Proxy(driver, {
    get(target, key) {
      const value = Reflect.get(target, key, target) as unknown
      if (key === 'connect')
        return (role: 'read' | 'write') => {
          const made = target.connect(role)
          return made instanceof Promise ? made.then(watch) : watch(made)
        }
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
