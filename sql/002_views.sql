-- The public views: what outsiders read. Every view is right while copies of a row still wait to be merged: it reads
-- FINAL. Times are UTC, money is in units of its currency. Types and comments are part of what is promised.

CREATE VIEW IF NOT EXISTS ${views}.clicks
(
  click_id           String COMMENT 'Signed click id; sorts by time',
  link_id            LowCardinality(String) COMMENT 'Catalog id of the link',
  affiliate_id       LowCardinality(String) COMMENT 'Catalog id of the affiliate who owns the link',
  offer_id           LowCardinality(String) COMMENT 'Catalog id of the offer',
  brand_id           LowCardinality(String) COMMENT 'Catalog id of the brand',
  occurred_at        DateTime64(3, 'UTC') COMMENT 'When the person clicked',
  received_at        DateTime64(3, 'UTC') COMMENT 'When ingest took it',
  source             LowCardinality(String) COMMENT 'redirect or api',
  external_click_id  Nullable(String) COMMENT 'Id the sender of an API click gave it',
  affiliate_click_id Nullable(String) COMMENT 'Id the affiliate gave it',
  sub_ids            Map(LowCardinality(String), String) COMMENT 'Further parameters of the link by name',
  ip_hash            String COMMENT 'Keyed hash of the address, hex',
  ip_prefix          String COMMENT 'Network of the address: /24 or /48',
  ip_class           LowCardinality(String) COMMENT 'residential, mobile, business, education, hosting or unknown',
  asn                Nullable(UInt32) COMMENT 'Autonomous system number',
  country            LowCardinality(Nullable(String)) COMMENT 'ISO 3166-1 alpha-2',
  device_hash        String COMMENT 'Hash of the device traits, hex',
  browser            LowCardinality(Nullable(String)) COMMENT 'Browser family',
  os                 LowCardinality(Nullable(String)) COMMENT 'Operating system family',
  referrer_host      LowCardinality(Nullable(String)) COMMENT 'Host of the referring page',
  is_bot             Bool COMMENT 'The user agent names itself a bot',
  is_test            Bool COMMENT 'Test traffic',
  catalog_version    LowCardinality(String) COMMENT 'Version of the catalog that was used'
)
AS SELECT
  click_id, link_id, affiliate_id, offer_id, brand_id, occurred_at, received_at, source, external_click_id, affiliate_click_id,
  sub_ids, ip_hash, ip_prefix, ip_class, asn, country, device_hash, browser, os, referrer_host, is_bot, is_test, catalog_version
FROM ${base}.clicks FINAL
COMMENT 'Clicks, one row per click_id';

