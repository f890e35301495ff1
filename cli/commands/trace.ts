import { isEventId, SUBJECT_FORMS, subjectFromText } from '../../console/subject.ts'
import { receiptOfEvent } from '../../console/queries/receipt.ts'
import { findTrace } from '../../console/queries/trace.ts'
import { textFromTimeline } from '../../console/timeline-text.ts'
import { timelineFromFacts } from '../../console/timeline.ts'
import type { Command } from '../command.ts'
import { readAddresses, requireAddresses } from '../pipeline/addresses.ts'
import { askAboutClick } from '../pipeline/ask-about-click.ts'
import { openViews } from '../pipeline/connect.ts'
import { refusePolitely } from '../pipeline/refuse.ts'

export const command: Command = {
  name: 'trace',
  summary: 'tell the whole story of a click, a receipt or a player',
  usage: 'trace <click_id | receipt_id | brand_id:player_id>',
  examples: ['trace rc_0123456789abcdef0123456789abcdef', 'trace lucky-harbor:player-17', 'trace lucky-harbor:player-17 --json'],
  options: {},
  async run({ positionals, json, out, err, config }) {
    const [given = '', ...more] = positionals
    const subject = subjectFromText(given)
    if (positionals.length !== 1 || (subject === null && !isEventId(given))) {
      err(`${given === '' ? 'trace wants an id' : more.length > 0 ? 'trace wants one id' : `"${given}" cannot be looked up`}: ${SUBJECT_FORMS}\n`)
      return 2
    }
    return refusePolitely(err, async () => {
      const addresses = await readAddresses(config)
      const { clickhouseUrl } = requireAddresses(addresses, config.dataDir, 'clickhouseUrl')
      const { reader, close } = openViews(config, clickhouseUrl)
      try {
        const found = subject ?? subjectFromText((await receiptOfEvent(reader, given)) ?? '')
        const signed = found?.kind === 'click' ? await askAboutClick(addresses.consoleUrl, config.consoleToken, found.clickId) : null
        const facts = found === null ? null : await findTrace(reader, () => signed, found)
        if (facts === null) {
          err(`nothing is known of ${given}; what was sent in the last seconds may still be on its way (tributary wait)\n`)
          return 1
        }
        const timeline = timelineFromFacts(facts)
        const colour = process.stdout.hasColors?.() === true
        out(json ? `${JSON.stringify({ ...timeline, facts })}\n` : textFromTimeline(timeline, { colour }))
        return 0
      } finally {
        await close()
      }
    })
  },
}
