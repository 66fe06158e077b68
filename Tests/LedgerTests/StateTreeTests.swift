// The state tree against the definition of its root, against Chain's verifier, and against its own promise about space.
import Chain
import Codec
import Dispatch
import Ledger
import Primitives
import Testing

@Suite("State tree")
struct StateTreeTests {
    /// The root straight from the definition: `leaves` sorted by hashed key, all in one subtree of `depth`.
    static func definition(_ leaves: [(hash: Digest, leaf: Digest)], depth: Int = 0) -> Digest {
        if leaves.isEmpty { return .zero }
        if leaves.count == 1 { return leaves[0].leaf }
        return StateHash.inner(
            definition(leaves.filter { !$0.hash.bit(depth) }, depth: depth + 1),
            definition(leaves.filter { $0.hash.bit(depth) }, depth: depth + 1))
    }

    static func definition(of state: [Bytes: Bytes]) -> Digest {
        definition(
            state.map { (StateHash.key($0.key), StateHash.leaf(keyHash: StateHash.key($0.key), value: $0.value)) })
    }

    /// A tree, its store, and what every version ought to hold.
    struct Model {
        var store = MemoryStore()
        var states: [[Bytes: Bytes]] = []
        var roots: [Digest] = []
        var random: Random
        /// The newest.
        var changes: [(key: Bytes, value: Bytes?)] = []

        init(seed: UInt64) { random = Random(seed: seed) }

        var height: Height { Height(UInt64(states.count))! }

        mutating func apply(_ changes: [(key: Bytes, value: Bytes?)]) {
            self.changes = changes
            var state = states.last ?? [:]
            for change in changes { state[change.key] = change.value }
            let (root, writes) = StateTree.update(changes, version: height, on: store)
            store.commit(writes)
            states.append(state)
            roots.append(root)
        }

        /// A batch over `keys` keys: writes, deletions, and some that change nothing.
        mutating func step(keys: UInt64, count: Int) {
            var changes: [(key: Bytes, value: Bytes?)] = []
            for _ in 0..<count {
                let key = Bytes("key".utf8) + random.below(keys).bigEndianBytes.suffix(2)
                changes.append((key, random.below(3) == 0 ? nil : [1] + random.bytes(Int(random.below(5)))))
            }
            apply(changes)
        }
    }

    static func height(_ value: Int) -> Height { Height(UInt64(value))! }

    @Test("the root of a tree without leaves is 32 zero bytes, also after the last deletion")
    func empty() {
        var model = Model(seed: 1)
        model.apply([])
        #expect(model.roots == [.zero])
        #expect(StateTree.root(at: .zero, in: model.store) == .zero)
        #expect(StateTree.proof(for: [1], version: .zero, in: model.store) == nil)
        model.apply([([1], [2]), ([3], [4])])
        model.apply([([1], nil), ([3], nil), ([5], nil)])
        #expect(model.roots[2] == .zero)
        #expect(StateTree.root(at: Self.height(3), in: model.store) == nil)
    }

    @Test("after any updates and deletions the root is the definition's", arguments: [1, 2, 3, 4, 5] as [UInt64])
    func roots(seed: UInt64) throws {
        var model = Model(seed: seed)
        for round in 0..<40 {
            model.step(keys: [4, 40, 400, 4000][round % 4], count: [1, 5, 60][round % 3])
            #expect(model.roots[round] == Self.definition(of: model.states[round]))
        }
        for (index, state) in model.states.enumerated() {
            #expect(StateTree.root(at: Self.height(index), in: model.store) == model.roots[index])
            let leaves = try #require(StateTree.leaves(at: Self.height(index), in: model.store))
            let expected = state.sorted { StateHash.key($0.key) < StateHash.key($1.key) }
            #expect(leaves.map(\.key) == expected.map(\.key))
            let again = try #require(StateTree.leaves(at: Self.height(index), in: model.store))
            #expect(again.map(\.value) == expected.map(\.value))
        }
    }

    /// Runs parts on several threads; a copy of a memory store never changes.
    struct Threaded: Snapshot {
        let base: MemoryStore

