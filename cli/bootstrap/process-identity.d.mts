export function processIdentity(pid: number): string | null
export function parentOf(pid: number): number | null
export function isShell(pid: number): boolean