CREATE VIEW IF NOT EXISTS ${views}.events
(
  event_id          String COMMENT 'Hash of identity and content',
  receipt_id        String COMMENT 'Hash of identity and content, as answered',
  brand_id          LowCardinality(String) COMMENT 'Catalog id of the brand',
  player_id         String COMMENT 'Opaque id of the player',
  integration_id    LowCardinality(String) COMMENT 'Catalog id of the integration that sent it',
  event_type        LowCardinality(String) COMMENT 'What happened',
  external_event_id String COMMENT 'Id the sender gave it',
  occurred_at       DateTime64(3, 'UTC') COMMENT 'When it happened',
  received_at       DateTime64(3, 'UTC') COMMENT 'When ingest took it',
  click_id          Nullable(String) COMMENT 'Click id sent as evidence',
  promo_code        Nullable(String) COMMENT 'Promo code sent as evidence',
  amount            Nullable(Decimal(38, 8)) COMMENT 'Money in units of currency',
  currency          LowCardinality(Nullable(String)) COMMENT 'ISO 4217 code of amount',
  lots              Nullable(Decimal(38, 8)) COMMENT 'Closed standard lots',
  instrument        LowCardinality(Nullable(String)) COMMENT 'Traded instrument',
  account_type      LowCardinality(Nullable(String)) COMMENT 'Type of the trading account',
  account_id        Nullable(String) COMMENT 'Trading account within the player',
  period            LowCardinality(Nullable(String)) COMMENT 'Reported day, YYYY-MM-DD',
  revision          Nullable(Int32) COMMENT 'Revision of the reported period',
  refers_to         Nullable(String) COMMENT 'external_event_id of the original',
  status            LowCardinality(Nullable(String)) COMMENT 'Word of the operator about the original',
  attributes        Map(LowCardinality(String), String) COMMENT 'Declared attributes by name',
  content_hash      String COMMENT 'Hash of the content, hex',
  is_test           Bool COMMENT 'Test traffic',
  catalog_version   LowCardinality(String) COMMENT 'Version of the catalog that was used',
  disposition       LowCardinality(String) COMMENT 'What became of it; accepted until it is decided',
  reason            LowCardinality(Nullable(String)) COMMENT 'Why, where there is a why',
  kafka_partition   UInt16 COMMENT 'Partition of player-events',
  kafka_offset      UInt64 COMMENT 'Offset in that partition',
  log_time          DateTime64(3, 'UTC') COMMENT 'When the broker appended it'
)
AS SELECT
  e.event_id AS event_id, e.receipt_id AS receipt_id, e.brand_id AS brand_id, e.player_id AS player_id,
  e.integration_id AS integration_id, e.event_type AS event_type, e.external_event_id AS external_event_id,
  e.occurred_at AS occurred_at, e.received_at AS received_at, e.click_id AS click_id, e.promo_code AS promo_code,
  e.amount AS amount, e.currency AS currency, e.lots AS lots, e.instrument AS instrument, e.account_type AS account_type,
  e.account_id AS account_id, e.period AS period, e.revision AS revision, e.refers_to AS refers_to, e.status AS status,
  e.attributes AS attributes, e.content_hash AS content_hash, e.is_test AS is_test, e.catalog_version AS catalog_version,
  if(d.receipt_id = '', 'accepted', d.disposition) AS disposition, d.reason AS reason,
  e.kafka_partition AS kafka_partition, e.kafka_offset AS kafka_offset, e.log_time AS log_time
FROM (SELECT * FROM ${base}.events FINAL) AS e
LEFT JOIN (SELECT receipt_id, disposition, reason FROM ${base}.dispositions FINAL) AS d ON e.receipt_id = d.receipt_id
COMMENT 'Player events without ticks, one row per event_id, with the disposition of their receipt';

CREATE VIEW IF NOT EXISTS ${views}.bindings
(
  binding_id    String COMMENT 'Id of this decision',
  brand_id      LowCardinality(String) COMMENT 'Catalog id of the brand',
  player_id     String COMMENT 'Opaque id of the player',
  affiliate_id  LowCardinality(Nullable(String)) COMMENT 'Catalog id of the affiliate; null when nobody is bound',
  offer_id      LowCardinality(Nullable(String)) COMMENT 'Catalog id of the offer',
  link_id       LowCardinality(Nullable(String)) COMMENT 'Catalog id of the link',
  click_id      Nullable(String) COMMENT 'Click id that bound',
  clicked_at    Nullable(DateTime64(3, 'UTC')) COMMENT 'Time inside the click id',
  bound_at      DateTime64(3, 'UTC') COMMENT 'occurred_at of the event that binds',
  evidence      LowCardinality(String) COMMENT 'promo_code, click_id or none',
  reason        LowCardinality(String) COMMENT 'bound, or why nobody is',
  candidates    Array(String) COMMENT 'Everything that was considered, in order of evidence',
  event_id      String COMMENT 'Event that binds',
  source_offset Int64 COMMENT 'Offset in player-events of the input that caused it',
  `index`       Int32 COMMENT 'Position among the outputs of that input'
)
AS SELECT
  binding_id, brand_id, player_id, affiliate_id, offer_id, link_id, click_id, clicked_at, bound_at, evidence, reason, candidates,
  event_id, source_offset, `index`
