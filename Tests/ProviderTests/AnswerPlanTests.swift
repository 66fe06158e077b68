// Which challenges are answered: each once, none of the future and none of long ago.
import Cryptography
import Ledger
import Primitives
import Provider
import Testing

@Suite("answers to challenges")
struct AnswerPlanTests {
    static func open(_ heights: UInt64...) -> [ChallengeRecord.Open] {
        heights.map { ChallengeRecord.Open(height: Height($0)!, beacon: Hash.sha256($0.bigEndianBytes)) }
    }

    @Test("an open challenge is answered once; one that no node took is tried again")
    func once() {
        var plan = AnswerPlan()
        let tip = Height(100)!
        #expect(plan.due(Self.open(99, 97), tip: tip) == Self.open(97, 99))
        plan.answered(Height(97)!)
        #expect(plan.due(Self.open(97, 99), tip: tip) == Self.open(99))
        plan.answered(Height(99)!)
        #expect(plan.due(Self.open(97, 99, 100), tip: tip) == Self.open(100))
    }

    @Test("a node cannot have answers for heights above its tip or long below it, nor two for one height")
    func range() {
        var plan = AnswerPlan()
        let tip = Height(1_000)!
        #expect(plan.due(Self.open(1_001, 743, 744, 1_000), tip: tip) == Self.open(744, 1_000))
        let two = Self.open(900) + [ChallengeRecord.Open(height: Height(900)!, beacon: .zero)]
        #expect(plan.due(two, tip: tip).count == 1)
    }
}
