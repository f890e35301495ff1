import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const POM = fileURLToPath(new URL('../stack/kafka/pom.xml', import.meta.url))
const HASH_CHARACTERS = 12

/** What is fetched or built once for all clones of this user. */
export function cacheFolder(env) {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'tributary')
}

/** The broker's jars; another list of versions has another folder. */
export function kafkaJarsFolder(env) {
  const hash = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, HASH_CHARACTERS)
  return join(cacheFolder(env), `kafka-${hash}`)
}