        func load(_ table: Table, key: Bytes) -> Bytes? { base.load(table, key: key) }
        func first(_ table: Table, from key: Bytes) -> (key: Bytes, value: Bytes)? { base.first(table, from: key) }
        func last(_ table: Table, upTo key: Bytes) -> (key: Bytes, value: Bytes)? { base.last(table, upTo: key) }
        func forEach(below count: Int, _ body: (Int) -> Void) {
            withoutActuallyEscaping(body) { body in
                nonisolated(unsafe) let body = body
                DispatchQueue.concurrentPerform(iterations: count) { body($0) }
            }
        }
    }

    @Test(
        "threads change neither the root nor a byte or the order of what is written", arguments: [21, 22] as [UInt64])
    func threads(seed: UInt64) throws {
        var model = Model(seed: seed)
        for round in 0..<8 {
            let store = model.store
            let (keys, count) = ([2000, 6000] as [UInt64], [3, 700, 1500])
            model.step(keys: keys[round % 2], count: count[round % 3])
            var changes = Array(model.changes)
            let (root, writes) = StateTree.update(changes, version: Self.height(round), on: Threaded(base: store))
            #expect(root == model.roots[round])
            #expect(root == Self.definition(of: model.states[round]))
            #expect(writes == StateTree.update(changes, version: Self.height(round), on: store).writes)
            let nodes = writes.writes.filter { $0.table == .tree }.map(\.key)
            #expect(zip(nodes, nodes.dropFirst()).allSatisfy { $0.precedes($1) })
            // Of two changes to one key the later wins, in whatever part either is.
            changes.append(contentsOf: changes.prefix(5).map { ($0.key, [9]) })
            let twice = StateTree.update(changes, version: Self.height(round), on: Threaded(base: store))
            #expect(twice.writes == StateTree.update(changes, version: Self.height(round), on: store).writes)
        }
    }

    @Test("keys that agree in many bits get a tree as deep as they need")
    func deep() throws {
        // The two of 40,000 keys whose hashes agree longest: about 28 bits, seven levels of half-bytes.
        let keys = (0..<40_000).map { UInt64($0).bigEndianBytes }.sorted { StateHash.key($0) < StateHash.key($1) }
        func common(_ index: Int) -> Int {
            let (left, right) = (StateHash.key(keys[index]), StateHash.key(keys[index + 1]))
            return (0..<256).first { left.bit($0) != right.bit($0) } ?? 256
        }
        let closest = try #require((0..<(keys.count - 1)).max { common($0) < common($1) })
        #expect(common(closest) > 20)
        var model = Model(seed: 1)
        model.apply([(keys[closest], [1])])
        model.apply([(keys[closest + 1], [2])])
        model.apply([(keys[0], [3])])
        model.apply([(keys[closest], nil)])
        for (index, state) in model.states.enumerated() {
            #expect(model.roots[index] == Self.definition(of: state))
            for key in state.keys {
                let proof = try #require(StateTree.proof(for: key, version: Self.height(index), in: model.store))
                try proof.verify(key: key, value: state[key], root: model.roots[index])
            }
        }
    }

    @Test("neither the order nor the grouping of changes shows in the root")
    func orders() {
        var random = Random(seed: 9)
        let changes = (0..<200).map { (key: UInt64($0).bigEndianBytes, value: Optional([1] + random.bytes(3))) }
        var (whole, single) = (Model(seed: 1), Model(seed: 1))
        whole.apply(changes)
        for change in changes.reversed() { single.apply([change]) }
        #expect(whole.roots.last == single.roots.last)
        var twice = Model(seed: 1)
        twice.apply(changes.map { ($0.key, [9]) } + changes)
        #expect(twice.roots == whole.roots)
    }

    @Test("a change that changes nothing writes the version's root and no node")
    func nothing() {
        var model = Model(seed: 4)
        model.step(keys: 50, count: 60)
        let same = model.states[0].map { (key: $0.key, value: Optional($0.value)) }
        let (root, writes) = StateTree.update(same + [([77], nil)], version: .first, on: model.store)
        #expect(root == model.roots[0])
        #expect(writes.writes.map(\.table) == [.tree, .stale])
    }

