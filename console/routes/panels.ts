import { panels } from '../../dashboards/panels.ts'
import type { ConsoleApp, ConsoleParts } from '../app.ts'

export function panelsRoute(app: ConsoleApp, { exampleClickUrl }: ConsoleParts): void {
  app.get(
    '/v1/panels',
    {
      schema: {
        summary: 'The panels of the live page',
        description: 'Each with the question it answers, its SQL over the public views, its columns with units, and its thresholds.',
      },
    },
    async () => ({
      example_click_url: exampleClickUrl,
      panels: panels.map(({ refreshMs, ...panel }) => ({ ...panel, sql: panel.sql.trim(), refresh_ms: refreshMs })),
    }),
  )
}
