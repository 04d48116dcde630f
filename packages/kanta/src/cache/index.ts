export {
  type CacheAdded,
  type CacheControl,
  type CachedOptions,
  type CacheOptions,
  cache,
  type Invalidation,
} from './cache.ts'
export { type MemoryStoreOptions, memoryStore } from './memory.ts'
export type { CacheStats } from './reads.ts'
export { type RedisClient, type RedisStoreOptions, redisStore } from './redis.ts'
export type { CacheEntry, CacheLook, CacheStore } from './store.ts'
