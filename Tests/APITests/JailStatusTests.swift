// What a node says of its validator's jail.
import API
import Chain
import Codec
import Cryptography
import Primitives
import RPC
import Testing

@testable import Ledger

@Suite("jail in the status")
struct JailStatusTests {
    @Test("the status of a validator in jail has its term and what to type; that of others has nothing of it")
    func jail() async throws {
        var chain = try TestChain.small()
        let free = await RPCHandler(TestNode(chain)).get("/status").body
        #expect(try JSON(parsing: free, max: 1 << 20).member("result")["jail"] == nil)
        let operatorAddress = chain.keys[0].account.address
        var writes = WriteBatch()
        writes.put(
            .state, key: StateKey.standing(operatorAddress),
            value: StandingRecord(jailings: 1, jailedEpoch: 0, freeEpoch: 2).encoded)
        chain.store.commit(writes)
        let body = await RPCHandler(TestNode(chain)).get("/status").body
        let jail = try JSON(parsing: body, max: 1 << 20).member("result").member("jail")
        #expect(
            jail == [
                "operator": .string(operatorAddress.bech32), "epoch": "0", "free_epoch": "2", "over": false,
                "return_with": "merit stake unjail --key KEY.json --node http://127.0.0.1:2",
            ])
    }
}