    @Test("every key and every absent key of every version is provable, under its root only", arguments: [11, 12, 13])
    func proofs(seed: UInt64) throws {
        var model = Model(seed: seed)
        for round in 0..<6 { model.step(keys: 60, count: [1, 3, 30][round % 3]) }
        for (index, state) in model.states.enumerated() where !state.isEmpty {
            let version = Self.height(index)
            for number in UInt64(0)..<90 {
                let key = Bytes("key".utf8) + number.bigEndianBytes.suffix(2)
                let proof = try #require(StateTree.proof(for: key, version: version, in: model.store))
                #expect(StateTree.value(of: key, at: version, in: model.store) == state[key])
                try CommitmentProof.verify(
                    encoded: proof.encoded, key: key, value: state[key], root: model.roots[index])
                for other in model.roots where other != model.roots[index] {
                    #expect(throws: StateProofError.self) {
                        try proof.verify(key: key, value: state[key], root: other)
                    }
                }
                #expect(throws: StateProofError.self) {
                    try proof.verify(key: key, value: state[key] == nil ? [1] : nil, root: model.roots[index])
                }
            }
        }
    }

    @Test("reading leaves goes on after any hashed key")
    func paging() throws {
        var model = Model(seed: 21)
        model.step(keys: 100, count: 150)
        let all = try #require(StateTree.leaves(at: .zero, in: model.store)).map(\.key)
        for (index, key) in all.enumerated() {
            let rest = try #require(StateTree.leaves(at: .zero, after: StateHash.key(key), in: model.store))
            #expect(rest.map(\.key) == Array(all[(index + 1)...]))
        }
        let between = Digest(Bytes(repeating: 0x80, count: 32))
        let upper = try #require(StateTree.leaves(at: .zero, after: between, in: model.store)).map(\.key)
        #expect(upper == all.filter { StateHash.key($0).bit(0) })
    }

    @Test("old versions stay provable until pruned, and pruning leaves exactly what one version needs")
    func pruning() throws {
        var model = Model(seed: 31)
        for round in 0..<60 { model.step(keys: 200, count: [2, 20][round % 2]) }
        let before = model.store.count(.tree)
        for kept in [10, 40, 59] {
            while true {
                let writes = StateTree.prune(upTo: Self.height(kept), in: model.store)
                if writes.isEmpty { break }
                model.store.commit(writes)
            }
            for index in 0..<60 {
                let root = StateTree.root(at: Self.height(index), in: model.store)
                #expect(root == (index < kept ? nil : model.roots[index]))
                guard index >= kept, let key = model.states[index].keys.min(by: { $0.lexicographicallyPrecedes($1) })
                else { continue }
                let proof = try #require(StateTree.proof(for: key, version: Self.height(index), in: model.store))
                try proof.verify(key: key, value: model.states[index][key], root: model.roots[index])
            }
        }
        #expect(model.store.count(.stale) == 0)
        #expect(model.store.count(.tree) < before / 5)

        // The same state written at once into an empty store has as many nodes, and one root.
        var fresh = Model(seed: 1)
        fresh.apply(model.states[59].map { ($0.key, $0.value) })
        #expect(fresh.roots == [model.roots[59]])
        #expect(model.store.count(.tree) == fresh.store.count(.tree))
    }

    @Test("one call of prune frees a bounded number of versions")
    func boundedPruning() {
        var model = Model(seed: 41)
        for _ in 0..<(StateTreeLimits.prunedVersionsMax + 10) { model.step(keys: 30, count: 2) }
        let top = Self.height(model.states.count - 1)
        model.store.commit(StateTree.prune(upTo: top, in: model.store))
        #expect(model.store.count(.stale) == 9)
        model.store.commit(StateTree.prune(upTo: top, in: model.store))
        #expect(model.store.count(.stale) == 0)
        #expect(StateTree.prune(upTo: top, in: model.store).isEmpty)
    }
}
