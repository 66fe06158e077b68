// What the signing guard hears, and what it lets through.
import Chain
import Cryptography
import Ledger
import Primitives
import Quorum

extension NodeCore {
    /// The newest verified vote of each validator of the open height, told to a peer when it connects.
    mutating func remember(_ vote: Vote) {
        let place = SigningPlace(vote)
        if let known = newestVotes[vote.validatorAddress], place <= SigningPlace(known) { return }
        newestVotes[vote.validatorAddress] = vote
        if vote.validatorAddress == identity.validator { noteOwn(place) }
    }

    private mutating func noteOwn(_ place: SigningPlace) {
        guard guardian?.saw(place) == true, let floor = guardian?.floor else { return }
        output.notices.append(.signingWithheld(through: floor))
    }

    /// A peer shows the newest vote under this node's key that it has. It is verified here: it comes once a connection.
    mutating func take(newestVote vote: Vote, from peer: PeerID) {
        guard let index = peers.firstIndex(where: { $0.id == peer }), !peers[index].hasShownVote else { return }
        peers[index].hasShownVote = true
        guard members[peer] != nil, let own = ownIndex, vote.validatorAddress == identity.validator else { return }
        let key = view.validators.validators[own].publicKey
        guard Verified(VoteClaim(vote: vote, chainID: view.chainID, key: key)) != nil else {
            output.penalties.append(.badRecord(peer))
            return
        }
        noteOwn(SigningPlace(vote))
    }

    /// How far a validator says it is, this one included.
    mutating func hearTip(_ tip: Height, of validator: Address) {
        let before = guardian?.floor
        guardian?.heard(
            tip, of: validator, among: view.validators, connected: peers.compactMap { members[$0.id] }, now: moment)
        if let floor = guardian?.floor, floor != before { output.notices.append(.signingWithheld(through: floor)) }
    }

    /// The last thing of every step: votes and proposals wait until the guard is open, and leave only above its floor.
    mutating func guardSignatures() {
        guard let guardian else { return }
        heldSigns += output.signs.filter { $0.signedHeight != nil }
        output.signs.removeAll { $0.signedHeight != nil }
        heldSigns.removeAll { $0.signedHeight != view.height }
        guard guardian.isOpen else { return }
        output.signs += heldSigns.filter { guardian.maySign($0.signedHeight ?? .zero) }
        heldSigns = []
    }
}

extension SignIntent {
    /// Of what a double signature would be slashed for.
    fileprivate var signedHeight: Height? {
        switch self {
        case .vote(let statement): statement.height
        case .proposal(_, _, let compact): compact.header.height
        case .batch, .beacon: nil
        }
    }
}
