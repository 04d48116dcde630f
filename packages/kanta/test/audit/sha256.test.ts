import { expect, test } from 'vitest'
import { sha256 } from '../../src/audit/sha256.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test('SHA-256 of the examples of the standard', () => {
  expect(sha256(bytes(''))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855')
  expect(sha256(bytes('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  expect(sha256(bytes('a'.repeat(1_000_000)))).toBe('cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0')
})

test('SHA-256 of every length about the edges of blocks, as the platform has it', async () => {
  for (let length = 0; length <= 260; length++) {
    const data = Uint8Array.from({ length }, (_, i) => (i * 151 + length * 7) & 255)
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data))
    expect(sha256(data)).toBe(Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''))
  }
})
