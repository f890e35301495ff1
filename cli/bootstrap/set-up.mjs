import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { installKafkaClient, isKafkaClientInPlace } from './kafka-client.mjs'
import { withLock } from './with-lock.mjs'
import { hashOf, installModules, pinnedNode } from './modules.mjs'
import { CACHE, ROOT, STAMP } from './places.mjs'
import { areServicesInPlace, installServices } from './services.mjs'

/**
 * Makes ready what a command needs, and returns the Node that runs it. Says nothing and takes no lock when all is ready.
 * Every step makes its result under another name and moves it when it is whole, so that a set-up can be cut off anywhere.
 */
export async function setUp({ needsServices }) {
  if (!isReady(needsServices)) {
    const say = (whose) => (pid) => process.stderr.write(`waiting for process ${pid}, which sets up ${whose} at this moment\n`)
    await withLock(join(ROOT, '.cache', 'set-up.lock'), say('this clone'), async (lock) => {
      if (!isStampFresh()) await installModules(lock)
      const node = pinnedNode()
      // The cache belongs to every clone, so its makers take turns.
      await withLock(join(CACHE, 'set-up.lock'), say('another clone'), async (cacheLock) => {
        const both = { working: (group) => [lock, cacheLock].forEach((each) => each.working(group)) }
        await installKafkaClient(node, both)
        if (needsServices) await installServices(both)
      })
      writeStamp()
    })
  }
  return pinnedNode()
}

function isReady(needsServices) {
  return isStampFresh() && isKafkaClientInPlace() && (!needsServices || areServicesInPlace())
}

function isStampFresh() {
  return existsSync(STAMP) && JSON.parse(readFileSync(STAMP, 'utf8')).lockFile === lockFileHash()
}

function writeStamp() {
  writeFileSync(`${STAMP}.${process.pid}`, JSON.stringify({ lockFile: lockFileHash() }))
  renameSync(`${STAMP}.${process.pid}`, STAMP)
}

function lockFileHash() {
  return hashOf(join(ROOT, 'package-lock.json'))
}
