// The record as text, for moving a validator:
// {"schema":"merit.signing.1","key":HEX,"entries":[{"height":DECIMAL,"round":N, "step":N,"digest":HEX}]}. Invariant: an
// import only ever raises what a key may not sign.
import Foundation
import Primitives

extension SigningRecord {
    private static let schemaName = "merit.signing.1"

    /// The record as interchange text.
    package func exported() -> String {
        let rows = entries.map { entry in
            "{\"height\":\"\(entry.height)\",\"round\":\(entry.round),\"step\":\(entry.step),"
                + "\"digest\":\"\(entry.digest)\"}"
        }
        return "{\"schema\":\"\(Self.schemaName)\",\"key\":\"\(key)\",\"entries\":[\(rows.joined(separator: ","))]}\n"
    }

    /// Records every entry of the text that is above the own ones. Returns how many; the others are covered already.
    package func `import`(_ text: String) throws(StorageError) -> Int {
        let (owner, incoming) = try Self.parse(text)
        if owner != key { throw .foreignInterchange(expected: key, found: owner) }
        var count = 0
        for entry in incoming where check(entry) == .fresh {
            _ = try record(entry)
            count += 1
        }
        return count
    }

    private static func parse(_ text: String) throws(StorageError) -> (key: Address, entries: [Entry]) {
        let root = try object(try? JSONSerialization.jsonObject(with: Data(text.utf8)), ["schema", "key", "entries"])
        guard root["schema"] as? String == schemaName else { throw refusal("its schema is not \(schemaName)") }
        guard let hex = root["key"] as? String, let key = Address(hex: hex) else {
            throw refusal("its key is no address")
        }
        guard let rows = root["entries"] as? [Any], rows.count <= StorageLimits.signingEntriesMax else {
            throw refusal("its entries are no list, or too many")
        }
        var entries: [Entry] = []
        for row in rows {
            let fields = try object(row, ["height", "round", "step", "digest"])
            guard let height = (fields["height"] as? String).flatMap(UInt64.init),
                let round = (fields["round"] as? NSNumber).flatMap(UInt32.init(exactly:)),
                let step = (fields["step"] as? NSNumber).flatMap(UInt8.init(exactly:)), step <= 2,
                let digest = (fields["digest"] as? String).flatMap(Digest.init(hex:))
            else { throw refusal("entry \(entries.count) is malformed") }
            let entry = Entry(height: height, round: round, step: step, digest: digest)
            if let last = entries.last, entry <= last { throw refusal("entry \(entries.count) does not ascend") }
            entries.append(entry)
        }
        return (key, entries)
    }

    private static func object(_ value: Any?, _ names: Set<String>) throws(StorageError) -> [String: Any] {
        guard let fields = value as? [String: Any] else { throw refusal("it is no JSON object") }
        guard Set(fields.keys) == names else { throw refusal("its fields are not \(names.sorted())") }
        return fields
    }

    private static func refusal(_ reason: String) -> StorageError { .malformedInterchange(reason: reason) }
}
