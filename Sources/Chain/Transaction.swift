// What an account asks the chain to do. Signed over `merit/transaction/1`, so it binds the chain; the sequence stops
// replay; the fee is the number of bytes times the price in force and is burned.
package import Codec
package import Cryptography
package import Primitives
package import Quorum

package struct Transaction: Hashable, Sendable, Message {
    package let content: TransactionContent
    package let signature: Signature

    package init(content: TransactionContent, signature: Signature) {
        (self.content, self.signature) = (content, signature)
    }

    package init(signing content: TransactionContent, by key: SigningKey, chainID: ChainID) {
        precondition(content.sender == key.publicKey, "a transaction is signed by its sender")
        self.init(content: content, signature: key.sign(Self.message(content, chainID)))
    }

    private static func message(_ content: TransactionContent, _ chainID: ChainID) -> Bytes {
        SigningDomain.transaction.message(chainID: chainID.bytes, content.encoded)
    }

    func signatureClaims(chainID: ChainID) -> [SignatureClaim] {
        let own = SignatureClaim(
            key: content.sender, message: Self.message(content, chainID), signature: signature)
        guard case .registerValidator(let registration) = content.action else { return [own] }
        return [own] + registration.signatureClaims(operatorKey: content.sender, chainID: chainID)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, content)
        encoder.data(2, signature)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        content = try decoder.message(1)
        signature = try decoder.fixedBytes(2)
    }
}

package struct TransactionContent: Hashable, Sendable, Message {
    package let sender: PublicKey
    /// The account's next sequence, counted from 0.
    package let sequence: UInt64
    package let action: Action

    package init(sender: PublicKey, sequence: UInt64, action: Action) {
        (self.sender, self.sequence, self.action) = (sender, sequence, action)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, sender)
        encoder.unsigned(2, sequence)
        action.encode(into: &encoder)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        sender = try decoder.fixedBytes(1)
        sequence = try decoder.unsigned(2)
        action = try Action(from: &decoder)
    }
}

