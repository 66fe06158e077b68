// Who a peer is: the first 20 bytes of SHA-256 of its transport key, printed as 40 lower-case hex digits. It is read
// from the key the peer proved in the TLS handshake and never from anything the peer says about itself.
package import Primitives

package typealias PeerID = Address
