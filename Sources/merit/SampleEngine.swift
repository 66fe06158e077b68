// The engines of class Q that the local network's providers offer: commands that are on every machine, each over an
// input of its own, so that no two jobs have the same answers.
import Primitives

enum SampleEngine: String, CaseIterable {
    case sha256

    /// As `--engine` of `merit provider start` takes it.
    var command: String {
        switch self {
        case .sha256: "\(rawValue)=sha256sum"
        }
    }

    /// The `number`-th input.
    func input(number: UInt64) -> Bytes {
        var random = Random(seed: number)
        return (0..<512).flatMap { _ in (random.next() as UInt64).bigEndianBytes }
    }
}
