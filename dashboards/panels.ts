import type { Panel } from './panel.ts'
import { affiliates } from './panels/affiliates.ts'
import { conversions } from './panels/conversions.ts'
import { freshness } from './panels/freshness.ts'
import { funnel } from './panels/funnel.ts'
import { headline } from './panels/headline.ts'
import { money } from './panels/money.ts'
import { outcomes } from './panels/outcomes.ts'
import { reasons } from './panels/reasons.ts'
import { recentVerdicts } from './panels/recent-verdicts.ts'
import { traffic } from './panels/traffic.ts'
import { verdicts } from './panels/verdicts.ts'

/** All panels, in the order of the page. A new panel is a file in `panels/` and a line here. */
export const panels: readonly Panel[] = [headline, traffic, funnel, verdicts, reasons, recentVerdicts, conversions, money, affiliates, freshness, outcomes]

export function panelById(id: string): Panel | null {
  return panels.find((panel) => panel.id === id) ?? null
}
