// Which transcripts of a dispute are believed: records under the header, one answer for each member, a row for each.
import Chain
import Codec
import Cryptography
import LightClient
import Primitives
import Quorum
import Rewards
import Testing

@testable import Client
@testable import Ledger

@Suite("transcripts of disputes")
struct DisputeTranscriptTests {
    /// Three validators of which the last says nothing, and a state that has a dispute of theirs at height 7.
    private struct Scene {
        let place = TaskPlace(job: Hash.sha256(Bytes("job".utf8)), index: 3)
        let result = TaskResult(output: .zero, finalState: .zero, fuel: 5, peakPages: 1, outputBytes: 2)
        let members: [EpochSet.Member]
        var store = MemoryStore()
        let height: Height
        var header: Header

        init() throws {
            members = try (1...3).map { number in
                let address = try #require(Address(Bytes(repeating: UInt8(number), count: 20)))
                return EpochSet.Member(operatorAddress: address, stake: Amount(100), mayAudit: true)
            }
            height = try #require(Height(7))
            var task = TaskRecord(provider: members[2].operatorAddress, assigned: .first, budget: 10)
            (task.state, task.result) = (.delivered, result)
            let dispute = DisputeRecord(
                epoch: 1, reporter: members[0].operatorAddress, claim: (result, Amount(9)), beacons: (.zero, nil))
            var entries: [(key: Bytes, value: Bytes?)] = [
                (StateKey.dispute(place), dispute.encoded), (StateKey.task(place), task.encoded),
                (StateKey.epochSet(1), EpochSet(epoch: 1, members: members).encoded),
            ]
            for member in members.prefix(2) {
                let vote = VoteRecord(DisputeVote(task: place, result: result, digest: .zero, digests: []))
                entries.append((StateKey.vote(place, of: member.operatorAddress), vote.encoded))
            }
            let (root, writes) = StateTree.update(entries, version: height, on: store)
            store.commit(writes)
            header = Header(chainID: Bytes("merit-test".utf8), height: height.advanced(), time: .epoch1970)
            header.appHash = root.bytes
        }

        func record(_ key: Bytes) throws -> ProvedRecord {
            let proof = try #require(StateTree.proof(for: key, version: height, in: store)).encoded
            return ProvedRecord(
                StateAnswer(
                    height: height, value: StateTree.value(of: key, at: height, in: store),
                    proofType: StateAnswer.proofType, proofKey: key, proof: proof))
        }

        func votes() throws -> [ProvedRecord] {
            try members.map { try record(StateKey.vote(place, of: $0.operatorAddress)) }
        }

        func transcript(_ place: TaskPlace? = nil, votes: [ProvedRecord]? = nil) throws -> DisputeTranscript {
            let keys = [StateKey.dispute(self.place), StateKey.task(self.place), StateKey.epochSet(1)]
            return DisputeTranscript(
                place ?? self.place, header, try keys.map { try record($0) }, votes: try votes ?? self.votes())
        }
    }

    @Test("a transcript says who voted and who is proved not to have")
    func honest() throws {
        let scene = try Scene()
        let proven = try scene.transcript().check(under: scene.header.hash)
        #expect(proven.id == DisputeRecord.id(scene.place) && proven.totalStake == Amount(300))
        #expect(proven.votes.map { $0.vote?.result } == [scene.result, scene.result, nil])
        #expect(proven.height == scene.header.height && proven.record.epoch == 1)
        // 200 of 300 are not more than two thirds.
        #expect(proven.tally.outcome == .extended && proven.tally.sides.map(\.stake) == [Amount(200)])
        let again = try DisputeTranscript(decoding: try scene.transcript().encoded)
        #expect(try again.check(under: scene.header.hash).id == proven.id)
    }

    @Test("the bytes of a transcript are the written ones, and no cut or longer form is taken")
    func golden() throws {
        let scene = try Scene()
        let record = try scene.record(StateKey.vote(scene.place, of: scene.members[2].operatorAddress))
        let transcript = try scene.transcript()
        let first = SignedProposalStatement(
            ProposalStatement(
                height: scene.height, round: 1, polRound: nil,
                proposal: ProposalID(
                    blockID: BlockID(hash: .zero, parts: PartSetHeader(total: 1, hash: .zero)), time: .epoch1970)),
            signature: .zero)
        let proposals = DuplicateProposals(validator: scene.members[0].operatorAddress, first, first)
        let samples: [(String, Bytes)] = [
            ("absent vote", record.encoded), ("transcript", transcript.encoded),
            ("dispute", SlashEvidence.dispute(transcript).encoded),
            ("proposals", SlashEvidence.proposals(proposals).encoded),
        ]
        let lines = samples.map { "\($0.0) \($0.1.count) \(Hex.lower(Hash.sha256($0.1).bytes.prefix(8)))" }
        #expect(lines == Self.goldenLines)
        let bytes = samples[2].1
        for length in stride(from: 0, to: bytes.count, by: 7) {
            #expect(throws: DecodeError.self) { try SlashEvidence(decoding: Bytes(bytes[..<length])) }
        }
        #expect(throws: DecodeError.self) { try SlashEvidence(decoding: bytes + [0x08, 1]) }
    }

