import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { kafkaJarsFolder } from './cache-folder.mjs'
import { installPackages } from './debian-packages.mjs'
import { programOnPath, ROOT } from './places.mjs'
import { runProgram, showStep } from './run-step.mjs'
import { SetUpError } from './set-up-error.mjs'

const POM = join(ROOT, 'cli', 'stack', 'kafka', 'pom.xml')
const JAVA_MAJOR_MIN = 17

export function areServicesInPlace() {
  return existsSync(kafkaJarsFolder(process.env)) && programOnPath('java') !== null && programOnPath('redis-server') !== null
}

/** What a local broker and a local Redis need. */
export async function installServices(lock) {
  if (programOnPath('java') === null) await installPackages(['openjdk-17-jre-headless'], 'the local Kafka broker', lock)
  requireJava()
  if (programOnPath('redis-server') === null) await installPackages(['redis-server'], 'the local Redis', lock)
  if (programOnPath('redis-server') === null) throw new SetUpError('the package redis-server is installed, but there is no redis-server on the PATH')
  const jars = kafkaJarsFolder(process.env)
  if (existsSync(jars)) return
  if (programOnPath('mvn') === null) await installPackages(['maven'], "fetching the broker's jars", lock)
  await showStep('fetching the Kafka broker', async () => {
    const fresh = `${jars}.part`
    rmSync(fresh, { recursive: true, force: true })
    mkdirSync(fresh, { recursive: true })
    await runProgram('mvn', ['-B', '-q', '-f', POM, 'dependency:copy-dependencies', '-DincludeScope=runtime', `-DoutputDirectory=${fresh}`], { lock })
    renameSync(fresh, jars)
  })
}

function requireJava() {
  const { stderr = '', status } = spawnSync('java', ['-version'], { encoding: 'utf8' })
  const major = Number(/version "(\d+)/.exec(stderr)?.[1])
  if (status === 0 && major >= JAVA_MAJOR_MIN) return
  const found = status === 0 ? `the java on the PATH is of version ${major}` : 'the java on the PATH does not run'
  throw new SetUpError(
    `the local Kafka broker needs Java ${JAVA_MAJOR_MIN} or newer; ${found}. Install it and run the command again:\n\n    sudo apt-get install -y openjdk-${JAVA_MAJOR_MIN}-jre-headless\n`,
  )
}
