// A provider that lies, for test networks: that lies are found is a property to be seen. It exists here and nowhere
// else. Which tasks are wrong comes from the system's entropy, so nobody can know them beforehand.
import Chain
import Cryptography
import Primitives

struct Cheat {
    /// Of a million tasks so many are answered wrongly; 0 is honest.
    let rate: UInt32

    /// Sometimes another output with its own digest, and another final state, at the price of the honest run.
    func apply(_ output: Bytes, _ result: TaskResult) -> (output: Bytes, result: TaskResult, isWrong: Bool) {
        var generator = SystemRandomNumberGenerator()
        guard rate > 0, UInt32.random(in: 0..<1_000_000, using: &generator) < rate else {
            return (output, result, false)
        }
        var wrong = output
        // The low bits of some numbers, so that the output looks like one of the program.
        for place in stride(from: 0, to: wrong.count, by: max(1, wrong.count / 8)) {
            wrong[place] ^= UInt8.random(in: 1...255, using: &generator)
        }
        let noise = (0..<32).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        let lie = TaskResult(
            output: Hash.sha256(wrong), finalState: Hash.sha256(noise), fuel: result.fuel,
            peakPages: result.peakPages, outputBytes: result.outputBytes)
        return (wrong, lie, true)
    }
}
