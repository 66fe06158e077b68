// What `merit query account` shows people and accountants.
import ArgumentParser
import Primitives
import RPC
import Testing

@testable import merit

@Suite("The answer of query account")
struct AccountQueryTests {
    @Test("each part of an account has its line and its date; what is not there has none")
    func text() throws {
        let found: JSON = [
            "address": "merit1abc", "balance": "1500000000", "sequence": "3", "height": "90", "epoch": "4",
            "credits": "0", "bonds": ["validator": "0", "provider": "7000000000000"],
            "unbonding": [["role": "provider", "amount": "5", "free_epoch": "8"]], "held": "0",
            "vesting": "300", "unlocked": "40",
            "releases": [["epoch": "5", "amount": "100"], ["epoch": "6", "amount": "200"]],
            "takes_credits": false, "referrer": "", "delegations": [], "locked": false,
        ]
        let lines = try AccountQuery.text(found).split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "merit1abc at height 90, epoch 4",
                "  what                          MRT  when",
                "  free                  1.500000000  now",
                "  unlocked              0.000000040  free with the next transaction",
                "  bond, provider     7000.000000000  after unbonding",
                "  leaving, provider     0.000000005  epoch 8 begins",
                "  vesting               0.000000300  as follows",
                "    of it               0.000000100  epoch 5 ends",
                "    of it               0.000000200  epoch 6 ends",
            ])
    }

    @Test("where a slash waits for its engine, bond and what is unlocked do not say that they are free")
    func locked() throws {
        let found: JSON = [
            "address": "merit1abc", "balance": "0", "sequence": "0", "height": "9", "epoch": "1", "credits": "0",
            "bonds": ["validator": "5", "provider": "7"], "unbonding": [], "held": "0", "vesting": "0",
            "unlocked": "3", "releases": [], "takes_credits": false, "referrer": "", "delegations": [],
            "locked": true,
        ]
        let lines = try AccountQuery.text(found).split(separator: "\n").map(String.init)
        #expect(lines.filter { $0.hasSuffix("when the slashes that wait are decided") }.count == 3)
        #expect(lines.last?.hasPrefix("Slashes of it wait for their engine") == true)
    }

    @Test("stake behind validators of others stands with its worth, its rewards and what moves; so does a referrer")
    func delegations() throws {
        let found: JSON = [
            "address": "merit1abc", "balance": "0", "sequence": "0", "height": "9", "epoch": "1", "credits": "7",
            "bonds": ["validator": "0", "provider": "0"], "unbonding": [], "held": "0", "vesting": "0",
            "unlocked": "0", "releases": [], "takes_credits": true, "referrer": "merit1ref",
            "delegations": [
                [
                    "validator": "merit1v", "worth": "4000000000", "joining": "5", "maturing": "0", "leaving": "6",
                    "claimable": "3",
                ]
            ], "locked": false,
        ]
        let lines = try AccountQuery.text(found).split(separator: "\n").map(String.init)
        #expect(
            lines == [
                "merit1abc at height 9, epoch 1",
                "  what                    MRT  when",
                "  free            0.000000000  now",
                "  behind merit1v  4.000000000  after unbonding",
                "    joining it    0.000000005  this epoch ends",
                "    leaving it    0.000000006  after unbonding",
                "    earned there  0.000000003  with `merit stake claim`",
                "  credits         0.000000007  for fees only",
                "  vesting         0.000000000  as follows",
                "Referred by merit1ref, who is paid a part of its fees for a time.",
                "Its fees as a provider are paid in credits.",
            ])
    }

    @Test("a line for accounting has as many fields as the header, and a slash is negative")
    func income() throws {
        let income = Income(epoch: 2, height: "81", date: "2026-01-02T03:04:05Z")
        let reward: JSON = [
            "kind": "fee", "asset": "mrt", "amount": "9856", "reason": "newcomer_haircut", "evidence": "A4",
        ]
        let slash: JSON = ["offence": "wrong_result", "amount": "12", "evidence": "B5"]
        let lines = [try income.line(reward: reward), try income.line(slash: slash)]
        #expect(
            lines == [
                "2026-01-02T03:04:05Z,2,81,fee,mrt,0.000009856,newcomer_haircut,A4",
                "2026-01-02T03:04:05Z,2,81,slash,mrt,-0.000000012,wrong_result,B5",
            ])
        let columns = Income.header.split(separator: ",").count
        #expect(lines.allSatisfy { $0.split(separator: ",").count == columns })
    }

    @Test("flags that belong together are asked for together")
    func flags() throws {
        let account = Address(Bytes(repeating: 3, count: 20))?.bech32 ?? ""
        let node = ["--node", "http://127.0.0.1:1"]
        #expect(throws: Never.self) {
            try AccountQuery.parse([account] + node + ["--csv", "--from", "1", "--to", "2"])
        }
        for wrong in [["--from", "1"], ["--csv", "--json"], ["--csv", "--from", "3", "--to", "2"]] {
            #expect(throws: (any Error).self, "\(wrong)") { try AccountQuery.parse([account] + node + wrong) }
        }
        #expect(throws: (any Error).self) { try AccountQuery.parse(["merit1x"] + node) }
    }
}
