// The rows that an independent program computed for every formula, and the published rows of other systems.

import Foundation
import TestVectors
import Testing

@testable import Rewards

@Suite("Outside vectors of the reward formulas", .enabled(if: VectorFolder.isPresent))
struct VectorsRewards {
    @Test("every row of every rule gives the expected numbers")
    func rows() throws {
        var count = 0
        for file in try VectorFolder.files(in: "rewards") {
            for row in try JSONDecoder().decode(JSONValue.self, from: file.content)["rows"].list {
                let rule = try #require(row["rule"].text)
                let answer = try VectorRules.evaluate(rule, row["inputs"])
                #expect(answer == row["expected"].fields, "\(row["id"]) \(rule)")
                count += 1
            }
        }
        print("VectorsRewards: \(count) rows")
        #expect(count > 0)
    }

    @Test("the published tables of other systems hold")
    func tables() throws {
        var names: Set<String> = []
        for file in try VectorFolder.files(in: "rewards") {
            let content = try JSONDecoder().decode(JSONValue.self, from: file.content)
            for (name, table) in content.fields where table["source"].text != nil {
                try VectorTables.check(name, table)
                names.insert(name)
            }
        }
        print("VectorsRewards: \(names.count) published tables")
        #expect(names == ["allocation", "eip1559", "emission", "f1", "vesting", "wash_trade"])
    }
}
