import kafka from '@confluentinc/kafka-javascript'

/** One record to write. `partition` null places it by `murmur2_random` of its key, as Java clients do. */
export type OutputRecord = {
  topic: string
  partition: number | null
  key: string | Buffer | null
  value: Buffer
  headers?: Record<string, string>
}

/**
 * Writes by group commit: records that arrive while a batch is in flight collect, go out together, and are answered
 * together when every one of them is acknowledged by all in-sync replicas.
 */
export type Producer = {
  /** Resolves when all records are in the log; rejects with ProduceError when any of its batch may not be. */
  append(records: OutputRecord[]): Promise<void>
  /** Records that wait or are in flight. */
  depth(): number
  /** Waits for what is in flight, then disconnects; what is still queued after the deadline is rejected. */
  close(): Promise<void>
}

/** Records of a failed batch may or may not be in the log; whoever wrote them keeps them, and readers deduplicate. */
export class ProduceError extends Error {
  readonly code: 'unavailable' | 'refused' | 'closed'
  constructor(code: ProduceError['code'], message: string, options?: { cause: unknown }) {
    super(message, options)
    this.name = 'ProduceError'
    this.code = code
  }
}

export type ProducerOptions = {
  brokers: string
  clientId: string
  /** 1 keeps the order between appends; 2 hide each other's round trip. */
  lanes: number
  /** How long a record may wait for its acknowledgement before its batch fails. */
  deliveryTimeoutMs?: number
  onError?: (error: Error) => void
  /** Further settings of the client: security. */
  client?: Record<string, unknown>
}

type Waiter = { records: OutputRecord[]; resolve: () => void; reject: (error: ProduceError) => void }
type RawProducer = InstanceType<typeof kafka.Producer>

const BATCH_RECORDS_MAX = 5_000
const MESSAGE_BYTES_MAX = 9 * 1024 * 1024
const CLIENT_QUEUE_RECORDS_MAX = 20_000
/** Short, since the attempt holds a thread, and a process cannot end before its threads do. */
const CONNECT_TIMEOUT_MS = 3_000
const CONNECT_RETRY_MS = 500
const DISCONNECT_TIMEOUT_MS = 3_000
const POLL_INTERVAL_MS = 50
/** Longer than any record can live in the client, so that a flush ends with every record either acknowledged or failed. */
const FLUSH_SLACK_MS = 5_000

/** Connects in the background: appends wait for it and fail by the delivery timeout when no broker is there. */
export function createProducer(options: ProducerOptions): Producer {
  const deliveryTimeoutMs = options.deliveryTimeoutMs ?? 10_000
  const queue: Waiter[] = []
  const lanes = Array.from({ length: options.lanes }, () => createLane(options, deliveryTimeoutMs))
  let closed = false
  let waiting = 0

  function pump() {
    for (const lane of lanes) {
      if (queue.length === 0) return
      if (!lane.busy()) void lane.write(takeBatch(queue)).then(settled)
    }
  }

  function settled(count: number) {
    waiting -= count
    pump()
  }

  return {
    append(records) {
      if (closed) return Promise.reject(new ProduceError('closed', 'the producer is closed'))
      if (records.length === 0) return Promise.resolve()
      waiting += records.length
      return new Promise<void>((resolve, reject) => {
        queue.push({ records, resolve, reject })
        pump()
      })
    },
    depth: () => waiting,
    async close() {
      closed = true
      const deadlineMs = Date.now() + deliveryTimeoutMs
      while (waiting > 0 && Date.now() < deadlineMs) await new Promise((resolve) => setTimeout(resolve, 10))
      for (const waiter of queue.splice(0)) waiter.reject(new ProduceError('closed', 'the producer was closed before the record went out'))
      await Promise.all(lanes.map((lane) => lane.close()))
    },
  }
}

function takeBatch(queue: Waiter[]): Waiter[] {
  let records = 0
  let waiters = 0
  while (waiters < queue.length && (waiters === 0 || records + (queue[waiters]?.records.length ?? 0) <= BATCH_RECORDS_MAX)) {
    records += queue[waiters]?.records.length ?? 0
    waiters += 1
  }
  return queue.splice(0, waiters)
}

