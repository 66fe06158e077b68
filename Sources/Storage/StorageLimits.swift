// The bounds of this module: how large files, records and waits may become.

package enum StorageLimits {
    /// Bytes of a key: LMDB's own bound in its standard build.
    package static let keyBytesMax = 511
    /// Bytes of the map of a fresh store; the file itself is only as long as what it holds.
    package static let mapBytesInitial = 1 << 30
    /// Bytes of the largest map: far below the address space, far above a chain.
    package static let mapBytesMax = 1 << 43
    /// Snapshots held at once; one more waits.
    package static let snapshotsMax = 256
    /// Read transactions of one snapshot: a shared one, and one for each thread that runs parts without waiting for
    /// others. Each takes one of the store's reader slots.
    package static let lanesMax = 5
    /// How long a commit that must grow the map waits for held snapshots.
    package static let growthWait = Duration.seconds(10)
    /// Bytes of one record of an append-only log.
    package static let logRecordBytesMax = 4 << 20
    /// Bytes of a journal above which decided heights are dropped from it.
    package static let journalBytesMax = 64 << 20
    /// Bytes of a signing record above which lower heights are dropped from it.
    package static let signingBytesMax = 1 << 20
    /// Entries of one height that a signing record keeps: three steps of a thousand rounds.
    package static let signingEntriesMax = 3_000
}
