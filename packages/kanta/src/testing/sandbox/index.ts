export { type Sandbox, type SandboxOptions, sandbox } from './sandbox.ts'
