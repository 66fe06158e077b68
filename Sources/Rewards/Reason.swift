// Why a row of the reward table has its amount: users of every system ask first "why did I earn this, or nothing?".
// Codes below 100 explain pay, codes from 100 explain a zero; among several causes of one zero the larger code is
// shown. Never reuse a code: tables of old epochs keep theirs.

package enum Reason: UInt32, CaseIterable, Sendable {
    case tasksSettled = 1
    case subsidyByBurn = 2
    case standbyBySlots = 3
    case stakeAtStart = 4
    case commission = 5
    case blocksProposed = 6
    case precommitsIncluded = 7
    case dutiesDone = 8
    case refereeFees = 9
    case offenceReported = 10
    case compensated = 11
    case subsidyCappedAtBurn = 12
    case newcomerHaircut = 13
    case ownDelegation = 14

    case belowOneUnit = 100
    case noTaskSettled = 101
    case nothingBurned = 102
    case bucketEmpty = 103
    case noSlots = 104
    case uptimeTooLow = 105
    case payingEarnsNothing = 106
    case noReferrer = 107
    case referralExpired = 108
    case referrerIsSameOperator = 109
    case noStakeAtStart = 110
    case noBlockProposed = 111
    case noPrecommitIncluded = 112
    case noAuditFees = 113
    case dutiesMissed = 114
    case auditKeyNotCounting = 115
    case notAdmitted = 116
    case openAudit = 120
    case deferredByBreaker = 122
    case taskTimedOut = 130
    case taskUndeliverable = 131
    case resultInMinority = 132
    case noMajority = 133
    case programNotDeterministic = 134
    case disputeUnresolved = 135
    case absentFromVote = 140
    case auditKeyUndisclosed = 141
    case jailed = 142
    case wrongResult = 143
    case tombstoned = 144

    /// True for a code that explains why nothing was paid.
    package var explainsZero: Bool { rawValue >= 100 }

    /// One sentence for people, in English.
    package var text: String { rawValue < 100 ? paidText : (rawValue < 120 ? idleText : withheldText) }

    private var paidText: String {
        switch self {
        case .tasksSettled: "provider part of the fees of tasks settled in this epoch"
        case .subsidyByBurn: "share of the usage subsidy by burned fees and quality"
        case .standbyBySlots: "share of the standby pool by slots and uptime"
        case .stakeAtStart: "earnings of the stake bonded at the start of the epoch"
        case .commission: "commission on the stake that others delegated"
        case .blocksProposed: "decided blocks proposed, by the stake whose precommits they include"
        case .precommitsIncluded: "precommits included in commits"
        case .dutiesDone: "audit duties done, by stake"
        case .refereeFees: "part of the treasury fees of accounts referred"
        case .offenceReported: "report of a proven offence"
        case .compensated: "compensation out of a slashed bond"
        case .subsidyCappedAtBurn: "usage subsidy, cut at the fees burned by the provider's own tasks"
        case .newcomerHaircut: "provider part of fees, less the cost of a newcomer's extra audits"
        case .ownDelegation: "the operator's own delegation"
        default: ""
        }
    }

    private var idleText: String {
        switch self {
        case .belowOneUnit: "the share is below one base unit"
        case .noTaskSettled: "no task was settled in this epoch"
        case .nothingBurned: "no settled fee was burned in this epoch, so nothing is subsidised"
        case .bucketEmpty: "the reserve released nothing for this pool"
        case .noSlots: "the bond is below that of one slot"
        case .uptimeTooLow: "under 80 % of the challenges were answered"
        case .payingEarnsNothing: "fees were paid; paying itself earns nothing"
        case .noReferrer: "fees were paid, but no referrer was recorded at registration"
        case .referralExpired: "fees were paid after the referral ended"
        case .referrerIsSameOperator: "payer and referrer are one operator"
        case .noStakeAtStart: "no stake was bonded at the start of the epoch"
        case .noBlockProposed: "no decided block of the epoch was proposed by this validator"
        case .noPrecommitIncluded: "no precommit of this validator was included in a commit"
        case .noAuditFees: "no fee of this epoch paid for audits"
        case .dutiesMissed: "none of the audit duties was done"
        case .auditKeyNotCounting: "the audit key does not yet count: one full epoch after its registration"
        case .notAdmitted: "not admitted yet: tasks of others must be answered first"
        default: ""
        }
    }

    private var withheldText: String {
        switch self {
        case .openAudit: "an audit, redraw or dispute is open: the task moves to the next settlement"
        case .deferredByBreaker: "slashes of this engine are deferred and the disputed pay is forfeited"
        case .taskTimedOut: "the task timed out; its escrow was refunded"
        case .taskUndeliverable: "two operators timed out on the task; it was closed"
        case .resultInMinority: "the result was in the minority of its quorum"
        case .noMajority: "the panel closed without a majority, so nobody is paid for its task"
        case .programNotDeterministic: "the program gave different results to honest validators"
        case .disputeUnresolved: "the dispute found no result with 2/3 of stake"
        case .absentFromVote: "absent from the vote on a dispute: the epoch's reward is lost"
        case .auditKeyUndisclosed: "the epoch's audit key was malformed or not revealed: the epoch's reward is lost"
        case .jailed: "jailed"
        case .wrongResult: "a wrong result was proven: unsettled pay is forfeited"
        case .tombstoned: "excluded for good after a proven offence"
        default: ""
        }
    }
}
