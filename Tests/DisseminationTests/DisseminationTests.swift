import Chain
import Codec
import Cryptography
import Dissemination
import Primitives
import Quorum
import Testing

@Suite("Batches in everybody's hands")
struct BatchBookTests {
    let chainID = ChainID(Bytes("merit-1".utf8))!
    let keys = (1...4).map { SigningKey(seed: Bytes(repeating: $0, count: 32))! }
    let set: ValidatorSet

    init() throws { set = try ValidatorSet(sorting: keys.map { Validator(publicKey: $0.publicKey, power: 1) }) }

    private func key(_ index: Int) -> SigningKey {
        keys.first { $0.publicKey == set.validators[index].publicKey }!
    }

    private func held(_ author: Int, _ sequence: UInt64, expiry: UInt64 = 100, bytes: Int = 10) throws -> HeldBatch {
        let action = Action.transfer(Transfer(recipient: key(0).address, amount: Amount(UInt64(bytes))))
        let content = TransactionContent(sender: key(0).publicKey, sequence: sequence, action: action)
        let item = Item.transaction(Transaction(signing: content, by: key(0), chainID: chainID)).encoded
        let mark = (author: set.validators[author].address, sequence: sequence, expiry: Height(expiry)!)
        let batch = Batch.signing(mark: mark, items: [item], key: key(author), chainID: chainID)
        let claim = try BatchClaim(batch: batch, authorKey: key(author).publicKey, chainID: chainID)
        return HeldBatch(claim)
    }

    private func head(_ held: HeldBatch) -> BatchHead {
        BatchHead(author: held.batch.author, sequence: held.batch.sequence, expiry: held.batch.expiry)
    }

    private func acknowledge(_ book: inout BatchBook, _ author: Int, upTo sequence: UInt64, by validators: [Int]) {
        let mark = AcknowledgementMark(author: set.validators[author].address, sequence: sequence)
        for validator in validators { book.acknowledge(mark, by: validator) }
    }

    @Test("a batch is named only when more than two thirds acknowledged it, in order of its author's sequence")
    func availability() throws {
        var book = BatchBook(set: set) { _ in 0 }
        for sequence in [1, 2, 4] as [UInt64] { book.insert(try held(0, sequence)) }
        acknowledge(&book, 0, upTo: 2, by: [0, 1])
        #expect(!book.hasSelection(height: .first))
        acknowledge(&book, 0, upTo: 1, by: [2])
        #expect(book.selection(height: .first, itemBytesMax: .max).map(\.batch.sequence) == [1])
        acknowledge(&book, 0, upTo: 9, by: [2, 3])
        #expect(book.selection(height: .first, itemBytesMax: .max).map(\.batch.sequence) == [1, 2])
        #expect(book.marks.map(\.sequence) == [2])
        book.insert(try held(0, 3))
        #expect(book.marks.map(\.sequence) == [4])
    }

    @Test("authors take turns, beginning with another one each height, and the caps hold")
    func turns() throws {
        var book = BatchBook(set: set) { _ in 0 }
        for author in 0..<3 {
            for sequence in 1...2 as ClosedRange<UInt64> { book.insert(try held(author, sequence)) }
            acknowledge(&book, author, upTo: 2, by: [0, 1, 2])
        }
        let authors = book.selection(height: Height(4)!, itemBytesMax: .max).map { set.index(of: $0.batch.author)! }
        #expect(authors == [0, 1, 2, 0, 1, 2])
        let next = book.selection(height: Height(5)!, itemBytesMax: .max).map { set.index(of: $0.batch.author)! }
        #expect(next == [1, 2, 0, 1, 2, 0])
        let size = try held(0, 1).batch.itemBytes
        #expect(book.selection(height: Height(4)!, itemBytesMax: 3 * size).count == 3)
    }

    @Test("admission refuses strangers, repeats, what is ordered, expired, far ahead or over quota", arguments: [0])
    func admission(_: Int) throws {
        var book = BatchBook(set: set) { _ in 3 }
        let tip = Height(10)!
        #expect(book.refusal(of: head(try held(0, 3)), tip: tip, named: false) == .alreadyOrdered)
        #expect(book.refusal(of: head(try held(0, 4, expiry: 10)), tip: tip, named: true) == .expired)
        let far = BatchHead(
            author: set.validators[0].address, sequence: 4 + DisseminationLimits.sequencesAheadMax, expiry: Height(99)!)
        #expect(book.refusal(of: far, tip: tip, named: false) == .tooFarAhead)
        #expect(book.refusal(of: far, tip: tip, named: true) == nil)
        let stranger = BatchHead(author: Address(Bytes(repeating: 9, count: 20))!, sequence: 4, expiry: Height(99)!)
        #expect(book.refusal(of: stranger, tip: tip, named: true) == .unknownAuthor)
        book.insert(try held(0, 4))
        #expect(book.refusal(of: head(try held(0, 4)), tip: tip, named: true) == .alreadyHeld)
    }

