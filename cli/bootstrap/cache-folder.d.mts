export function cacheFolder(env: Record<string, string | undefined>): string
export function kafkaJarsFolder(env: Record<string, string | undefined>): string
