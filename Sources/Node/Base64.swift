// Standard base64, as CometBFT's JSON writes keys.
import Foundation
import Primitives

enum Base64 {
    static func encode(_ bytes: Bytes) -> String { Data(bytes).base64EncodedString() }
}
