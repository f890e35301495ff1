import { duplicateExternalId } from './duplicate-external-id.ts'
import { fastConversion } from './fast-conversion.ts'
import { invalidClick } from './invalid-click.ts'
import { ipVelocity } from './ip-velocity.ts'
import type { EventSignals, Rule } from './rule.ts'
import type { FraudRule, FraudRuleId } from '../../../catalog/catalog.ts'
import type { Reason } from '../../../schemas/records.generated.ts'

/** Every rule there is; a rule that the catalog knows and this list lacks does not compile. */
export const rules: { [Id in FraudRuleId]: Rule<Id> } = {
  'ip-velocity': ipVelocity,
  'fast-conversion': fastConversion,
  'duplicate-external-id': duplicateExternalId,
  'invalid-click': invalidClick,
}

export const ruleIds = Object.keys(rules) as FraudRuleId[]

/** What a rule says under these settings. */
export function judgeBy(settings: FraudRule, signals: EventSignals): { sees: 'none' | 'known' | 'unknown'; reason: Reason | null } {
  const rule = rules[settings.id] as Rule<FraudRuleId>
  const sees = rule.sees(signals)
  return { sees, reason: sees === 'known' ? rule.judge(signals, settings) : null }
}

/** Weight of a reason in the score; a rule that exists no more weighs nothing. */
export function pointsOf(reason: Reason): number {
  const rule = rules[reason.rule_id as FraudRuleId] as Rule<FraudRuleId> | undefined
  return rule?.points(reason) ?? 0
}
