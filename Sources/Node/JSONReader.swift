// One object of a JSON file, read strictly: a member that is not listed is refused by name and place.
import Primitives
import RPC

struct JSONReader {
    private let members: [JSON.Member]
    private let path: String
    private let place: String

    init(_ content: Bytes, path: String, keys: [String]) throws(HomeError) {
        let value: JSON
        do { value = try JSON(parsing: content, max: content.count) } catch {
            throw .malformed(path: path, place: "whole file", reason: "no JSON: \(error)")
        }
        try self.init(value, path: path, place: "", keys: keys)
    }

    private init(_ value: JSON, path: String, place: String, keys: [String]) throws(HomeError) {
        (self.path, self.place) = (path, place)
        guard case .object(let members) = value else {
            throw .malformed(path: path, place: place.isEmpty ? "whole file" : place, reason: "is no JSON object")
        }
        self.members = members
        for member in members where !keys.contains(member.name) {
            throw refusal(member.name, "unknown key; known here are \(keys.joined(separator: ", "))")
        }
    }

    private func inner(_ name: String) -> String { place.isEmpty ? name : "\(place).\(name)" }

    func refusal(_ name: String, _ reason: String) -> HomeError {
        .malformed(path: path, place: inner(name), reason: reason)
    }

    func has(_ name: String) -> Bool { members.contains { $0.name == name } }

    private func member(_ name: String) throws(HomeError) -> JSON {
        guard let member = members.first(where: { $0.name == name }) else { throw refusal(name, "is missing") }
        return member.value
    }

    func text(_ name: String) throws(HomeError) -> String {
        guard case .string(let text) = try member(name) else { throw refusal(name, "is no text") }
        return text
    }

    /// Lower- or upper-case hex of any length.
    func hex(_ name: String) throws(HomeError) -> Bytes {
        guard let bytes = Hex.decode(try text(name)) else { throw refusal(name, "is no hex") }
        return bytes
    }

    /// A number of 64 bits in decimal, as a text.
    func number(_ name: String) throws(HomeError) -> UInt64 {
        guard let value = UInt64(try text(name)) else { throw refusal(name, "is no number in quotes") }
        return value
    }

    func signed(_ name: String) throws(HomeError) -> Int64 {
        guard let value = Int64(try text(name)) else { throw refusal(name, "is no number in quotes") }
        return value
    }

    func object(_ name: String, keys: [String]) throws(HomeError) -> JSONReader {
        try JSONReader(try member(name), path: path, place: inner(name), keys: keys)
    }

    func objects(_ name: String, keys: [String], max: Int) throws(HomeError) -> [JSONReader] {
        let list = try array(name)
        guard list.count <= max else { throw refusal(name, "has \(list.count) entries, at most \(max) are allowed") }
        var readers: [JSONReader] = []
        for (index, value) in list.enumerated() {
            readers.append(try JSONReader(value, path: path, place: "\(inner(name))[\(index)]", keys: keys))
        }
        return readers
    }

    func texts(_ name: String) throws(HomeError) -> [String] {
        var texts: [String] = []
        for value in try array(name) {
            guard case .string(let text) = value else { throw refusal(name, "is no list of texts") }
            texts.append(text)
        }
        return texts
    }

    /// Members whose names are data, in the file's order.
    func entries(_ name: String) throws(HomeError) -> [(name: String, value: UInt64)] {
        guard case .object(let members) = try member(name) else { throw refusal(name, "is no JSON object") }
        let reader = try object(name, keys: members.map(\.name))
        var entries: [(name: String, value: UInt64)] = []
        for member in members { entries.append((member.name, try reader.number(member.name))) }
        return entries
    }

    private func array(_ name: String) throws(HomeError) -> [JSON] {
        guard case .array(let list) = try member(name) else { throw refusal(name, "is no list") }
        return list
    }
}
