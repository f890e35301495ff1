export type Lock = { working(pid: number | null): void }
export function withLock<T>(path: string, onWait: (owner: number) => void, work: (lock: Lock) => Promise<T>): Promise<T>
