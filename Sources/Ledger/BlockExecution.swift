// Executes a checked block. Nothing here can refuse it any more: an item that breaks a rule gets a failed result.
// Invariant: money moves between the accounts, bonds and totals of `supply` and nowhere else; held = issued at the end.
// An action checks all its rules before it changes anything, so a failed one leaves the fee as its only trace.
import Chain
import Codec
import Cryptography
package import Primitives
import Quorum

struct BlockExecution {
    let block: CheckedBlock
    let view: LedgerView
    let snapshot: any Snapshot
    var state: WorkingState
    var supply: Supply
    var count: EpochCount
    /// Rows of the tables of an epoch that ends here.
    var rows = WriteBatch()
    var work = WorkInBlock()
    var calendar: AuditCalendar
    var judgement = Judgement()
    /// What a refusal says beside its rule; goes into the item's result.
    var detail = Bytes()
    private var results: [ItemResult] = [.success]

    init(_ block: CheckedBlock, on snapshot: any Snapshot, view: LedgerView) {
        (self.block, self.view, self.snapshot) = (block, view, snapshot)
        (state, supply) = (WorkingState(snapshot), view.supply)
        count = state.require(.epochCount)
        calendar = state.require(.auditCalendar)
    }

    mutating func run() -> Transition {
        countBlock()
        countAttendance()
        let lastReceipt = calendar.lastReceipt
        for evidence in block.evidence { punish(evidence) }
        for entry in block.entries { results.append(execute(entry)) }
        recordBatches()
        recordReceipts()
        let beacon = Hash.sha256([view.beacon.bytes, block.beaconOutput])
        state.store(BeaconRecord(beacon), .beacon)
        runWork(beacon: beacon)
        issueAgain(receiptsOf: lastReceipt, beacon: beacon)
        moveChallenges(beacon: beacon)
        moveCalendar(lastReceipt: lastReceipt, beacon: beacon)
        let newSeating = endEpochIfDue()
        state.store(calendar, .auditCalendar)
        state.store(supply, .supply)
        let (held, issued) = supply.sides
        precondition(held == issued, "height \(view.height): \(held) units held, \(issued) issued: \(supply)")
        return close(newSeating)
    }

    private func close(_ newSeating: Seating?) -> Transition {
        let changes = state.changes
        var update = StateTree.update(changes, version: view.height, on: snapshot)
        let resultsHash = ItemResult.hash(results)
        let tip = Tip(
            height: view.height, blockID: block.id, time: block.header.time, roots: (update.root, resultsHash))
        for change in changes {
            if let value = change.value {
                update.writes.put(.state, key: change.key, value: value)
            } else {
                update.writes.delete(.state, key: change.key)
            }
        }
        update.writes.append(rows)
        update.writes.append(work.blobs)
        update.writes.put(.headers, key: view.height.value.bigEndianBytes, value: block.header.encoded)
        if let set = newSeating?.set { update.writes.put(.validatorSets, key: set.hash.bytes, value: set.encoded) }
        update.writes.put(.meta, key: LedgerView.tipKey, value: tip.encoded)
        return Transition(
            writes: update.writes, appHash: update.root, results: results, resultsHash: resultsHash,
            newValidators: newSeating?.set, next: LedgerView(state, tip: tip))
    }

    private mutating func recordBatches() {
        for batch in block.preamble.batches {
            state.store(AuthorRecord(lastSequence: batch.sequence), at: StateKey.author(batch.author))
        }
    }

    // MARK: Items

    private mutating func execute(_ entry: CheckedBlock.Entry) -> ItemResult {
        switch entry.item {
        case .preamble: preconditionFailure("a second preamble passed the check")
        case .transaction(let transaction):
            do throws(Rule) {
                try execute(transaction.content, byteCount: entry.byteCount)
                return .success
            } catch {
                if error.isChargedToAuthor { chargeAuthor(entry) }
                defer { detail = [] }
                return ItemResult(code: error.rawValue, data: detail)
            }
        case .audit(let statement):
            do throws(Rule) {
                try execute(statement)
                return .success
            } catch {
                if error.isChargedToAuthor { chargeAuthor(entry) }
                return ItemResult(code: error.rawValue)
            }
        case .attestation(let attestation):
            do throws(Rule) {
                try execute(attestation)
                return .success
            } catch {
                chargeAuthor(entry)
                return ItemResult(code: error.rawValue)
            }
        case .answer(let answer):
            do throws(Rule) {
                try execute(answer)
                return .success
            } catch {
                chargeAuthor(entry)
                return ItemResult(code: error.rawValue)
            }
        }
    }

