// Every bound on what a client of the API can make us hold or do.

package enum APILimits {
    /// Dates of coming releases in an answer about an account; the sum stands beside them.
    package static let releasesMax = 400
    /// Tasks of admission in an answer about a provider.
    static let admissionsMax = 64
    /// Seats on panels in an answer about a provider.
    static let seatsMax = 256
    /// Bytes of one POST body: one item of a megabyte in base64, and room for a batch.
    package static let bodyBytesMax = 4 << 20
    /// Requests in one batch.
    package static let batchMax = 32
    /// Requests in a batch of nothing but `broadcast_tx_sync`: they share one wait.
    package static let broadcastsPerBatchMax = 512
    /// Open connections; further ones wait in the listener's backlog.
    package static let connectionsMax = 512
    /// Requests worked on at once, with those that wait for a commit; further ones are refused.
    package static let requestsMax = 192
    /// Clients that wait for a commit at once; the others are left for reading.
    package static let commitWaitersMax = 128
    /// How long `broadcast_tx_commit` waits.
    package static let commitTimeout = Duration.seconds(10)
    /// From the end of the headers to the end of the body.
    package static let bodyTimeout = Duration.seconds(10)
    /// A connection on which nothing moves for so many seconds is closed.
    package static let idleSecondsMax: Int64 = 60
    /// Bytes of a request target.
    package static let targetBytesMax = 65_536
    /// Bytes of all headers of one request.
    package static let headerBytesMax = 80_000
    /// Blocks in one answer of `blockchain`.
    package static let blockMetasMax: UInt64 = 20
    /// Entries on one page.
    package static let pageMax: Int64 = 100
    package static let pageDefault: Int64 = 30
    /// Blocks, and bytes of them, that one question about disputes reads; the last block may go beyond.
    package static let searchedBlocksMax = 256
    static let searchedBytesMax: Int = 16 << 20
    /// Rows of a table that are read to prove some of them.
    package static let provedTableMax = 1 << 16
    /// Open event streams, in total and from one address; the other connections are left for questions.
    package static let subscribersMax = 128
    package static let subscribersOfAddressMax = 32
    /// An event stream on which nothing happened for so long gets a comment.
    package static let heartbeatInterval = Duration.seconds(10)
    /// How long a subscriber may take none of what it was sent.
    package static let eventWriteTimeout = Duration.seconds(10)
    /// Heights before the tip whose events are told again.
    package static let eventHeightsMax: UInt64 = 10_000
    /// Bytes of events that are read ahead of a subscriber; the last height may go beyond.
    package static let eventBytesMax = 32_768
    /// Bytes that the socket of a subscriber keeps.
    static let eventSocketBytes: Int = 65_536
    /// Headers that one scrape of the metrics reads.
    package static let headersPerScrapeMax: UInt64 = 4_096
}
