// Where light blocks come from: a node's RPC in the real client, a list in tests. Nothing it says is believed.
package import Primitives

package enum LightSourceError: Error, Equatable, Sendable {
    case unreachable
    /// The source has no block at this height, for whatever reason it gives.
    case notAvailable
    /// What came is no light block.
    case malformed
}

package protocol LightSource {
    /// The block of `height` with its validator sets.
    func lightBlock(at height: Height) throws(LightSourceError) -> LightBlock
}