/// The one thing a transaction does. Field numbers from 10 up are the kinds.
package enum Action: Hashable, Sendable {
    case transfer(Transfer)
    case registerValidator(RegisterValidator)
    case bond(BondChange)
    case unbond(BondChange)
    case delegate(DelegationChange)
    case undelegate(DelegationChange)
    case redelegate(Redelegation)
    case claim(ClaimRewards)
    case setCommission(CommissionChange)
    case publish(Publish)
    case registerProvider(RegisterProvider)
    case setOffers(SetOffers)
    case bondProvider(BondChange)
    case unbondProvider(BondChange)
    case submitJob(SubmitJob)
    case cancelJob(CancelJob)
    case registerRequester(RegisterRequester)
    case buyCredits(BuyCredits)
    case electPay(ElectPay)
    case openDispute(OpenDispute)
    case unjail(Unjail)
    case proveMissedDuties(MissedDuties)
    case declareEngine(DeclareEngine)
    case sealResults(SealResults)
    case revealResults(RevealResults)
    case proposeChange(ProposeChange)
    case voteForChange(VoteForChange)
    case reportProposals(DuplicateProposals)
    case answerAdmission(AnswerAdmission)

    func encode(into encoder: inout Encoder) {
        switch self {
        case .transfer(let transfer): encoder.message(10, transfer)
        case .registerValidator(let registration): encoder.message(11, registration)
        case .bond(let change): encoder.message(12, change)
        case .unbond(let change): encoder.message(13, change)
        case .delegate(let change): encoder.message(14, change)
        case .undelegate(let change): encoder.message(15, change)
        case .redelegate(let change): encoder.message(16, change)
        case .claim(let claim): encoder.message(17, claim)
        case .setCommission(let change): encoder.message(18, change)
        case .publish(let publish): encoder.message(20, publish)
        case .registerProvider(let registration): encoder.message(21, registration)
        case .setOffers(let change): encoder.message(22, change)
        case .bondProvider(let change): encoder.message(23, change)
        case .unbondProvider(let change): encoder.message(24, change)
        case .submitJob(let request): encoder.message(25, request)
        case .cancelJob(let cancel): encoder.message(26, cancel)
        case .registerRequester(let registration): encoder.message(27, registration)
        case .buyCredits(let purchase): encoder.message(28, purchase)
        case .electPay(let election): encoder.message(29, election)
        case .openDispute(let dispute): encoder.message(30, dispute)
        case .unjail(let unjail): encoder.message(31, unjail)
        case .proveMissedDuties(let missed): encoder.message(32, missed)
        case .declareEngine(let declaration): encoder.message(33, declaration)
        case .sealResults(let said): encoder.message(40, said)
        case .revealResults(let said): encoder.message(41, said)
        case .proposeChange(let proposal): encoder.message(50, proposal)
        case .voteForChange(let vote): encoder.message(51, vote)
        case .reportProposals(let proof): encoder.message(52, proof)
        case .answerAdmission(let said): encoder.message(64, said)
        }
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        switch try decoder.nextField() {
        case 10: self = .transfer(try decoder.message(10))
        case 11: self = .registerValidator(try decoder.message(11))
        case 12: self = .bond(try decoder.message(12))
        case 13: self = .unbond(try decoder.message(13))
        case 14: self = .delegate(try decoder.message(14))
        case 15: self = .undelegate(try decoder.message(15))
        case 16: self = .redelegate(try decoder.message(16))
        case 17: self = .claim(try decoder.message(17))
        case 18: self = .setCommission(try decoder.message(18))
        case 20: self = .publish(try decoder.message(20))
        case 21: self = .registerProvider(try decoder.message(21))
        case 22: self = .setOffers(try decoder.message(22))
        case 23: self = .bondProvider(try decoder.message(23))
        case 24: self = .unbondProvider(try decoder.message(24))
        case 25: self = .submitJob(try decoder.message(25))
        case 26: self = .cancelJob(try decoder.message(26))
        case 27: self = .registerRequester(try decoder.message(27))
        case 28: self = .buyCredits(try decoder.message(28))
        case 29: self = .electPay(try decoder.message(29))
        case 30: self = .openDispute(try decoder.message(30))
        case 31: self = .unjail(try decoder.message(31))
        case 32: self = .proveMissedDuties(try decoder.message(32))
        case 33: self = .declareEngine(try decoder.message(33))
        case 40: self = .sealResults(try decoder.message(40))
        case 41: self = .revealResults(try decoder.message(41))
        case 50: self = .proposeChange(try decoder.message(50))
        case 51: self = .voteForChange(try decoder.message(51))
        case 52: self = .reportProposals(try decoder.message(52))
        case 64: self = .answerAdmission(try decoder.message(64))
        case .some(let field): throw .unexpectedField(field)
        case nil: throw .missing(field: 10)
        }
    }

    /// What the action takes from its sender's balance beside the fee, at most.
    package var spending: Amount {
        switch self {
        case .transfer(let transfer): transfer.amount
        case .registerValidator(let registration): registration.stake
        case .bond(let change): change.amount
        case .delegate(let change): change.amount
        case .registerProvider(let registration): registration.bond
        case .bondProvider(let change): change.amount
        case .submitJob(let request): request.spending
        case .openDispute(let dispute): dispute.deposit
        case .buyCredits(let purchase): purchase.amount
        case .unbond, .publish, .setOffers, .unbondProvider, .cancelJob, .registerRequester, .electPay, .sealResults,
            .revealResults, .unjail, .proveMissedDuties, .declareEngine:
            .zero
        case .undelegate, .redelegate, .claim, .setCommission: .zero
        case .proposeChange, .voteForChange, .reportProposals, .answerAdmission: .zero
        }
    }
}

package struct Transfer: Hashable, Sendable, Message {
    package let recipient: Address
    package let amount: Amount

    package init(recipient: Address, amount: Amount) { (self.recipient, self.amount) = (recipient, amount) }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, recipient)
        encoder.unsigned(2, amount.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        recipient = try decoder.fixedBytes(1)
        amount = Amount(try decoder.unsigned(2))
    }
}
