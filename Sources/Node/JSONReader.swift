// One object of a JSON file, read strictly: a member that is not listed is refused by name and place.
import Foundation
import Primitives

struct JSONReader {
    private let members: [String: Any]
    private let path: String
    private let place: String

    init(_ content: Bytes, path: String, keys: [String]) throws(HomeError) {
        let value: Any
        do { value = try JSONSerialization.jsonObject(with: Data(content)) } catch {
            let reason = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String ?? "\(error)"
            throw .malformed(path: path, place: "whole file", reason: "no JSON: \(reason)")
        }
        try self.init(value, path: path, place: "", keys: keys)
    }

    private init(_ value: Any, path: String, place: String, keys: [String]) throws(HomeError) {
        (self.path, self.place) = (path, place)
        guard let members = value as? [String: Any] else {
            throw .malformed(path: path, place: place.isEmpty ? "whole file" : place, reason: "is no JSON object")
        }
        self.members = members
        for name in members.keys.sorted() where !keys.contains(name) {
            throw refusal(name, "unknown key; known here are \(keys.joined(separator: ", "))")
        }
    }

    func refusal(_ name: String, _ reason: String) -> HomeError {
        .malformed(path: path, place: place.isEmpty ? name : "\(place).\(name)", reason: reason)
    }

    func has(_ name: String) -> Bool { members[name] != nil }

    func text(_ name: String) throws(HomeError) -> String {
        guard let value = members[name] else { throw refusal(name, "is missing") }
        guard let text = value as? String else { throw refusal(name, "is no text") }
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
        guard let value = members[name] else { throw refusal(name, "is missing") }
        return try JSONReader(value, path: path, place: place.isEmpty ? name : "\(place).\(name)", keys: keys)
    }

    func objects(_ name: String, keys: [String], max: Int) throws(HomeError) -> [JSONReader] {
        let list = try array(name)
        guard list.count <= max else { throw refusal(name, "has \(list.count) entries, at most \(max) are allowed") }
        var readers: [JSONReader] = []
        for (index, value) in list.enumerated() {
            let inner = (place.isEmpty ? name : "\(place).\(name)") + "[\(index)]"
            readers.append(try JSONReader(value, path: path, place: inner, keys: keys))
        }
        return readers
    }

    func texts(_ name: String) throws(HomeError) -> [String] {
        guard let texts = try array(name) as? [String] else { throw refusal(name, "is no list of texts") }
        return texts
    }

    /// Members whose names are data, ascending by name.
    func entries(_ name: String) throws(HomeError) -> [(name: String, value: UInt64)] {
        guard let value = members[name] as? [String: Any] else { throw refusal(name, "is no JSON object") }
        let reader = try JSONReader(value, path: path, place: name, keys: Array(value.keys))
        var entries: [(name: String, value: UInt64)] = []
        for key in value.keys.sorted() { entries.append((key, try reader.number(key))) }
        return entries
    }

    private func array(_ name: String) throws(HomeError) -> [Any] {
        guard let value = members[name] else { throw refusal(name, "is missing") }
        guard let list = value as? [Any] else { throw refusal(name, "is no list") }
        return list
    }
}
