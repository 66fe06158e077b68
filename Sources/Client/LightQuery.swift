// A stranger's question: what does this account hold? Known beforehand is the genesis hash alone, or a newer header's
// hash from a friend. Invariant: an answer is returned only if its ICS-23 proof holds under the app hash of a header
// that follows from that knowledge.
package import Chain
package import Codec
package import Ledger
package import LightClient
package import Primitives
package import Quorum
import RPC

package enum LightQueryError: Error, Sendable {
    case client(ClientError)
    /// The node's genesis is another one.
    case wrongGenesis(Digest)
    case badGenesis(GenesisError)
    /// The first block does not follow from the genesis.
    case notFromGenesis(String)
    /// The block of the checkpoint is not the trusted one.
    case wrongCheckpoint(LightClientError)
    case session(LightSessionError)
    case answer(StateAnswerError)
    /// The node says that it cannot answer.
    case noAnswer(String)
    case badValue(DecodeError)
    case transcript(DisputeTranscriptError)
    case explanation(ExplanationError)
    /// The rows of this epoch are not those under its root.
    case wrongTable(UInt64)

    /// True where nothing was refused and another node, or later, may help.
    package var isUnreachable: Bool {
        switch self {
        case .client(.exchange), .session(.source(.unreachable, _)): true
        default: false
        }
    }
}

/// A header whose hash the user trusts.
package struct Checkpoint: Sendable {
    package let height: Height
    package let hash: Digest

    /// `HEIGHT:HASH`, the hash in hex.
    package init?(_ text: String) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let value = UInt64(parts[0]), let height = Height(value), height > .zero,
            let hash = Digest(hex: String(parts[1]))
        else { return nil }
        (self.height, self.hash) = (height, hash)
    }
}

package struct VerifiedAccount: Sendable {
    /// With what lies in its purse.
    package let account: Account
    /// The height after which the account is like this; the header that proves it is one above.
    package let height: Height
    package let header: Header
    package let chainID: ChainID
}

package struct LightQuery: Sendable {
    private let client: RPCClient
    private let follower: LightFollower

    package init(_ client: RPCClient, genesisHash: Digest, checkpoint: Checkpoint?, options: VerificationOptions) {
        self.client = client
        follower = LightFollower(genesisHash: genesisHash, checkpoint: checkpoint, options: options)
    }

    /// The account as the newest provable state has it; throws unless that is proved.
    package func account(_ address: Address, now: Timestamp) throws(LightQueryError) -> VerifiedAccount {
        var follower = follower
        let proved = try follower.value(of: StateKey.account(address), from: client, now: now)
        var account = Account()
        if let value = proved.value {
            do { account = try Account(decoding: value) } catch { throw .badValue(error) }
        }
        let purse = try purse(of: account, at: proved.height, &follower, now: now)
        return VerifiedAccount(
            account: account.holding(purse), height: proved.height, header: proved.header,
            chainID: try follower.chainID(client))
    }

    /// What settlements paid since the account's last transaction, proved for the same block.
    private func purse(
        of account: Account, at height: Height, _ follower: inout LightFollower, now: Timestamp
    ) throws(LightQueryError) -> Purse {
        guard let number = account.providerNumber else { return Purse() }
        let key = StateKey.purses(page: number.page)
        guard let value = try follower.value(of: key, at: height, from: client, now: now).value else { return Purse() }
        do { return try ProviderPage<Purse>(decoding: value)[number.seat] } catch { throw .badValue(error) }
    }
}