    private static let goldenLines = [
        "absent vote 610 c9a251f8ed9ae6be",
        "transcript 2683 a43844d5cccf90ee",
        "dispute 2686 c4e005ca3a828ece",
        "proposals 323 36cbf3fceca508e3",
    ]

    @Test("another header, task or number of votes, and a vote that is kept back, are refused")
    func refused() throws {
        let scene = try Scene()
        let (honest, hash) = (try scene.transcript(), scene.header.hash)
        #expect(throws: DisputeTranscriptError.wrongHeader) { try honest.check(under: .zero) }
        #expect(throws: DisputeTranscriptError.wrongHeader) { try honest.check(under: nil) }
        let votes = try scene.votes()
        let short = try scene.transcript(votes: Array(votes.dropLast()))
        #expect(throws: DisputeTranscriptError.wrongVoteCount) { try short.check(under: hash) }
        let other = try scene.transcript(TaskPlace(job: scene.place.job, index: 4))
        #expect(throws: DisputeTranscriptError.self) { try other.check(under: hash) }
        // The third member's absence does not stand for the first one's.
        let hidden = try scene.transcript(votes: [votes[2], votes[1], votes[2]])
        #expect(throws: DisputeTranscriptError.self) { try hidden.check(under: hash) }
        let swapped = try scene.transcript(votes: [votes[1], votes[0], votes[2]])
        #expect(throws: DisputeTranscriptError.self) { try swapped.check(under: hash) }
    }

    @Test("evidence belongs to a slash row of its id, once, and to the block before the explanation's")
    func attached() throws {
        let scene = try Scene()
        var next = Header(chainID: scene.header.chainID, height: scene.header.height.advanced(), time: .epoch1970)
        next.lastBlockID = BlockID(hash: scene.header.hash, parts: PartSetHeader(total: 1, hash: .zero))
        func slash(_ evidence: Digest) throws -> CheckedExplanation.Slash {
            let key = SlashKey(account: scene.members[2].operatorAddress, offence: .wrongResult, evidence: evidence)
            let row = try SlashRow(key: key, amount: Amount(5), reporter: .zero, injured: .zero)
            return CheckedExplanation.Slash(row: row, place: 0)
        }
        let evidence = SlashEvidence.dispute(try scene.transcript())
        let id = DisputeRecord.id(scene.place)
        let rows = [try slash(.zero), try slash(id)]
        let found = try SlashEvidence.attached([evidence], to: rows, under: next)
        #expect(found[0].evidence == nil && found[1].evidence?.id == id)
        #expect(throws: ExplanationError.foreignEvidence(id)) {
            try SlashEvidence.attached([evidence], to: [rows[0]], under: next)
        }
        #expect(throws: ExplanationError.foreignEvidence(id)) {
            try SlashEvidence.attached([evidence, evidence], to: rows, under: next)
        }
        next.lastBlockID = .empty
        #expect(throws: ExplanationError.evidence(.wrongHeader)) {
            try SlashEvidence.attached([evidence], to: rows, under: next)
        }
    }

    @Test("a slash table of which a row is missing, changed or moved is not whole")
    func table() throws {
        let scene = try Scene()
        let rows = try scene.members.map { member in
            try SlashRow(
                key: SlashKey(account: member.operatorAddress, offence: .timeout, evidence: .zero), amount: Amount(5),
                reporter: .zero, injured: Amount(1))
        }
        let summary = EpochSummary(
            height: .first, roots: (.zero, MerkleTree.root(of: rows.map(\.encoded))), rows: (0, 3),
            totals: (.zero, .zero, .zero, .zero))
        #expect(TaskReader.isWhole(rows, under: summary))
        #expect(!TaskReader.isWhole(Array(rows.dropLast()), under: summary))
        #expect(!TaskReader.isWhole([rows[1], rows[0], rows[2]], under: summary))
        let dearer = try SlashRow(key: rows[0].key, amount: Amount(6), reporter: .zero, injured: Amount(1))
        #expect(!TaskReader.isWhole([dearer, rows[1], rows[2]], under: summary))
    }

    @Test("two votes of one validator are told as they were signed")
    func equivocation() throws {
        let scene = try Scene()
        let validator = scene.members[0].operatorAddress
        func vote(_ name: String) -> Vote {
            let block = BlockID(
                hash: Hash.sha256(Bytes(name.utf8)), parts: PartSetHeader(total: 1, hash: .zero))
            let statement = VoteStatement(
                type: .prevote, height: scene.height, round: 2,
                proposal: ProposalID(blockID: block, time: .epoch1970))
            return Vote(statement: statement, address: validator, index: 0, signature: .zero)
        }
        let evidence = Evidence.duplicateVote(
            DuplicateVoteEvidence(vote("a"), vote("b"), powers: (300, 100), timestamp: .epoch1970))
        let checked = try SlashEvidence(decoding: SlashEvidence.votes(evidence).encoded).check(
            under: scene.header, chainID: try #require(ChainID(scene.header.chainID)))
        guard case .equivocation(let told) = checked else {
            Issue.record("no equivocation")
            return
        }
        #expect(told.id == evidence.id && told.kind == "prevotes" && told.validator == validator)
        #expect(told.height == scene.height && told.round == 2 && told.first != told.second)
        let hashes = Set([told.first, told.second])
        #expect(hashes == [Hash.sha256(Bytes("a".utf8)), Hash.sha256(Bytes("b".utf8))])
    }
}
