// How the loss of a training run went: what it must have come to, and a plot for a terminal.

struct TrainingCurve {
    struct Round {
        /// Median of the tasks' losses, by the model that the round began with.
        let loss: Float
        /// Samples that this model named rightly, of how many.
        let right: Int
        let samples: Int
        /// Tasks whose answers were used, of how many.
        let used: Int
        let tasks: Int
    }

    static let roundsMin = 8
    private static let rowsMax = 24
    private static let width = 48

    private(set) var rounds: [Round] = []

    mutating func add(_ round: Round) { rounds.append(round) }

    /// The mean loss of the last two rounds; one round alone may be lucky.
    var end: Float? {
        rounds.count < 2 ? nil : (rounds[rounds.count - 2].loss + rounds[rounds.count - 1].loss) / 2
    }

    /// Why this is no training: too few rounds, or a loss that did not fall below half of the first.
    var failures: [String] {
        guard let first = rounds.first, let end, rounds.count >= Self.roundsMin else {
            return ["\(rounds.count) rounds of training, \(Self.roundsMin) are asked for"]
        }
        return end < first.loss / 2
            ? [] : ["the loss went from \(Self.decimals(first.loss)) to \(Self.decimals(end)), not below half of it"]
    }

    /// `round 3: loss 0.81, 82 % named rightly, 12 of 12 results`.
    static func line(_ number: Int, _ round: Round) -> String {
        "training round \(number): loss \(decimals(round.loss)), \(percent(round)) of digits named rightly, "
            + "\(round.used) of \(round.tasks) results"
    }

    /// A bar for each round, or for every second, third, … of many, and for the last.
    var plot: [String] {
        guard let most = rounds.map(\.loss).max(), most > 0 else { return [] }
        let stride = (rounds.count + Self.rowsMax - 1) / Self.rowsMax
        var table = TextTable(["round", "loss", "right", ""])
        for (index, round) in rounds.enumerated() where index % stride == 0 || index == rounds.count - 1 {
            let length = Int((round.loss / most * Float(Self.width)).rounded())
            table.add([
                "\(index + 1)", Self.decimals(round.loss), Self.percent(round), String(repeating: "#", count: length),
            ])
        }
        return ["", "Training"] + table.lines
    }

    private static func percent(_ round: Round) -> String {
        "\(round.samples == 0 ? 0 : round.right * 100 / round.samples) %"
    }

    /// Three decimals.
    static func decimals(_ value: Float) -> String {
        let thousandths = Int((value * 1_000).rounded())
        return "\(thousandths / 1_000)." + String(String(1_000 + thousandths % 1_000).dropFirst())
    }
}