FROM ${base}.bindings FINAL
COMMENT 'Current binding, one row per player; nobody is bound where evidence is none';

CREATE VIEW IF NOT EXISTS ${views}.verdicts
(
  verdict_id      String COMMENT 'Id of the verdict',
  subject_type    LowCardinality(String) COMMENT 'click or event',
  subject_id      String COMMENT 'click_id or event_id',
  affiliate_id    LowCardinality(Nullable(String)) COMMENT 'Catalog id of the affiliate',
  brand_id        LowCardinality(Nullable(String)) COMMENT 'Catalog id of the brand',
  player_id       Nullable(String) COMMENT 'Opaque id of the player',
  event_time      DateTime64(3, 'UTC') COMMENT 'occurred_at of the subject',
  decision        LowCardinality(String) COMMENT 'allow, review, hold or reject',
  score           Int32 COMMENT 'Suspicion, 0 to 100 points',
  revision        Int32 COMMENT 'Number of this verdict about its subject, from 1',
  settled         Bool COMMENT 'Enough log time has passed',
  completeness    Float64 COMMENT 'Share of the windows that was known, 0 to 1',
  scored_at       DateTime64(3, 'UTC') COMMENT 'Log time of the decision',
  reasons         Array(String) COMMENT 'rule_id of the live rules that fired',
  catalog_version LowCardinality(String) COMMENT 'Version of the catalog that was used'
)
AS SELECT
  verdict_id, subject_type, subject_id, affiliate_id, brand_id, player_id, event_time, decision, score, revision, settled,
  completeness, scored_at,
  arrayMap(x -> toString(x.1), arrayFilter(x -> NOT x.2, arrayZip(rule_ids, shadows))) AS reasons, catalog_version
FROM ${base}.verdicts FINAL
COMMENT 'Current verdict, one row per subject: its latest revision';

CREATE VIEW IF NOT EXISTS ${views}.verdict_history
(
  verdict_id      String COMMENT 'Id of the verdict',
  subject_type    LowCardinality(String) COMMENT 'click or event',
  subject_id      String COMMENT 'click_id or event_id',
  affiliate_id    LowCardinality(Nullable(String)) COMMENT 'Catalog id of the affiliate',
  brand_id        LowCardinality(Nullable(String)) COMMENT 'Catalog id of the brand',
  player_id       Nullable(String) COMMENT 'Opaque id of the player',
  event_time      DateTime64(3, 'UTC') COMMENT 'occurred_at of the subject',
  decision        LowCardinality(String) COMMENT 'allow, review, hold or reject',
  score           Int32 COMMENT 'Suspicion, 0 to 100 points',
  revision        Int32 COMMENT 'Number of this verdict about its subject, from 1',
  settled         Bool COMMENT 'Enough log time has passed',
  completeness    Float64 COMMENT 'Share of the windows that was known, 0 to 1',
  scored_at       DateTime64(3, 'UTC') COMMENT 'Log time of the decision',
  reasons         Array(String) COMMENT 'rule_id of the live rules that fired',
  catalog_version LowCardinality(String) COMMENT 'Version of the catalog that was used'
)
AS SELECT
  verdict_id, subject_type, subject_id, affiliate_id, brand_id, player_id, event_time, decision, score, revision, settled,
  completeness, scored_at,
  arrayMap(x -> toString(x.1), arrayFilter(x -> NOT x.2, arrayZip(rule_ids, shadows))) AS reasons, catalog_version
FROM ${base}.verdict_revisions FINAL
COMMENT 'Every revision of every verdict';

