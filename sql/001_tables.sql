-- Base tables: private, written by the warehouse sink alone. Every table is Replacing by the identity of its rows, so
-- that a record which reached the log twice, or a block which was written twice, is one row for whoever reads FINAL.
-- Two rules decide which copy stays: "first in the log" (version = bitNot(kafka_offset), larger for earlier records) and
-- "newest decision" (version = position of the input that caused it). All copies of a row fall into one partition, since
-- each partition key is a function of what makes the row itself.

CREATE TABLE IF NOT EXISTS ${base}.clicks
(
  click_id           String COMMENT 'Signed click id; sorts by time' CODEC(ZSTD(1)),
  link_id            LowCardinality(String) COMMENT 'Catalog id of the link',
  affiliate_id       LowCardinality(String) COMMENT 'Catalog id of the affiliate who owns the link',
  offer_id           LowCardinality(String) COMMENT 'Catalog id of the offer',
  brand_id           LowCardinality(String) COMMENT 'Catalog id of the brand',
  occurred_at        DateTime64(3, 'UTC') COMMENT 'When the person clicked' CODEC(Delta, ZSTD(1)),
  received_at        DateTime64(3, 'UTC') COMMENT 'When ingest took it' CODEC(Delta, ZSTD(1)),
  source             LowCardinality(String) COMMENT 'redirect or api',
  external_click_id  Nullable(String) COMMENT 'Id the sender of an API click gave it' CODEC(ZSTD(1)),
  affiliate_click_id Nullable(String) COMMENT 'Id the affiliate gave it' CODEC(ZSTD(1)),
  sub_ids            Map(LowCardinality(String), String) COMMENT 'Further parameters of the link by name' CODEC(ZSTD(1)),
  ip_hash            String COMMENT 'Keyed hash of the address, hex' CODEC(ZSTD(1)),
  ip_prefix          String COMMENT 'Network of the address: /24 or /48' CODEC(ZSTD(1)),
  ip_class           LowCardinality(String) COMMENT 'residential, mobile, business, education, hosting or unknown',
  asn                Nullable(UInt32) COMMENT 'Autonomous system number' CODEC(ZSTD(1)),
  country            LowCardinality(Nullable(String)) COMMENT 'ISO 3166-1 alpha-2',
  device_hash        String COMMENT 'Hash of the device traits, hex' CODEC(ZSTD(1)),
  browser            LowCardinality(Nullable(String)) COMMENT 'Browser family',
  os                 LowCardinality(Nullable(String)) COMMENT 'Operating system family',
  referrer_host      LowCardinality(Nullable(String)) COMMENT 'Host of the referring page',
  is_bot             Bool COMMENT 'The user agent names itself a bot',
  is_test            Bool COMMENT 'Test traffic',
  catalog_version    LowCardinality(String) COMMENT 'Version of the catalog that was used',
  kafka_partition    UInt16 COMMENT 'Partition of clicks',
  kafka_offset       UInt64 COMMENT 'Offset in that partition' CODEC(Delta, ZSTD(1)),
  version            UInt64 MATERIALIZED bitNot(kafka_offset) COMMENT 'The first in the log stays' CODEC(Delta, ZSTD(1)),
  INDEX ix_occurred_at occurred_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(occurred_at)
ORDER BY click_id
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Clicks, one row per click_id';

CREATE TABLE IF NOT EXISTS ${base}.events
(
  event_id          String COMMENT 'Hash of identity and content' CODEC(ZSTD(1)),
  receipt_id        String COMMENT 'Hash of identity and content, as answered' CODEC(ZSTD(1)),
  brand_id          LowCardinality(String) COMMENT 'Catalog id of the brand',
  player_id         String COMMENT 'Opaque id of the player' CODEC(ZSTD(1)),
  integration_id    LowCardinality(String) COMMENT 'Catalog id of the integration that sent it',
  event_type        LowCardinality(String) COMMENT 'What happened',
  external_event_id String COMMENT 'Id the sender gave it' CODEC(ZSTD(1)),
  occurred_at       DateTime64(3, 'UTC') COMMENT 'When it happened' CODEC(Delta, ZSTD(1)),
  received_at       DateTime64(3, 'UTC') COMMENT 'When ingest took it' CODEC(Delta, ZSTD(1)),
  click_id          Nullable(String) COMMENT 'Click id sent as evidence' CODEC(ZSTD(1)),
  promo_code        Nullable(String) COMMENT 'Promo code sent as evidence' CODEC(ZSTD(1)),
  amount            Nullable(Decimal(38, 8)) COMMENT 'Money in units of currency' CODEC(ZSTD(1)),
  currency          LowCardinality(Nullable(String)) COMMENT 'ISO 4217 code of amount',
  lots              Nullable(Decimal(38, 8)) COMMENT 'Closed standard lots' CODEC(ZSTD(1)),
  instrument        LowCardinality(Nullable(String)) COMMENT 'Traded instrument',
  account_type      LowCardinality(Nullable(String)) COMMENT 'Type of the trading account',
  account_id        Nullable(String) COMMENT 'Trading account within the player' CODEC(ZSTD(1)),
  period            LowCardinality(Nullable(String)) COMMENT 'Reported day, YYYY-MM-DD',
  revision          Nullable(Int32) COMMENT 'Revision of the reported period' CODEC(ZSTD(1)),
  refers_to         Nullable(String) COMMENT 'external_event_id of the original' CODEC(ZSTD(1)),
  status            LowCardinality(Nullable(String)) COMMENT 'Word of the operator about the original',
  attributes        Map(LowCardinality(String), String) COMMENT 'Declared attributes by name' CODEC(ZSTD(1)),
  content_hash      String COMMENT 'Hash of the content, hex' CODEC(ZSTD(1)),
  is_test           Bool COMMENT 'Test traffic',
  catalog_version   LowCardinality(String) COMMENT 'Version of the catalog that was used',
  kafka_partition   UInt16 COMMENT 'Partition of player-events',
  kafka_offset      UInt64 COMMENT 'Offset in that partition' CODEC(Delta, ZSTD(1)),
  log_time          DateTime64(3, 'UTC') COMMENT 'When the broker appended it' CODEC(Delta, ZSTD(1)),
  version           UInt64 MATERIALIZED bitNot(kafka_offset) COMMENT 'The first in the log stays' CODEC(Delta, ZSTD(1)),
  INDEX ix_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_receipt_id receipt_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_external_event_id external_event_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_click_id click_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_received_at received_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (brand_id, player_id, event_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Player events without ticks, one row per event_id: the first record in the log';

CREATE TABLE IF NOT EXISTS ${base}.event_records
(
  kafka_partition UInt16 COMMENT 'Partition of player-events',
  kafka_offset    UInt64 COMMENT 'Offset in that partition' CODEC(Delta, ZSTD(1)),
  receipt_id      String COMMENT 'Receipt of the record' CODEC(ZSTD(1)),
  integration_id  LowCardinality(String) COMMENT 'Catalog id of the integration that sent it',
  received_at     DateTime64(3, 'UTC') COMMENT 'When ingest took it' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(received_at)
ORDER BY (kafka_partition, kafka_offset)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Every accepted record of player-events, repeated ones included, without ticks';

-- Sees each inserted block before anything is replaced in events.
CREATE MATERIALIZED VIEW IF NOT EXISTS ${base}.event_records_mv TO ${base}.event_records AS
SELECT kafka_partition, kafka_offset, receipt_id, integration_id, received_at FROM ${base}.events;

CREATE TABLE IF NOT EXISTS ${base}.dispositions
(
  disposition_id   String COMMENT 'Id of this decision' CODEC(ZSTD(1)),
  receipt_id       String COMMENT 'Receipt it is about' CODEC(ZSTD(1)),
  event_id         String COMMENT 'Event of the receipt' CODEC(ZSTD(1)),
  disposition      LowCardinality(String) COMMENT 'What became of it',
  reason           LowCardinality(Nullable(String)) COMMENT 'Why, where there is a why',
  at               DateTime64(3, 'UTC') COMMENT 'Log time of the decision' CODEC(Delta, ZSTD(1)),
  source_partition Int32 COMMENT 'Partition of the input that caused it',
  source_offset    Int64 COMMENT 'Offset of the input that caused it' CODEC(Delta, ZSTD(1)),
  `index`          Int32 COMMENT 'Position among the outputs of that input',
  version          UInt64 COMMENT 'source_offset * 2^20 + index: the newest decision stays' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY receipt_id
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Current disposition, one row per receipt_id';

CREATE TABLE IF NOT EXISTS ${base}.bindings
(
  binding_id    String COMMENT 'Id of this decision' CODEC(ZSTD(1)),
  brand_id      LowCardinality(String) COMMENT 'Catalog id of the brand',
  player_id     String COMMENT 'Opaque id of the player' CODEC(ZSTD(1)),
  affiliate_id  LowCardinality(Nullable(String)) COMMENT 'Catalog id of the affiliate; null when nobody is bound',
  offer_id      LowCardinality(Nullable(String)) COMMENT 'Catalog id of the offer',
  link_id       LowCardinality(Nullable(String)) COMMENT 'Catalog id of the link',
  click_id      Nullable(String) COMMENT 'Click id that bound' CODEC(ZSTD(1)),
  clicked_at    Nullable(DateTime64(3, 'UTC')) COMMENT 'Time inside the click id' CODEC(ZSTD(1)),
  bound_at      DateTime64(3, 'UTC') COMMENT 'occurred_at of the event that binds' CODEC(Delta, ZSTD(1)),
  evidence      LowCardinality(String) COMMENT 'promo_code, click_id or none',
  reason        LowCardinality(String) COMMENT 'bound, or why nobody is',
  candidates    Array(String) COMMENT 'Everything that was considered, in order of evidence' CODEC(ZSTD(1)),
  event_id      String COMMENT 'Event that binds' CODEC(ZSTD(1)),
  source_offset Int64 COMMENT 'Offset in player-events of the input that caused it' CODEC(Delta, ZSTD(1)),
  `index`       Int32 COMMENT 'Position among the outputs of that input',
  version       UInt64 COMMENT 'source_offset * 2^20 + index: the newest decision stays' CODEC(Delta, ZSTD(1)),
  INDEX ix_click_id click_id TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (brand_id, player_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Current binding, one row per player';

CREATE TABLE IF NOT EXISTS ${base}.verdict_revisions
(
  verdict_id      String COMMENT 'Id of the verdict' CODEC(ZSTD(1)),
  subject_type    LowCardinality(String) COMMENT 'click or event',
  subject_id      String COMMENT 'click_id or event_id' CODEC(ZSTD(1)),
  affiliate_id    LowCardinality(Nullable(String)) COMMENT 'Catalog id of the affiliate',
  brand_id        LowCardinality(Nullable(String)) COMMENT 'Catalog id of the brand',
  player_id       Nullable(String) COMMENT 'Opaque id of the player' CODEC(ZSTD(1)),
  event_time      DateTime64(3, 'UTC') COMMENT 'occurred_at of the subject' CODEC(Delta, ZSTD(1)),
  decision        LowCardinality(String) COMMENT 'allow, review, hold or reject',
  score           Int32 COMMENT 'Suspicion, 0 to 100 points',
  revision        Int32 COMMENT 'Number of this verdict about its subject, from 1',
  settled         Bool COMMENT 'Enough log time has passed',
  completeness    Float64 COMMENT 'Share of the windows that was known, 0 to 1',
  scored_at       DateTime64(3, 'UTC') COMMENT 'Log time of the decision' CODEC(Delta, ZSTD(1)),
  rule_ids        Array(LowCardinality(String)) COMMENT 'Rules that fired, shadow ones too',
  rule_versions   Array(Int32) COMMENT 'Version of each rule',
  observed        Array(Nullable(Float64)) COMMENT 'Measured value of each, in the unit of its threshold',
  thresholds      Array(Nullable(Float64)) COMMENT 'Bound that was passed',
  windows_ms      Array(Nullable(Int64)) COMMENT 'Length of the window, ms',
  ns              Array(Nullable(Int64)) COMMENT 'Number of observations',
  shadows         Array(Bool) COMMENT 'Recorded only',
  texts           Array(String) COMMENT 'One sentence for people' CODEC(ZSTD(1)),
  catalog_version LowCardinality(String) COMMENT 'Version of the catalog that was used',
  kafka_partition UInt16 COMMENT 'Partition of the topic it came by',
  kafka_offset    UInt64 COMMENT 'Offset in that partition' CODEC(Delta, ZSTD(1)),
  version         UInt64 MATERIALIZED bitNot(kafka_offset) COMMENT 'The first in the log stays' CODEC(Delta, ZSTD(1)),
  INDEX ix_verdict_id verdict_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_player_id player_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_scored_at scored_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (subject_type, subject_id, revision)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Verdicts, one row per subject and revision';

CREATE TABLE IF NOT EXISTS ${base}.verdicts
(
  verdict_id      String COMMENT 'Id of the verdict' CODEC(ZSTD(1)),
  subject_type    LowCardinality(String) COMMENT 'click or event',
  subject_id      String COMMENT 'click_id or event_id' CODEC(ZSTD(1)),
  affiliate_id    LowCardinality(Nullable(String)) COMMENT 'Catalog id of the affiliate',
  brand_id        LowCardinality(Nullable(String)) COMMENT 'Catalog id of the brand',
  player_id       Nullable(String) COMMENT 'Opaque id of the player' CODEC(ZSTD(1)),
  event_time      DateTime64(3, 'UTC') COMMENT 'occurred_at of the subject' CODEC(Delta, ZSTD(1)),
  decision        LowCardinality(String) COMMENT 'allow, review, hold or reject',
  score           Int32 COMMENT 'Suspicion, 0 to 100 points',
  revision        Int32 COMMENT 'Number of this verdict about its subject, from 1',
  settled         Bool COMMENT 'Enough log time has passed',
  completeness    Float64 COMMENT 'Share of the windows that was known, 0 to 1',
  scored_at       DateTime64(3, 'UTC') COMMENT 'Log time of the decision' CODEC(Delta, ZSTD(1)),
  rule_ids        Array(LowCardinality(String)) COMMENT 'Rules that fired, shadow ones too',
  rule_versions   Array(Int32) COMMENT 'Version of each rule',
  observed        Array(Nullable(Float64)) COMMENT 'Measured value of each, in the unit of its threshold',
  thresholds      Array(Nullable(Float64)) COMMENT 'Bound that was passed',
  windows_ms      Array(Nullable(Int64)) COMMENT 'Length of the window, ms',
  ns              Array(Nullable(Int64)) COMMENT 'Number of observations',
  shadows         Array(Bool) COMMENT 'Recorded only',
  texts           Array(String) COMMENT 'One sentence for people' CODEC(ZSTD(1)),
  catalog_version LowCardinality(String) COMMENT 'Version of the catalog that was used',
  version         UInt64 COMMENT 'revision * 2^44 + (2^44 - 1 - offset): the highest revision stays, of it the first in the log',
  INDEX ix_verdict_id verdict_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_player_id player_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_scored_at scored_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (subject_type, subject_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Current verdict, one row per subject: its highest revision';

CREATE MATERIALIZED VIEW IF NOT EXISTS ${base}.verdicts_mv TO ${base}.verdicts AS
SELECT
  verdict_id, subject_type, subject_id, affiliate_id, brand_id, player_id, event_time, decision, score, revision, settled, completeness,
  scored_at, rule_ids, rule_versions, observed, thresholds, windows_ms, ns, shadows, texts, catalog_version,
  bitShiftLeft(toUInt64(revision), 44) + (17592186044415 - kafka_offset) AS version
FROM ${base}.verdict_revisions;

CREATE TABLE IF NOT EXISTS ${base}.ledger
(
  entry_id        String COMMENT 'Id of this entry' CODEC(ZSTD(1)),
  transaction_id  String COMMENT 'Id of the movement it is a side of' CODEC(ZSTD(1)),
  event_id        String COMMENT 'Event whose target moved' CODEC(ZSTD(1)),
  receipt_id      String COMMENT 'Receipt of that event' CODEC(ZSTD(1)),
  brand_id        LowCardinality(String) COMMENT 'Catalog id of the brand',
  player_id       String COMMENT 'Opaque id of the player' CODEC(ZSTD(1)),
  affiliate_id    LowCardinality(String) COMMENT 'Catalog id of the affiliate',
  deal_id         LowCardinality(String) COMMENT 'Catalog id of the deal',
  deal_version    Int32 COMMENT 'Version of the deal',
  component_id    LowCardinality(String) COMMENT 'Component of the deal',
  entry_type      LowCardinality(String) COMMENT 'accrual, hold, release, approval or reversal',
  account         LowCardinality(String) COMMENT 'expense, pending, held or approved',
  amount          Decimal(38, 8) COMMENT 'Signed money in units of currency; owed to the affiliate is positive' CODEC(ZSTD(1)),
  currency        LowCardinality(String) COMMENT 'ISO 4217 code of amount',
  occurred_at     DateTime64(3, 'UTC') COMMENT 'occurred_at of the event' CODEC(Delta, ZSTD(1)),
  booked_at       DateTime64(3, 'UTC') COMMENT 'Log time of the booking' CODEC(Delta, ZSTD(1)),
  formula         String COMMENT 'How the target was computed' CODEC(ZSTD(1)),
  corrects        Nullable(String) COMMENT 'entry_id of the entry it takes back' CODEC(ZSTD(1)),
  catalog_version LowCardinality(String) COMMENT 'Version of the catalog that was used',
  source_offset   Int64 COMMENT 'Offset in scored-events of the input that caused it' CODEC(Delta, ZSTD(1)),
  `index`         Int32 COMMENT 'Position among the outputs of that input',
  kafka_partition UInt16 COMMENT 'Partition of ledger',
  kafka_offset    UInt64 COMMENT 'Offset in that partition' CODEC(Delta, ZSTD(1)),
  version         UInt64 MATERIALIZED bitNot(kafka_offset) COMMENT 'The first in the log stays' CODEC(Delta, ZSTD(1)),
  INDEX ix_entry_id entry_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_receipt_id receipt_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_event_id event_id TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX ix_booked_at booked_at TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(version)
ORDER BY (brand_id, player_id, entry_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Double-entry ledger, one row per entry_id';

CREATE TABLE IF NOT EXISTS ${base}.dead_letters
(
  dead_letter_id String COMMENT 'step~topic~partition~offset' CODEC(ZSTD(1)),
  receipt_id     Nullable(String) COMMENT 'Receipt of the record, where it could be read' CODEC(ZSTD(1)),
  step           LowCardinality(String) COMMENT 'Who refused the record',
  reason         LowCardinality(String) COMMENT 'Why',
  topic          LowCardinality(String) COMMENT 'Topic of the record',
  partition      Int32 COMMENT 'Partition of the record',
  offset         Int64 COMMENT 'Offset of the record' CODEC(ZSTD(1)),
  at             DateTime64(3, 'UTC') COMMENT 'When it was refused' CODEC(ZSTD(1)),
  kafka_offset   UInt64 COMMENT 'Offset in dead-letters' CODEC(Delta, ZSTD(1)),
  version        UInt64 MATERIALIZED bitNot(kafka_offset) COMMENT 'The first in the log stays' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(version)
ORDER BY dead_letter_id
TTL toDateTime(at) + INTERVAL 30 DAY
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'Records that a step could not use, one row per step and record; the bytes stay in the topic';

CREATE TABLE IF NOT EXISTS ${base}.edge_outcomes
(
  outcome_id     String COMMENT 'Id of this count' CODEC(ZSTD(1)),
  minute         DateTime64(3, 'UTC') COMMENT 'Start of the minute' CODEC(Delta, ZSTD(1)),
  integration_id LowCardinality(String) COMMENT 'Catalog id of the integration; empty when there is none',
  outcome        LowCardinality(String) COMMENT 'rejected, unavailable or limited',
  reason         LowCardinality(String) COMMENT 'Code of the answer',
  quantity       Int64 COMMENT 'Number of requests or items' CODEC(ZSTD(1)),
  at             DateTime64(3, 'UTC') COMMENT 'When it was counted' CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree
ORDER BY (minute, integration_id, outcome, reason, outcome_id)
SETTINGS non_replicated_deduplication_window = 10000
COMMENT 'What the edge did not accept, one row per outcome_id';
