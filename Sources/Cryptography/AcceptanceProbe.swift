// The start-up check of the signature acceptance rule: one case per rule, made for this purpose. Two nodes whose
// libraries disagree on one signature would split the chain, so a node whose library decides otherwise must not start.
internal import Primitives

package enum AcceptanceProbe {
    struct Case {
        let name: String
        let key: String
        let message: String
        let signature: String
        let accepted: Bool

        init(_ name: String, key: String, message: String, signature: String, accepted: Bool) {
            (self.name, self.key, self.message) = (name, key, message)
            (self.signature, self.accepted) = (signature, accepted)
        }
    }

    /// The rule that this machine's library decides differently; nil when it keeps them all.
    package static func firstDeviation() -> String? {
        for probe in cases {
            guard let key = PublicKey(hex: probe.key), let message = Hex.decode(probe.message),
                let signature = Signature(hex: probe.signature)
            else { preconditionFailure("probe case '\(probe.name)' is not hex") }
            if Ed25519.isValid(signature, over: message, by: key) != probe.accepted { return probe.name }
        }
        return nil
    }

    static let cases: [Case] = [
        Case(
            "an honest signature",
            key: "014f0be068a0ddfc3e8bac491afdef11b893f1a79d5d5bde3b0398930cee943e",
            message: "6d6572697420616363657074616e63652070726f6265",
            signature: "bb0ce49066a82d78fbba77fc87ebb0cbbc3c71999b83f3bf8a8dc33d7a13a514"
                + "a3f97d755b42c08961934e113cefa17d6e66e8517627e747d579f617d53bd206", accepted: true),
        Case(
            "another message",
            key: "014f0be068a0ddfc3e8bac491afdef11b893f1a79d5d5bde3b0398930cee943e",
            message: "6d6572697420616363657074616e63652070726f626521",
            signature: "bb0ce49066a82d78fbba77fc87ebb0cbbc3c71999b83f3bf8a8dc33d7a13a514"
                + "a3f97d755b42c08961934e113cefa17d6e66e8517627e747d579f617d53bd206", accepted: false),
        Case(
            "S + L",
            key: "014f0be068a0ddfc3e8bac491afdef11b893f1a79d5d5bde3b0398930cee943e",
            message: "6d6572697420616363657074616e63652070726f6265",
            signature: "bb0ce49066a82d78fbba77fc87ebb0cbbc3c71999b83f3bf8a8dc33d7a13a514"
                + "90cd73d275a5d2e1373046b41ae980926e66e8517627e747d579f617d53bd216", accepted: false),
        Case(
            "R is the identity",
            key: "014f0be068a0ddfc3e8bac491afdef11b893f1a79d5d5bde3b0398930cee943e",
            message: "6d6572697420616363657074616e63652070726f6265",
            signature: "0100000000000000000000000000000000000000000000000000000000000000"
                + "593fd5be0947ec21e218c7b36e22870fb3f45fac30b4b40f9e8a0aa3b98f320e", accepted: false),
        Case(
            "R has order eight",
            key: "014f0be068a0ddfc3e8bac491afdef11b893f1a79d5d5bde3b0398930cee943e",
            message: "6d6572697420616363657074616e63652070726f6265",
            signature: "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
                + "390ca91d5fa3630734d6bddc494f507154bb865289214508e4f7829cb4379905", accepted: false),
        Case(
            "the key is the identity",
            key: "0100000000000000000000000000000000000000000000000000000000000000",
            message: "6d6572697420616363657074616e63652070726f6265",
            signature: "bb0ce49066a82d78fbba77fc87ebb0cbbc3c71999b83f3bf8a8dc33d7a13a514"
                + "4fdfb1faf6f3097f804b70ea50b26e0adf301db80c6ef1365adb3ce5b60a5403", accepted: false),
        Case(
            "the key has order eight",
            key: "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
            message: "30",
            signature: "bb0ce49066a82d78fbba77fc87ebb0cbbc3c71999b83f3bf8a8dc33d7a13a514"
                + "4fdfb1faf6f3097f804b70ea50b26e0adf301db80c6ef1365adb3ce5b60a5403", accepted: false),
        Case(
            "the key is not canonical",
            key: "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
            message: "6d6572697420616363657074616e63652070726f6265",
            signature: "bb0ce49066a82d78fbba77fc87ebb0cbbc3c71999b83f3bf8a8dc33d7a13a514"
                + "4fdfb1faf6f3097f804b70ea50b26e0adf301db80c6ef1365adb3ce5b60a5403", accepted: false),
        Case(
            "a key with torsion, where the torsion cancels",
            key: "5d2f65cc75e3933fe1c30c29513aa0a66f00c4548ae82d5e85e57721d57739b0",
            message: "3230",
            signature: "bb0ce49066a82d78fbba77fc87ebb0cbbc3c71999b83f3bf8a8dc33d7a13a514"
                + "64bce92c50e0d9fd96d9e68420ef6117b951af7d72f066fa006ed4782e5f3a05", accepted: true),
        Case(
            "a key with torsion, where only the cofactored equation holds",
            key: "5d2f65cc75e3933fe1c30c29513aa0a66f00c4548ae82d5e85e57721d57739b0",
            message: "30",
            signature: "bb0ce49066a82d78fbba77fc87ebb0cbbc3c71999b83f3bf8a8dc33d7a13a514"
                + "6156e014e527cf874b27aac6264079bd25f1b478f3ee4056d13519b151d61905", accepted: false),
        Case(
            "R with torsion, where only the cofactored equation holds",
            key: "014f0be068a0ddfc3e8bac491afdef11b893f1a79d5d5bde3b0398930cee943e",
            message: "6d6572697420616363657074616e63652070726f6265",
            signature: "ab7c0c160284755afa95ad5b5a57541bac1a68940e4084dc865af432fb217a79"
                + "fcb4da228c123dfb99450eaf2594a900b2cee0849d7ff4bb7b7d05fe564bb907", accepted: false),
        Case(
            "R with torsion that the key's torsion cancels",
            key: "5d2f65cc75e3933fe1c30c29513aa0a66f00c4548ae82d5e85e57721d57739b0",
            message: "30",
            signature: "32f31b6f9957d2870445880378144f3443c38e66647c0c4075723cc285ec5aeb"
                + "622936d4a8168e67fce8e1d36b97ddc537c96c9b1f6641b14e583a744ecc9a0c", accepted: true),
        Case(
            "S is zero",
            key: "014f0be068a0ddfc3e8bac491afdef11b893f1a79d5d5bde3b0398930cee943e",
            message: "6d6572697420616363657074616e63652070726f6265",
            signature: "bb0ce49066a82d78fbba77fc87ebb0cbbc3c71999b83f3bf8a8dc33d7a13a514"
                + "0000000000000000000000000000000000000000000000000000000000000000", accepted: false),
        Case(
            "a key off the curve",
            key: "0200000000000000000000000000000000000000000000000000000000000000",
            message: "6d6572697420616363657074616e63652070726f6265",
            signature: "bb0ce49066a82d78fbba77fc87ebb0cbbc3c71999b83f3bf8a8dc33d7a13a514"
                + "a3f97d755b42c08961934e113cefa17d6e66e8517627e747d579f617d53bd206", accepted: false),
    ]
}