CREATE VIEW IF NOT EXISTS ${views}.verdict_reasons
(
  verdict_id   String COMMENT 'Id of the verdict',
  subject_id   String COMMENT 'click_id or event_id',
  revision     Int32 COMMENT 'Revision of the current verdict',
  rule_id      LowCardinality(String) COMMENT 'Catalog id of the rule',
  rule_version Int32 COMMENT 'Version of the rule',
  observed     Nullable(Float64) COMMENT 'Measured value, in the unit of threshold',
  threshold    Nullable(Float64) COMMENT 'Bound that was passed',
  window_ms    Nullable(Int64) COMMENT 'Length of the window, ms',
  n            Nullable(Int64) COMMENT 'Number of observations',
  shadow       Bool COMMENT 'Recorded only; takes no part in score and decision',
  text         String COMMENT 'One sentence for people'
)
AS SELECT
  v.verdict_id AS verdict_id, v.subject_id AS subject_id, v.revision AS revision, rule_id, rule_version, observed_value AS observed, threshold, window_ms, n,
  shadow, text
FROM (SELECT * FROM ${base}.verdicts FINAL) AS v
ARRAY JOIN
  v.rule_ids AS rule_id, v.rule_versions AS rule_version, v.observed AS observed_value, v.thresholds AS threshold, v.windows_ms AS window_ms, v.ns AS n,
  v.shadows AS shadow, v.texts AS text
COMMENT 'Reasons of the current verdicts, shadow rules too';

CREATE VIEW IF NOT EXISTS ${views}.ledger
(
  entry_id        String COMMENT 'Id of this entry',
  transaction_id  String COMMENT 'Id of the movement it is a side of',
  event_id        String COMMENT 'Event whose target moved',
  receipt_id      String COMMENT 'Receipt of that event',
  brand_id        LowCardinality(String) COMMENT 'Catalog id of the brand',
  player_id       String COMMENT 'Opaque id of the player',
  affiliate_id    LowCardinality(String) COMMENT 'Catalog id of the affiliate',
  deal_id         LowCardinality(String) COMMENT 'Catalog id of the deal',
  deal_version    Int32 COMMENT 'Version of the deal',
  component_id    LowCardinality(String) COMMENT 'Component of the deal',
  entry_type      LowCardinality(String) COMMENT 'accrual, hold, release, approval or reversal',
  account         LowCardinality(String) COMMENT 'expense, pending, held or approved',
  amount          Decimal(38, 8) COMMENT 'Signed money in units of currency; owed to the affiliate is positive',
  currency        LowCardinality(String) COMMENT 'ISO 4217 code of amount',
  occurred_at     DateTime64(3, 'UTC') COMMENT 'occurred_at of the event',
  booked_at       DateTime64(3, 'UTC') COMMENT 'Log time of the booking',
  formula         String COMMENT 'How the target was computed',
  corrects        Nullable(String) COMMENT 'entry_id of the entry it takes back',
  catalog_version LowCardinality(String) COMMENT 'Version of the catalog that was used',
  source_offset   Int64 COMMENT 'Offset in scored-events of the input that caused it',
  `index`         Int32 COMMENT 'Position among the outputs of that input'
)
AS SELECT
  entry_id, transaction_id, event_id, receipt_id, brand_id, player_id, affiliate_id, deal_id, deal_version, component_id,
  entry_type, account, amount, currency, occurred_at, booked_at, formula, corrects, catalog_version, source_offset, `index`
FROM ${base}.ledger FINAL
COMMENT 'Double-entry ledger, one row per entry_id; amounts of a transaction sum to 0 per currency';

