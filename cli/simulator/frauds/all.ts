import type { FraudKind } from '../message.ts'
import type { Fraud } from '../stage.ts'
import { botFarm } from './bot-farm.ts'
import { chargebackRing } from './chargeback-ring.ts'
import { clickFlood } from './click-flood.ts'
import { conflictingRepeat } from './conflicting-repeat.ts'
import { forgedClick } from './forged-click.ts'
import { scriptedRegistration } from './scripted-registration.ts'
import { sharedExternalId } from './shared-external-id.ts'

/** Every fraud that is planted. None of them knows a limit of a detector. */
export const frauds: Readonly<Record<FraudKind, Fraud>> = {
  click_flood: clickFlood,
  forged_click: forgedClick,
  scripted_registration: scriptedRegistration,
  shared_external_id: sharedExternalId,
  conflicting_repeat: conflictingRepeat,
  chargeback_ring: chargebackRing,
  bot_farm: botFarm,
}
