// Why an item changed nothing but its sender's fee: one case per rule. The raw value is the code of the item's result,
// so it is under `last_results_hash`: never reuse or change one. 0 is success.

package enum Rule: UInt32, Error, CaseIterable, Sendable {
    // 1-9: the sender. These cost the author of the batch, because the sender cannot be charged.
    /// No account with this address exists.
    case unknownAccount = 1
    /// The sequence is above the account's next one; the item is not consumed.
    case nonceGap = 2
    /// The sequence was used already.
    case nonceStale = 3
    /// The balance does not cover the fee of the item's bytes.
    case feeUnpayable = 4
    /// The signer of an attestation is no provider.
    case unknownProvider = 5
    /// The signer of an audit statement is no validator's audit key.
    case unknownAuditor = 6

    // 10-19: money.
    /// An amount of zero.
    case zeroAmount = 10
    /// The balance after the fee does not cover the amount.
    case insufficientBalance = 11

    // 20-29: stake.
    /// The sender is a validator already.
    case validatorExists = 20
    /// A key of another validator, of another role, or of the sender's account.
    case keyTaken = 21
    /// A key that is no point of the main subgroup.
    case keyNotRegistrable = 22
    /// The bond would be above zero and below `validator_stake_min`.
    case stakeBelowMinimum = 23
    case notAValidator = 24
    /// Excluded for good.
    case tombstoned = 25
    /// More than the bond holds.
    case bondTooSmall = 26
    /// The last third of the stake cannot leave within one epoch.
    case unbondingLimit = 27

    // 28-49: delegations.
    /// The sender's own validator: its stake joins and leaves the bond.
    case ownValidator = 28
    case unknownValidator = 29
    case notADelegator = 30
    /// More than the delegation holds and may move, or less than its smallest part.
    case delegationTooSmall = 31
    /// Slashed so far that shares have no price.
    case poolDiluted = 32
    /// The operator's part would be below `self_bond_min_ppm`.
    case selfBondTooSmall = 33
    /// Stake that came from another validator stays until it cannot be slashed for that one any more.
    case redelegationMaturing = 34
    /// As many parts on their way as one delegation may have.
    case tooManyEntries = 35
    case sameValidator = 36
    case commissionTooHigh = 37
    /// Moved by more than `commission_step_max_ppm`.
    case commissionStepTooLarge = 38
    /// A second change within a day-epoch.
    case commissionTooSoon = 39

    // 50-59: those who ask for work.
    /// The account has registered, or asked for its first job.
    case requesterRegistered = 50
    case selfReferral = 51
    /// No account with the referrer's address exists.
    case unknownReferrer = 52
    /// The credits do not cover the escrow.
    case insufficientCredits = 53
    /// Of class `open` an odd number from 3 to 9, else none.
    case badReplicas = 54

    // 55-69: panels.
    /// The sender has no seat on the task's panel, or left it.
    case notOnPanel = 55
    case sealRepeated = 56
    /// Seals of this task are not taken any more.
    case notSealing = 57
    /// Results of this task are not taken yet, or not any more.
    case notRevealing = 58
    /// Not what the sender sealed.
    case sealDiffers = 59
    /// More fuel or output than the job allows.
    case resultOutsideLimits = 60
    case resultRepeated = 61

    // 100-109: programs, inputs and providers.
    /// The program breaks a rule of the pre-scan.
    case programRefused = 100
    /// These bytes are published already.
    case blobExists = 101
    /// The sender is a provider already.
    case providerExists = 102
    case notAProvider = 103
    /// The bond does not cover one slot.
    case bondBelowSlot = 104
    case askBelowFloor = 105
    /// Two offers for one class and engine.
    case repeatedOffer = 106
    /// A resource class that nobody may serve.
    case classUnavailable = 107
    case unknownEngine = 108

    // 110-129: jobs.
    /// No task, or more than `JobLimits.tasksMax`.
    case badTaskCount = 110
    case unknownProgram = 111
    case unknownInput = 112
    /// No fuel, or more output than `JobLimits.outputBytesMax`.
    case badLimits = 113
    /// The limit of compute units does not pay for the fuel, memory and bytes that a task may use.
    case limitBelowWork = 114
    case bidBelowFloor = 115
    /// The escrow of one task is above `task_cap`.
    case escrowAboveCap = 116
    /// The escrow of one task is below the smallest fee.
    case escrowBelowMinimum = 117
    /// Not above the least audit rate, or above 10^6.
    case badAssurance = 118
    case unknownJob = 119
    case notTheRequester = 120
    /// Every task was given to a provider.
    case nothingToCancel = 121
    /// Honest validators got different results from this program.
    case programQuarantined = 122
    // Of these, answers of who is not admitted yet.
    /// The task was not issued again to the sender, or it answered.
    case notIssuedAgain = 123
    /// Auditors may disclose what the answer should be.
    case admissionOver = 124

    // 130-139: attestations and answers. These cost the author of the batch too.
    /// Neither the running epoch nor the one before.
    case wrongEpoch = 130
    /// The task is not, and was not, the provider's.
    case receiptNotAssigned = 131
    /// The task has a receipt.
    case receiptRepeated = 132
    /// More fuel or output than the job allows, or other memory than the program has.
    case receiptOutsideLimits = 133
    /// The signed compute units are not those of the receipts.
    case wrongTotal = 134
    /// Every task of it went to somebody else.
    case nothingCounted = 135
    // Of these, answers to challenges.
    /// The bond of the answering provider does not cover one slot.
    case noBondedSlot = 136
    /// Not the height of a challenge that is open and was put to this provider.
    case notChallenged = 137
    /// Not the beacon of the challenged height.
    case wrongChallengeBeacon = 138
    case challengeAnswered = 139

    // 140-169: what auditors say. These cost the author of the batch too.
    /// Neither the running epoch nor the one that is judged now.
    case epochNotJudged = 140
    /// Not what the open window of the calendar is for.
    case auditWindowClosed = 141
    /// No validator when the epoch began.
    case notInEpochSet = 142
    /// The key counts from one full epoch after its registration on.
    case auditKeyNotCounting = 143
    case commitRepeated = 144
    /// The part before is missing.
    case commitGap = 145
    /// The task has no receipt of the epoch.
    case taskNotJudged = 146
    /// The task's provider is the auditor's operator.
    case ownTask = 147
    /// The auditor named the task in another part.
    case taskCommitted = 148
    /// Nobody else committed to a verdict on the task.
    case nothingToRecheck = 149
    case keyDisclosed = 150
    /// The proof does not hold for the audit key and the epoch.
    case badKeyProof = 151
    /// The key that shows which verdicts were duties is not disclosed.
    case keyUndisclosed = 152
    case commitUnknown = 153
    case revealRepeated = 154
    /// Other tasks, or another root, than the commit's.
    case revealDiffers = 155
    case disputeUnknown = 156
    case voteRepeated = 157
    /// Not one digest for each salt of the dispute.
    case voteIncomplete = 158
    /// The auditor's key did not draw the task.
    case notDrawn = 159
    /// The auditor's verdict stands in the state.
    case dutyDone = 160
    /// All of it was proven so long ago that the author knew.
    case dutyProvenBefore = 161
    /// Only who revealed a verdict of its own on the task objects to another's.
    case noOwnVerdict = 162
    /// No revealed verdict of another auditor there, or one with that digest.
    case objectionWithoutCause = 163

    // 170-179: disputes that an account opens.
    case disputeWindowClosed = 170
    /// The task has no receipt of the judged epoch.
    case taskNotDisputable = 171
    case disputeExists = 172
    /// The receipt's own result, and no verdict whose digest could be wrong.
    case disputeWithoutCause = 173
    /// Below three times the task's escrow.
    case depositTooSmall = 174

    // 175-199: standing of validators.
    /// The validator is not in jail.
    case notJailed = 175
    /// Its term is not over.
    case jailNotOver = 176
    /// Somebody else proved all of it first.
    case dutyProven = 177
    /// An account's proof of a missed duty that does not hold.
    case dutyUnproven = 178
    /// Slashes of the account wait: nothing leaves its bond.
    case bondLocked = 179
    /// No slash of this engine waits.
    case engineNotDeferred = 180
    case engineDeclared = 181

    // 200-209: changes of parameters.
    /// No validator of the running epoch.
    case notInSet = 200
    /// None, or not ascending by number.
    case badChanges = 201
    case unknownSetting = 202
    /// The values in force.
    case nothingChanges = 203
    /// As many as may be open, or one of the sender.
    case tooManyProposals = 204
    /// A rule of the parameters would not hold; the result's data says which, with its two sides.
    case parametersRefused = 205
    case unknownProposal = 206
    case proposalClosed = 207
    case alreadyVoted = 208

    // 210-219: evidence that travels as a transaction.
    /// Other heights or rounds, one block, or not in order.
    case evidenceProvesNothing = 210
    /// No header or set of that height, or no such validator in it.
    case evidenceUnknown = 211
    case evidenceTooOld = 212
    case evidenceRepeated = 213
    /// A signature does not hold.
    case evidenceUnsigned = 214

    /// The name in every machine-readable answer.
    package var label: String {
        switch self {
        case .unknownAccount: "unknown_account"
        case .nonceGap: "nonce_gap"
        case .nonceStale: "nonce_stale"
        case .feeUnpayable: "fee_unpayable"
        case .unknownProvider: "unknown_provider"
        case .unknownAuditor: "unknown_auditor"
        case .zeroAmount: "zero_amount"
        case .insufficientBalance: "insufficient_balance"
        case .validatorExists: "validator_exists"
        case .keyTaken: "key_taken"
        case .keyNotRegistrable: "key_not_registrable"
        case .stakeBelowMinimum: "stake_below_minimum"
        case .notAValidator: "not_a_validator"
        case .tombstoned: "tombstoned"
        case .bondTooSmall: "bond_too_small"
        case .unbondingLimit: "unbonding_limit"
        default: delegationLabel
        }
    }

    private var delegationLabel: String {
        switch self {
        case .ownValidator: "own_validator"
        case .unknownValidator: "unknown_validator"
        case .notADelegator: "not_a_delegator"
        case .delegationTooSmall: "delegation_too_small"
        case .poolDiluted: "pool_diluted"
        case .selfBondTooSmall: "self_bond_too_small"
        case .redelegationMaturing: "redelegation_maturing"
        case .tooManyEntries: "too_many_entries"
        case .sameValidator: "same_validator"
        case .commissionTooHigh: "commission_too_high"
        case .commissionStepTooLarge: "commission_step_too_large"
        case .commissionTooSoon: "commission_too_soon"
        default: marketLabel
        }
    }

    private var marketLabel: String {
        switch self {
        case .requesterRegistered: "requester_registered"
        case .selfReferral: "self_referral"
        case .unknownReferrer: "unknown_referrer"
        case .insufficientCredits: "insufficient_credits"
        case .programRefused: "program_refused"
        case .blobExists: "blob_exists"
        case .providerExists: "provider_exists"
        case .notAProvider: "not_a_provider"
        case .bondBelowSlot: "bond_below_slot"
        case .askBelowFloor: "ask_below_floor"
        case .repeatedOffer: "repeated_offer"
        case .classUnavailable: "class_unavailable"
        case .unknownEngine: "unknown_engine"
        case .badTaskCount: "bad_task_count"
        case .unknownProgram: "unknown_program"
        case .unknownInput: "unknown_input"
        case .badLimits: "bad_limits"
        case .limitBelowWork: "limit_below_work"
        case .bidBelowFloor: "bid_below_floor"
        case .escrowAboveCap: "escrow_above_cap"
        case .escrowBelowMinimum: "escrow_below_minimum"
        case .badAssurance: "bad_assurance"
        case .unknownJob: "unknown_job"
        case .notTheRequester: "not_the_requester"
        case .nothingToCancel: "nothing_to_cancel"
        case .programQuarantined: "program_quarantined"
        case .notIssuedAgain: "not_issued_again"
        case .admissionOver: "admission_over"
        case .wrongEpoch: "wrong_epoch"
        case .receiptNotAssigned: "receipt_not_assigned"
        case .receiptRepeated: "receipt_repeated"
        case .receiptOutsideLimits: "receipt_outside_limits"
        case .wrongTotal: "wrong_total"
        case .nothingCounted: "nothing_counted"
        case .noBondedSlot: "no_bonded_slot"
        case .notChallenged: "not_challenged"
        case .wrongChallengeBeacon: "wrong_challenge_beacon"
        case .challengeAnswered: "challenge_answered"
        default: panelLabel
        }
    }

    private var panelLabel: String {
        switch self {
        case .badReplicas: "bad_replicas"
        case .notOnPanel: "not_on_panel"
        case .sealRepeated: "seal_repeated"
        case .notSealing: "not_sealing"
        case .notRevealing: "not_revealing"
        case .sealDiffers: "seal_differs"
        case .resultOutsideLimits: "result_outside_limits"
        case .resultRepeated: "result_repeated"
        default: auditLabel
        }
    }

    private var auditLabel: String {
        switch self {
        case .epochNotJudged: "epoch_not_judged"
        case .auditWindowClosed: "audit_window_closed"
        case .notInEpochSet: "not_in_epoch_set"
        case .auditKeyNotCounting: "audit_key_not_counting"
        case .commitRepeated: "commit_repeated"
        case .commitGap: "commit_gap"
        case .taskNotJudged: "task_not_judged"
        case .ownTask: "own_task"
        case .taskCommitted: "task_committed"
        case .nothingToRecheck: "nothing_to_recheck"
        case .keyDisclosed: "key_disclosed"
        case .badKeyProof: "bad_key_proof"
        case .keyUndisclosed: "key_undisclosed"
        case .commitUnknown: "commit_unknown"
        case .revealRepeated: "reveal_repeated"
        case .revealDiffers: "reveal_differs"
        case .disputeUnknown: "dispute_unknown"
        case .voteRepeated: "vote_repeated"
        case .voteIncomplete: "vote_incomplete"
        case .disputeWindowClosed: "dispute_window_closed"
        case .taskNotDisputable: "task_not_disputable"
        case .disputeExists: "dispute_exists"
        case .disputeWithoutCause: "dispute_without_cause"
        case .depositTooSmall: "deposit_too_small"
        default: standingLabel
        }
    }

    private var standingLabel: String {
        switch self {
        case .notJailed: "not_jailed"
        case .jailNotOver: "jail_not_over"
        case .notDrawn: "not_drawn"
        case .dutyDone: "duty_done"
        case .dutyProvenBefore: "duty_proven_before"
        case .noOwnVerdict: "no_own_verdict"
        case .objectionWithoutCause: "objection_without_cause"
        case .dutyProven: "duty_proven"
        case .dutyUnproven: "duty_unproven"
        case .bondLocked: "bond_locked"
        case .engineNotDeferred: "engine_not_deferred"
        case .engineDeclared: "engine_declared"
        default: governanceLabel
        }
    }

    private var governanceLabel: String {
        switch self {
        case .notInSet: "not_in_set"
        case .badChanges: "bad_changes"
        case .unknownSetting: "unknown_setting"
        case .nothingChanges: "nothing_changes"
        case .tooManyProposals: "too_many_proposals"
        case .parametersRefused: "parameters_refused"
        case .unknownProposal: "unknown_proposal"
        case .proposalClosed: "proposal_closed"
        case .alreadyVoted: "already_voted"
        case .evidenceProvesNothing: "evidence_proves_nothing"
        case .evidenceUnknown: "evidence_unknown"
        case .evidenceTooOld: "evidence_too_old"
        case .evidenceRepeated: "evidence_repeated"
        case .evidenceUnsigned: "evidence_unsigned"
        default: ""
        }
    }

    /// True where the sender is not charged and its sequence not consumed.
    package var isChargedToAuthor: Bool { rawValue < 10 || (130..<170).contains(rawValue) }
}
