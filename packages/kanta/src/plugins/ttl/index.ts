export { type Expires, type ExpiringTable, type Swept, type TtlOptions, ttl } from './plugin.ts'
export { createTtlTriggers, dropTtlTriggers } from './trigger.ts'