CREATE VIEW IF NOT EXISTS ${views}.commissions
(
  brand_id     LowCardinality(String) COMMENT 'Catalog id of the brand',
  player_id    String COMMENT 'Opaque id of the player',
  affiliate_id LowCardinality(String) COMMENT 'Catalog id of the affiliate',
  deal_id      LowCardinality(String) COMMENT 'Catalog id of the deal',
  component_id LowCardinality(String) COMMENT 'Component of the deal',
  currency     LowCardinality(String) COMMENT 'ISO 4217 code of amount',
  accrued      Decimal(38, 8) COMMENT 'pending + held + approved',
  pending      Decimal(38, 8) COMMENT 'Waits for its verdict',
  held         Decimal(38, 8) COMMENT 'Stopped by a verdict or the operator',
  approved     Decimal(38, 8) COMMENT 'Free to be paid'
)
AS SELECT
  brand_id, player_id, affiliate_id, deal_id, component_id, currency,
  sumIf(amount, account IN ('pending', 'held', 'approved')) AS accrued, sumIf(amount, account = 'pending') AS pending, sumIf(amount, account = 'held') AS held,
  sumIf(amount, account = 'approved') AS approved
FROM ${base}.ledger FINAL
GROUP BY brand_id, player_id, affiliate_id, deal_id, component_id, currency
COMMENT 'Net commission per player, affiliate, deal and component, in units of currency, positive when owed to the affiliate';

CREATE VIEW IF NOT EXISTS ${views}.balances
(
  affiliate_id LowCardinality(String) COMMENT 'Catalog id of the affiliate',
  currency     LowCardinality(String) COMMENT 'ISO 4217 code of amount',
  pending      Decimal(38, 8) COMMENT 'Waits for its verdict',
  held         Decimal(38, 8) COMMENT 'Stopped by a verdict or the operator',
  approved     Decimal(38, 8) COMMENT 'Free to be paid'
)
AS SELECT
  affiliate_id, currency, sumIf(amount, account = 'pending') AS pending, sumIf(amount, account = 'held') AS held,
  sumIf(amount, account = 'approved') AS approved
FROM ${base}.ledger FINAL
GROUP BY affiliate_id, currency
COMMENT 'What is owed to each affiliate, in units of currency';

CREATE VIEW IF NOT EXISTS ${views}.receipts
(
  receipt_id        String COMMENT 'Hash of identity and content, as answered',
  event_id          String COMMENT 'Hash of identity and content',
  integration_id    LowCardinality(String) COMMENT 'Catalog id of the integration that sent it',
  event_type        LowCardinality(String) COMMENT 'What happened',
  external_event_id String COMMENT 'Id the sender gave it',
  received_at       DateTime64(3, 'UTC') COMMENT 'When ingest took it',
  disposition       LowCardinality(String) COMMENT 'What became of it; accepted until it is decided',
  reason            LowCardinality(Nullable(String)) COMMENT 'Why, where there is a why',
  `final`           Bool COMMENT 'The disposition changes only by a late fact'
)
AS SELECT
  e.receipt_id AS receipt_id, e.event_id AS event_id, e.integration_id AS integration_id, e.event_type AS event_type,
  e.external_event_id AS external_event_id, e.received_at AS received_at,
  if(d.receipt_id = '', 'accepted', d.disposition) AS disposition, d.reason AS reason,
  d.disposition IN ('applied', 'unattributed', 'conflict', 'filtered', 'dead_lettered') AS `final`
FROM (SELECT receipt_id, event_id, integration_id, event_type, external_event_id, received_at FROM ${base}.events FINAL) AS e
LEFT JOIN (SELECT receipt_id, disposition, reason FROM ${base}.dispositions FINAL) AS d ON e.receipt_id = d.receipt_id
COMMENT 'Receipts, one row per receipt_id';

CREATE VIEW IF NOT EXISTS ${views}.dead_letters
(
  dead_letter_id String COMMENT 'step~topic~partition~offset',
  receipt_id     Nullable(String) COMMENT 'Receipt of the record, where it could be read',
  step           LowCardinality(String) COMMENT 'Who refused the record',
  reason         LowCardinality(String) COMMENT 'Why',
  topic          LowCardinality(String) COMMENT 'Topic of the record',
  partition      Int32 COMMENT 'Partition of the record',
  offset         Int64 COMMENT 'Offset of the record',
  at             DateTime64(3, 'UTC') COMMENT 'When it was refused'
)
AS SELECT
  dead_letter_id, receipt_id, step, reason, topic, partition, offset, at