    private mutating func execute(_ content: TransactionContent, byteCount: Int) throws(Rule) {
        let sender = Hash.address(of: content.sender)
        let fee = Ledger.fee(byteCount: byteCount, view.parameters)
        let found = Ledger.collected(state.account(sender), of: sender, in: state, view)
        try Ledger.check(content, of: found, fee: fee)
        collect(for: sender)
        var account = state.account(sender)
        account.nonce += 1
        account.balance = account.balance.debited(fee)
        state.store(account, of: sender)
        supply.balances = supply.balances.debited(fee)
        supply.burned = supply.burned.credited(fee)
        try perform(content, by: sender)
    }

    /// An item that its sender cannot be charged for costs the bond of the validator that let it in.
    private mutating func chargeAuthor(_ entry: CheckedBlock.Entry) {
        guard let author = entry.author, let seat = view.seating.seat(of: author) else { return }
        burnOwnStake(of: seat.operatorAddress, atMost: Ledger.fee(byteCount: entry.byteCount, view.parameters))
    }

    private mutating func perform(_ content: TransactionContent, by sender: Address) throws(Rule) {
        switch content.action {
        case .transfer(let transfer): try perform(transfer, by: sender)
        case .registerValidator(let registration): try perform(registration, by: content)
        case .bond(let change): try performBond(change.amount, by: sender)
        case .unbond(let change): try performUnbond(change.amount, by: sender)
        case .delegate(let change): try performDelegate(change, by: sender)
        case .undelegate(let change): try performUndelegate(change, by: sender)
        case .redelegate(let change): try perform(change, by: sender)
        case .claim(let claim): try perform(claim, by: sender)
        case .setCommission(let change): try perform(change, by: sender)
        case .publish(let publish): try perform(publish, by: sender)
        case .registerProvider(let registration): try perform(registration, by: sender)
        case .setOffers(let change): try perform(change, by: sender)
        case .bondProvider(let change): try performBond(change.amount, byProvider: sender)
        case .unbondProvider(let change): try performUnbond(change.amount, byProvider: sender)
        case .submitJob(let request): try perform(request, by: sender, sequence: content.sequence)
        case .cancelJob(let cancel): try perform(cancel, by: sender)
        case .registerRequester(let registration): try perform(registration, by: sender)
        case .buyCredits(let purchase): try perform(purchase, by: sender)
        case .electPay(let election): try perform(election, by: sender)
        case .openDispute(let request): try perform(request, by: sender)
        case .unjail(let request): try perform(request, by: sender)
        case .proveMissedDuties(let missed): try perform(missed, by: sender)
        case .declareEngine(let declaration): try perform(declaration, by: sender)
        case .sealResults(let said): try perform(said, by: sender)
        case .revealResults(let said): try perform(said, by: sender)
        case .proposeChange(let request): try perform(request, by: sender)
        case .voteForChange(let vote): try perform(vote, by: sender)
        case .reportProposals(let proof): try perform(proof)
        case .answerAdmission(let said): try perform(said, by: sender)
        }
    }

    private mutating func perform(_ transfer: Transfer, by sender: Address) throws(Rule) {
        guard transfer.amount > .zero else { throw .zeroAmount }
        var account = state.account(sender)
        guard account.balance >= transfer.amount else { throw .insufficientBalance }
        account.balance = account.balance.debited(transfer.amount)
        state.store(account, of: sender)
        var recipient = state.account(transfer.recipient)
        recipient.balance = recipient.balance.credited(transfer.amount)
        state.store(recipient, of: transfer.recipient)
    }
}

extension Ledger {
    /// The size fee, which is burned; saturates, which no balance pays.
    package static func fee(byteCount: Int, _ parameters: LedgerParameters) -> Amount {
        let (product, overflow) = UInt64(clamping: byteCount).multipliedReportingOverflow(by: parameters.txBytePrice)
        return Amount(overflow ? .max : product)
    }

    /// The rules of the sender: known, next in sequence, able to pay the size fee.
    static func check(_ content: TransactionContent, of account: Account, fee: Amount) throws(Rule) {
        if account.isVoid { throw .unknownAccount }
        if content.sequence > account.nextSequence { throw .nonceGap }
        if content.sequence < account.nextSequence { throw .nonceStale }
        if account.balance < fee || account.nonce == .max { throw .feeUnpayable }
    }
}
