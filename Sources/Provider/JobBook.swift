// What the agent remembers of jobs: their proved records, and the bytes of programs and inputs by digest. Bounded; what
// is forgotten is asked for again.
import Ledger
import Primitives

struct JobBook {
    private var jobs: [Digest: JobRecord] = [:]
    private var jobOrder: [Digest] = []
    private var blobs: [Digest: Bytes] = [:]
    private var blobOrder: [Digest] = []
    private var blobBytes = 0

    subscript(job id: Digest) -> JobRecord? { jobs[id] }
    subscript(blob digest: Digest) -> Bytes? { blobs[digest] }

    mutating func insert(_ job: JobRecord, _ id: Digest) {
        if jobs.updateValue(job, forKey: id) == nil { jobOrder.append(id) }
        if jobOrder.count > ProviderLimits.jobsMax { jobs[jobOrder.removeFirst()] = nil }
    }

    mutating func insert(_ bytes: Bytes, _ digest: Digest) {
        guard blobs.updateValue(bytes, forKey: digest) == nil else { return }
        blobOrder.append(digest)
        blobBytes += bytes.count
        while blobBytes > ProviderLimits.blobBytesMax, blobOrder.count > 1 {
            blobBytes -= blobs.removeValue(forKey: blobOrder.removeFirst())?.count ?? 0
        }
    }
}
