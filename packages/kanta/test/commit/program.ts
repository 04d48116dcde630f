// A program that moves money between databases, and is killed at a given call to a driver. It prints how many calls it
// made, or `committed` before it ends.
import { commit } from '../../src/commit/index.ts'
import type { Connection, Driver } from '../../src/driver/index.ts'
import { kanta } from '../../src/index.ts'
import { type Address, account, driverAt, move } from './account.ts'

interface Task {
  readonly addresses: readonly Address[]
  /** The call at which it ends; 0 for none. */
  readonly at: number
  /** The moment of its end: as soon as the call is sent, or once it is answered. */
  readonly when: 'sent' | 'answered'
  readonly how: 'SIGKILL' | 'SIGSTOP'
}

const { addresses, at, when, how } = JSON.parse(process.argv[2]!) as Task
let calls = 0

const end = (): void => void process.kill(process.pid, how)

/** A connection that ends the process at its call. */
function counted(connection: Connection): Connection {
  return new Proxy(connection, {
    get(target, key) {
      const value = Reflect.get(target, key, target) as unknown
      if (typeof value !== 'function') return value
      if (!['all', 'first', 'run', 'execute', 'script'].includes(String(key))) return value.bind(target)
      return (...given: unknown[]) => {
        const isLast = ++calls === at
        const answer = (value as (...all: unknown[]) => unknown).apply(target, given)
        if (!isLast) return answer
        if (when === 'sent' || !(answer instanceof Promise)) {
          end()
          return answer
        }
        return answer.then((result: unknown) => {
          end()
          return result
        })
      }
    },
  })
}

const countedDriver = (driver: Driver): Driver =>
  new Proxy(driver, {
    get(target, key) {
      const value = Reflect.get(target, key, target) as unknown
      if (key === 'connect')
        return (role: 'read' | 'write') => {
          const connection = target.connect(role)
          return connection instanceof Promise ? connection.then(counted) : counted(connection)
        }
      return typeof value === 'function' ? value.bind(target) : value
    },
  })

const names = addresses.map((_, i) => String.fromCharCode(97 + i))
const layers = Object.fromEntries(
  addresses.map((address, i) => [names[i]!, kanta({ driver: countedDriver(driverAt(address)), schema: { account } })]),
)
const bank = commit({ home: 'a', layers, lease: 60_000 })
await bank.transaction(move('a', names.slice(1), 10) as never)
console.log('committed', calls)
await bank.close()
for (const db of Object.values(layers)) await db.destroy()