FROM ${base}.dead_letters FINAL
COMMENT 'Records that a step could not use, one row per step and record';

-- accepted counts records, repeated ones included; the dispositions count receipts; duplicate counts the records beyond the
-- first of a receipt (+1 for each record, -1 for each receipt). So the log's outcomes sum to accepted. A receipt that has no
-- disposition yet is undecided here, not accepted, or it would be counted on both sides.
CREATE VIEW IF NOT EXISTS ${views}.outcomes
(
  minute         DateTime64(3, 'UTC') COMMENT 'Start of the minute; for what was accepted, of received_at',
  integration_id LowCardinality(String) COMMENT 'Catalog id of the integration',
  outcome        LowCardinality(String) COMMENT 'Edge: accepted, rejected, unavailable, limited. Log: the dispositions, duplicate, and undecided while a receipt has none',
  reason         LowCardinality(Nullable(String)) COMMENT 'Why, where there is a why',
  quantity       Int64 COMMENT 'Number of records, or of requests that were refused'
)
AS SELECT toDateTime64(toStartOfMinute(received_at), 3, 'UTC') AS minute, integration_id, 'accepted' AS outcome, NULL AS reason, toInt64(count()) AS quantity
FROM ${base}.event_records FINAL
GROUP BY minute, integration_id
UNION ALL
SELECT minute, integration_id, 'duplicate' AS outcome, NULL AS reason, sum(sign) AS quantity
FROM
(
  SELECT toDateTime64(toStartOfMinute(received_at), 3, 'UTC') AS minute, integration_id, toInt64(1) AS sign FROM ${base}.event_records FINAL
  UNION ALL
  SELECT toDateTime64(toStartOfMinute(received_at), 3, 'UTC') AS minute, integration_id, toInt64(-1) AS sign FROM ${base}.events FINAL
)
GROUP BY minute, integration_id
HAVING quantity > 0
UNION ALL
SELECT toDateTime64(toStartOfMinute(e.received_at), 3, 'UTC') AS minute, e.integration_id AS integration_id,
  if(d.disposition IN ('', 'accepted'), 'undecided', d.disposition) AS outcome, d.reason AS reason, toInt64(count()) AS quantity
FROM (SELECT receipt_id, received_at, integration_id FROM ${base}.events FINAL) AS e
LEFT JOIN (SELECT receipt_id, disposition, reason FROM ${base}.dispositions FINAL) AS d ON e.receipt_id = d.receipt_id
GROUP BY minute, integration_id, outcome, reason
UNION ALL
SELECT minute, integration_id, outcome, reason, sum(quantity) AS quantity
FROM ${base}.edge_outcomes FINAL
GROUP BY minute, integration_id, outcome, reason
COMMENT 'What became of everything that arrived, per minute and integration';

CREATE VIEW IF NOT EXISTS ${views}.traffic_minutes
(
  minute       DateTime64(3, 'UTC') COMMENT 'Start of the minute of occurred_at',
  affiliate_id LowCardinality(String) COMMENT 'Catalog id of the affiliate who owns the link',
  offer_id     LowCardinality(String) COMMENT 'Catalog id of the offer',
  country      LowCardinality(Nullable(String)) COMMENT 'ISO 3166-1 alpha-2',
  clicks       UInt64 COMMENT 'Clicks, bots included',
  bots         UInt64 COMMENT 'Clicks whose user agent names itself a bot'
)
AS SELECT toDateTime64(toStartOfMinute(occurred_at), 3, 'UTC') AS minute, affiliate_id, offer_id, country, count() AS clicks, countIf(is_bot) AS bots
FROM ${base}.clicks FINAL
GROUP BY minute, affiliate_id, offer_id, country
COMMENT 'Clicks per minute, affiliate, offer and country';
