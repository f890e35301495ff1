import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { ConsoleApp } from '../app.ts'

const here = dirname(createRequire(import.meta.url).resolve('../page/index.html'))
const uplot = dirname(createRequire(import.meta.url).resolve('uplot'))

/** Every file that a browser may have, by path; nothing else of the disk can be asked for. */
const files: readonly { path: string; file: string; type: string }[] = [
  { path: '/', file: join(here, 'index.html'), type: 'text/html; charset=utf-8' },
  { path: '/page/page.css', file: join(here, 'page.css'), type: 'text/css; charset=utf-8' },
  ...['main', 'access', 'stream', 'format', 'panels', 'charts', 'tables', 'drawer', 'dom'].map((name) => ({
    path: `/page/${name}.js`,
    file: join(here, `${name}.js`),
    type: 'text/javascript; charset=utf-8',
  })),
  { path: '/page/icon.svg', file: join(here, 'icon.svg'), type: 'image/svg+xml' },
  { path: '/page/uplot.js', file: join(uplot, 'uPlot.esm.js'), type: 'text/javascript; charset=utf-8' },
  { path: '/page/uplot.css', file: join(uplot, 'uPlot.min.css'), type: 'text/css; charset=utf-8' },
]

/** Scripts and styles of this origin only; no frame, no form target, no other host. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export async function pageRoutes(app: ConsoleApp): Promise<void> {
  const contents = await Promise.all(files.map(async ({ path, file, type }) => ({ path, type, body: await readFile(file) })))
  for (const { path, type, body } of contents) {
    app.get(path, { schema: { hide: true } as object }, async (_request, reply) =>
      reply.headers({ 'content-security-policy': POLICY, 'cache-control': 'no-cache', 'content-type': type }).send(body),
    )
  }
}
