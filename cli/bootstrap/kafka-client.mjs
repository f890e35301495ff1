import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { installPackages } from './debian-packages.mjs'
import { CACHE, MODULES, programOnPath } from './places.mjs'
import { runProgram, showStep } from './run-step.mjs'
import { SetUpError } from './set-up-error.mjs'

const PACKAGE = join(MODULES, '@confluentinc', 'kafka-javascript')
const BINARY = join('Release', 'confluent-kafka-javascript.node')
const DOWNLOAD_MS = 20_000
const BUILD_PACKAGES = ['g++', 'make', 'python3', 'libcurl4-openssl-dev', 'libsasl2-dev', 'libssl-dev', 'zlib1g-dev', 'libzstd-dev', 'liblz4-dev']

export function isKafkaClientInPlace() {
  return existsSync(join(PACKAGE, 'build', BINARY))
}

/** Puts the native half of the Kafka client in its place: from the cache, by its own download, or built here. */
export async function installKafkaClient(node, lock) {
  if (isKafkaClientInPlace() && loads(node)) return
  const cached = join(CACHE, 'kafka-client', cacheKey(node))
  if (existsSync(cached)) {
    putInPlace(cached)
    if (loads(node)) return
    // Such as a system library that is gone since: make it again.
    rmSync(cached, { recursive: true, force: true })
  }
  // Beside the package, so that it finds the same packages; under another name, so that half a build is never taken for a whole one.
  const workshop = join(MODULES, '.tributary-kafka-client')
  rmSync(workshop, { recursive: true, force: true })
  cpSync(PACKAGE, workshop, { recursive: true, filter: (source) => source !== join(PACKAGE, 'build') })
  const made = (await download(workshop, node, lock)) || (await build(workshop, node, lock))
  if (!made) throw new SetUpError('the Kafka client could neither be downloaded nor built')
  store(join(workshop, 'build'), cached)
  putInPlace(cached)
  if (!loads(node)) throw new SetUpError(`the Kafka client was made, but does not load: ${loadError(node)}`)
  rmSync(workshop, { recursive: true, force: true })
}

async function download(workshop, node, lock) {
  const fetchBinary = async () => {
    try {
      await runProgram(node, [join(MODULES, '@mapbox', 'node-pre-gyp', 'bin', 'node-pre-gyp'), 'install'], { cwd: workshop, timeoutMs: DOWNLOAD_MS, lock })
      return existsSync(join(workshop, 'build', BINARY))
    } catch {
      // Not reachable, or none for this system: then it is built.
      rmSync(join(workshop, 'build'), { recursive: true, force: true })
      return false
    }
  }
  return await showStep('fetching the native Kafka client', fetchBinary, (found) => (found ? 'done' : 'none that can be reached,'))
}

async function build(workshop, node, lock) {
  // Elsewhere the compiler says what it misses.
  if (programOnPath('apt-get') !== null) await installPackages(BUILD_PACKAGES, 'building the Kafka client', lock)
  const env = {
    CKJS_LINKING: 'dynamic',
    // librdkafka builds in parallel by itself; around it the steps do not say what they wait for.
    JOBS: '1',
    npm_config_build_from_source: 'true',
    // The headers of the Node that will load it, whatever the machine's own setting says.
    npm_config_nodedir: dirname(dirname(node)),
  }
  await showStep('building the native Kafka client, once for this machine (about two minutes)', () =>
    runProgram('npm', ['run', 'install'], { cwd: workshop, env, lock }),
  )
  return existsSync(join(workshop, 'build', BINARY))
}

/** Keeps what is needed at run time: the binary, and librdkafka where it is a library of its own. */
function store(built, cached) {
  const fresh = `${cached}.part`
  rmSync(fresh, { recursive: true, force: true })
  mkdirSync(fresh, { recursive: true })
  const isNeeded = (source) => !/obj\.target|\.deps|\.a$|\/(include|pkgconfig|librdkafka)$/.test(source.slice(built.length))
  for (const folder of ['Release', 'deps']) {
    if (existsSync(join(built, folder))) cpSync(join(built, folder), join(fresh, folder), { recursive: true, verbatimSymlinks: true, filter: isNeeded })
  }
  rmSync(cached, { recursive: true, force: true })
  renameSync(fresh, cached)
}

function putInPlace(cached) {
  const fresh = join(PACKAGE, 'build.part')
  rmSync(fresh, { recursive: true, force: true })
  cpSync(cached, fresh, { recursive: true, verbatimSymlinks: true })
  rmSync(join(PACKAGE, 'build'), { recursive: true, force: true })
  renameSync(fresh, join(PACKAGE, 'build'))
}

function cacheKey(node) {
  const { version } = JSON.parse(readFileSync(join(PACKAGE, 'package.json'), 'utf8'))
  const { stdout } = spawnSync(
    node,
    ['-p', '`${process.versions.modules}-${process.platform}-${process.arch}-${process.report.getReport().header.glibcVersionRuntime ?? "other"}`'],
    { encoding: 'utf8' },
  )
  return `${version}-${stdout.trim()}`
}

function loads(node) {
  return loadError(node) === null
}

function loadError(node) {
  const { status, stderr } = spawnSync(node, ['-e', `require(${JSON.stringify(PACKAGE)})`], { encoding: 'utf8' })
  return status === 0 ? null : (stderr ?? '')
}
