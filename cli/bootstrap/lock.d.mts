export function takeLock(path: string): number | null
export function releaseLock(path: string): void
export function ownerOf(path: string): number | null