    @Test("an expired batch is passed over, and ordering returns what is gone")
    func ordering() throws {
        var book = BatchBook(set: set) { _ in 0 }
        book.insert(try held(1, 1, expiry: 5))
        book.insert(try held(1, 2))
        acknowledge(&book, 1, upTo: 2, by: [0, 1, 2])
        #expect(book.selection(height: Height(6)!, itemBytesMax: .max).map(\.batch.sequence) == [2])
        let gone = book.order(author: set.validators[1].address, upTo: 2).map(\.batch.sequence)
        #expect(gone == [1, 2])
        #expect(book.waiting.batches == 0)
        #expect(book.lastSequence(of: set.validators[1].address) == 2)
        #expect(book.refusal(of: head(try held(1, 2)), tip: .first, named: true) == .alreadyOrdered)
    }

    @Test("a changed set keeps the batches and acknowledgements of those who stay")
    func change() throws {
        var book = BatchBook(set: set) { _ in 0 }
        let stays = set.validators[1].address
        book.insert(try held(1, 1))
        acknowledge(&book, 1, upTo: 1, by: [1, 2, 3])
        let smaller = try ValidatorSet(sorting: Array(set.validators.dropFirst()))
        book.change(to: smaller) { _ in 0 }
        #expect(book.selection(height: .first, itemBytesMax: .max).map(\.batch.author) == [stays])
        #expect(book.marks == [AcknowledgementMark(author: stays, sequence: 1)])
    }
}

@Suite("Own batches and pulls")
struct OpenBatchTests {
    /// Of somewhat more than `bytes` bytes.
    private func item(bytes: Int = 1) throws -> DecodedItem {
        guard let key = PublicKey(Bytes(repeating: 5, count: 32)) else { throw DecodeError.truncated }
        let publish = Publish(kind: .input, bytes: Bytes(repeating: 7, count: bytes))
        let content = TransactionContent(sender: key, sequence: 0, action: .publish(publish))
        return try DecodedItem(decoding: Item.transaction(Transaction(content: content, signature: .zero)).encoded)
    }

    @Test("a lone item leaves at once, a flood in full batches, the rest by age")
    func closing() throws {
        var open = OpenBatch()
        let start = Instant(nanoseconds: 0)
        let result1 = open.append(try item(), now: start)
        #expect(result1)
        let result2 = open.close(now: start, nothingInFlight: false)
        #expect(result2?.count == nil)
        let result3 = open.close(now: start, nothingInFlight: true)
        #expect(result3?.map(\.bytes) == [try item().bytes])
        let big = try item(bytes: Batch.itemBytesTarget / 2 - 200)
        let taken = (0..<3).map { _ in open.append(big, now: start) }
        #expect(taken == [true, true, true])
        let result4 = open.close(now: start, nothingInFlight: false)?.count
        #expect(result4 == 2)
        let result5 = open.close(now: start, nothingInFlight: false)
        #expect(result5?.count == nil)
        let old = start.advanced(by: DisseminationLimits.batchAgeMax)
        #expect(open.deadline == old)
        let result6 = open.close(now: old, nothingInFlight: false)?.count
        #expect(result6 == 1)
        #expect(open.deadline == nil)
    }

    @Test("the open batch is bounded")
    func bound() throws {
        var open = OpenBatch()
        let item = try item()
        for _ in 0..<DisseminationLimits.openItemsMax { _ = open.append(item, now: .zero) }
        let isTaken = open.append(item, now: .zero)
        #expect(!isTaken)
    }

    @Test("missing batches are asked of one peer after the other")
    func pulls() {
        let peers = (1...2).map { Address(Bytes(repeating: $0, count: 20))! }
        let reference = BatchReference(author: peers[0], sequence: 1, digest: .zero, itemCount: 1, itemBytes: 1)
        var book = PullBook()
        book.want([reference, reference], now: .zero)
        #expect(book.isNamed(author: peers[0], sequence: 1))
        let result7 = book.due(now: .zero, sources: peers).map(\.peer)
        #expect(result7 == [peers[0]])
        let result8 = book.due(now: .zero, sources: peers).isEmpty
        #expect(result8)
        let later = Instant.zero.advanced(by: DisseminationLimits.pullPatience)
        #expect(book.deadline == later)
        let result9 = book.due(now: later, sources: peers).map(\.peer)
        #expect(result9 == [peers[1]])
        book.received(.zero)
        #expect(book.isEmpty)
    }

    @Test("a repeat is seen, until two generations have passed")
    func seen() {
        var seen = SeenItems()
        let result10 = seen.insert(.zero)
        #expect(result10)
        let result11 = seen.insert(.zero)
        #expect(!result11)
        seen.forget(.zero)
        let result12 = seen.insert(.zero)
        #expect(result12)
    }
}