/** One client of librdkafka with one batch in flight at most. */
function createLane(options: ProducerOptions, deliveryTimeoutMs: number) {
  const client = new kafka.Producer(
    {
      'metadata.broker.list': options.brokers,
      'client.id': options.clientId,
      'enable.idempotence': true,
      'compression.type': 'lz4',
      // A flush sends at once; until then the records of a batch shall collect, not trickle.
      'linger.ms': 5,
      'queue.buffering.max.messages': CLIENT_QUEUE_RECORDS_MAX,
      // Above what any topic takes: the topic's own limit decides, not the client.
      'message.max.bytes': MESSAGE_BYTES_MAX,
      'socket.keepalive.enable': true,
      'reconnect.backoff.max.ms': 1_000,
      // Only failures cost a report: that a flush ends without one is the acknowledgement.
      'delivery.report.only.error': true,
      dr_cb: true,
      ...options.client,
    } as kafka.ProducerGlobalConfig,
    { acks: -1, partitioner: 'murmur2_random', 'message.timeout.ms': deliveryTimeoutMs } as kafka.ProducerTopicConfig,
  )
  let closed = false
  const connected = connect(client, () => closed).then(() => void client.setPollInterval(POLL_INTERVAL_MS))
  let failure: unknown = null
  let inFlight = false
  client.on('delivery-report', (error) => {
    failure = error ?? new Error('a delivery report without an error')
  })
  client.on('event.error', (error) => options.onError?.(error as unknown as Error))

  async function write(batch: Waiter[]): Promise<number> {
    inFlight = true
    failure = null
    const count = batch.reduce((sum, waiter) => sum + waiter.records.length, 0)
    const error = await attempt(batch)
    inFlight = false
    for (const waiter of batch) {
      if (error === null) waiter.resolve()
      else waiter.reject(error)
    }
    return count
  }

  async function attempt(batch: Waiter[]): Promise<ProduceError | null> {
    try {
      await withTimeout(connected, deliveryTimeoutMs)
    } catch (cause) {
      return new ProduceError('unavailable', 'no broker could be reached', { cause })
    }
    let refused: unknown = null
    for (const waiter of batch) {
      for (const record of waiter.records) {
        try {
          client.produce(record.topic, record.partition, record.value, record.key, null, undefined, headersOf(record))
        } catch (error) {
          refused ??= error
        }
      }
    }
    const flushError = await flush(client, deliveryTimeoutMs + FLUSH_SLACK_MS)
    // Reports of failures come by another way than the answer of the flush; two turns of the loop let them arrive first.
    await turn()
    await turn()
    if (refused !== null) return new ProduceError('refused', 'the client refused a record', { cause: refused })
    const cause = failure ?? flushError
    return cause === null ? null : new ProduceError('unavailable', 'a record was not acknowledged', { cause })
  }

  return {
    busy: () => inFlight,
    write,
    close: () => {
      closed = true
      return disconnect(client, connected)
    },
  }
}

function headersOf(record: OutputRecord): { [key: string]: string }[] | undefined {
  return record.headers === undefined ? undefined : Object.entries(record.headers).map(([key, value]) => ({ [key]: value }))
}

/** A client that finds no broker in time takes itself apart, so it is connected again until one is there. */
function connect(client: RawProducer, isClosed: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const attempt = () =>
      client.connect({ timeout: CONNECT_TIMEOUT_MS, allTopics: false } as kafka.MetadataOptions, (error) => {
        if (!error) resolve()
        else if (!isClosed()) setTimeout(attempt, CONNECT_RETRY_MS)
      })
    attempt()
  })
}

function flush(client: RawProducer, timeoutMs: number): Promise<unknown> {
  return new Promise((resolve) => {
    try {
      client.flush(timeoutMs, (error) => resolve(error ?? null))
    } catch (error) {
      resolve(error)
    }
  })
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

async function withTimeout(promise: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not connected after ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

async function disconnect(client: RawProducer, connected: Promise<void>): Promise<void> {
  await withTimeout(connected, 100).catch(() => {})
  if (!client.isConnected()) return
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, DISCONNECT_TIMEOUT_MS)
    client.disconnect(DISCONNECT_TIMEOUT_MS - 1_000, () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
