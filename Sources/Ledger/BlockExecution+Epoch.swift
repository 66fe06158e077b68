// What happens at the last block H of an epoch: the next epoch opens, and the validator set that decides from H + 2 on
// is drawn up from the bonds as they stand (formats A3).
import Chain
import Primitives
import Quorum

extension BlockExecution {
    /// rewards design, section 1: the first block whose time is `epoch_seconds` after the epoch's start and that is at
    /// least block `epoch_blocks_min` of it.
    private var endsEpoch: Bool {
        let blocks = view.height.distance(from: view.epoch.startHeight) + 1
        let due = view.epoch.startTime.adding(seconds: Int64(clamping: view.parameters.epochSeconds))
        return blocks >= view.parameters.epochBlocksMin && block.header.time >= due
    }

    /// The seating that this block created; nil when the set stays as it is.
    mutating func endEpochIfDue() -> Seating? {
        guard endsEpoch else { return nil }
        forgetOldEvidence()
        state.store(
            EpochRecord(
                number: view.epoch.number + 1, startHeight: view.height.advanced(), startTime: block.header.time),
            .epoch)
        guard let seating = drawSeating(), seating.seats != view.nextSeating.seats else { return nil }
        state.store(seating, at: StateKey.seating(since: seating.activeSince))
        return seating
    }

    /// By power, then address; nil when nobody may validate, and then the old set goes on.
    private func drawSeating() -> Seating? {
        var seats: [Seat] = []
        for (id, record) in state.scan(.validator, as: ValidatorRecord.self) {
            guard let operatorAddress = Address(id) else { preconditionFailure("validator key \(Hex.lower(id))") }
            guard !record.isTombstoned, record.bond.units >= view.parameters.stakeToStay else { continue }
            seats.append(
                Seat(operatorAddress: operatorAddress, keys: record.keys, power: record.bond.votingPower))
        }
        seats.sort { $0.power == $1.power ? $0.operatorAddress < $1.operatorAddress : $0.power > $1.power }
        if seats.isEmpty { return nil }
        let members = Array(seats.prefix(Limits.validatorsMax))
        do { return try Seating(members, activeSince: view.height.advanced(by: 2)) } catch {
            preconditionFailure("the bonds make no validator set: \(error)")
        }
    }

    /// Committed evidence that is too old to be taken again, and sets that only such evidence could need.
    private mutating func forgetOldEvidence() {
        let seatings = state.scan(.seating, as: Seating.self).map(\.record.activeSince)
        for (old, successor) in zip(seatings, seatings.dropFirst()) {
            guard let header = Ledger.header(at: successor, on: snapshot),
                Ledger.isExpired(height: header.height, time: header.time, on: view)
            else { break }
            state.remove(StateKey.seating(since: old))
        }
        for (id, record) in state.scan(.evidence, as: EvidenceRecord.self)
        where Ledger.isExpired(height: record.offence, time: record.offenceTime, on: view) {
            state.remove([StateTag.evidence.rawValue] + id)
        }
    }
}
