// A dispute from a node that nobody trusts, and the tasks that were in dispute.
import Codec
import Ledger
import LightClient
import Primitives
package import Chain
import RPC

extension DisputeTranscript {
    /// As it was when the block of `header` was executed; nil where the node says that the task was in no dispute then.
    package static func fetch(
        _ place: TaskPlace, before header: Header, from client: RPCClient
    ) throws(LightQueryError) -> DisputeTranscript? {
        let height = header.height.lowered()
        let heads = try LightFollower.states(
            of: [StateKey.dispute(place), StateKey.task(place)], at: height, client)
        guard let value = heads[0].value else { return nil }
        let record: DisputeRecord
        do { record = try DisputeRecord(decoding: value) } catch { throw .badValue(error) }
        let set = try LightFollower.state(of: StateKey.epochSet(record.epoch), at: height, client)
        let members: EpochSet
        do { members = try EpochSet(decoding: set.value ?? []) } catch { throw .badValue(error) }
        let votes = try LightFollower.states(
            of: members.members.map { StateKey.vote(place, of: $0.operatorAddress) }, at: height, client)
        return DisputeTranscript(
            place, header, (heads + [set]).map { ProvedRecord($0) }, votes: votes.map { ProvedRecord($0) })
    }

    /// Where disputes of these ids were voted on, in the blocks from `top` down to `bottom`. A node that hides one
    /// makes an answer shorter and never wrong.
    static func places(
        of ids: Set<Digest>, from top: Height, downTo bottom: Height, _ client: RPCClient
    ) throws(LightQueryError) -> [Digest: TaskPlace] {
        var found: [Digest: TaskPlace] = [:]
        var height = top
        while found.count < ids.count, height >= bottom, height > .zero {
            let answer = try LightFollower.ask(client, "disputes", ["height": .decimal(height)])
            let (places, lowest): ([TaskPlace], Height)
            do throws(ShapeError) { (places, lowest) = try read(answer, from: height) } catch {
                throw .client(.shape(error))
            }
            for place in places where ids.contains(DisputeRecord.id(place)) { found[DisputeRecord.id(place)] = place }
            height = lowest.lowered()
        }
        return found
    }

    private static func read(
        _ answer: JSON, from height: Height
    ) throws(ShapeError) -> (places: [TaskPlace], lowest: Height) {
        var places: [TaskPlace] = []
        for entry in try answer.elements("tasks", max: ExplanationLimits.placesMax) {
            places.append(TaskPlace(job: try entry.fixedHex("job"), index: try entry.number("index")))
        }
        let lowest = try answer.height("lowest")
        guard lowest > .zero, lowest <= height else { throw .wrongForm("lowest") }
        return (places, lowest)
    }
}
