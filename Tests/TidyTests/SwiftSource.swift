// A Swift file as the rules see it: code without the content of comments and strings, cut into tokens.
// It knows just enough of the language: nested comments, raw and multi-line strings, interpolation, extended regexes.

struct SwiftSource {
    struct Token: Equatable {
        let text: String
        /// Counted from 1.
        let line: Int
        var isWord: Bool { text.utf8.first.map(SwiftSource.isWordByte) ?? false }
    }

    let path: String
    let lines: [Substring]
    let tokens: [Token]

    init(path: String, text: String) {
        self.path = path
        lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        var masker = Masker(Array(text.utf8))
        tokens = Self.tokens(of: masker.masked())
    }

    /// The code with comments blanked, strings kept: what a reader of literals needs.
    static func withoutComments(_ text: String) -> String {
        var masker = Masker(Array(text.utf8), keepsStrings: true)
        return String(decoding: masker.masked(), as: UTF8.self)
    }

    static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), 0x80...:
            true
        default: false
        }
    }

    private static func tokens(of code: [UInt8]) -> [Token] {
        var result: [Token] = []
        var line = 1
        var index = 0
        while index < code.count {
            let start = index
            let byte = code[index]
            index += 1
            if byte == UInt8(ascii: "\n") {
                line += 1
            } else if isWordByte(byte) {
                while index < code.count, isWordByte(code[index]) { index += 1 }
            } else if byte == UInt8(ascii: "-"), index < code.count, code[index] == UInt8(ascii: ">") {
                index += 1
            } else if [UInt8(ascii: " "), UInt8(ascii: "`"), UInt8(ascii: "\t"), UInt8(ascii: "\r")].contains(byte) {
                continue
            }
            let text = String(decoding: code[start..<index], as: UTF8.self)
            result.append(Token(text: text, line: text == "\n" ? line - 1 : line))
        }
        return result
    }
}

/// Blanks comments and the content of strings, byte for byte, so that lines and columns stay.
private struct Masker {
    private enum Mode {
        case code(parentheses: Int)
        case string(hashes: Int, isMultiline: Bool)
    }

    private let source: [UInt8]
    private let keepsStrings: Bool
    private var output: [UInt8] = []
    private var index = 0
    private var modes: [Mode] = [.code(parentheses: 0)]

    init(_ source: [UInt8], keepsStrings: Bool = false) {
        self.source = source
        self.keepsStrings = keepsStrings
        output.reserveCapacity(source.count)
    }

    mutating func masked() -> [UInt8] {
        while index < source.count {
            switch modes[modes.count - 1] {
            case .code(let parentheses): stepInCode(parentheses)
            case .string(let hashes, let isMultiline): stepInString(hashes, isMultiline)
            }
        }
        return output
    }

    private func at(_ text: StaticString, offset: Int = 0) -> Bool {
        let start = index + offset
        guard start + text.utf8CodeUnitCount <= source.count else { return false }
        return (0..<text.utf8CodeUnitCount).allSatisfy { source[start + $0] == text.utf8Start[$0] }
    }

    private func hashes(at start: Int) -> Int {
        var count = 0
        while start + count < source.count, source[start + count] == UInt8(ascii: "#") { count += 1 }
        return count
    }

    private mutating func keep(_ count: Int = 1) {
        output += source[index..<min(index + count, source.count)]
        index = min(index + count, source.count)
    }

    private mutating func blank(_ count: Int = 1) {
        for byte in source[index..<min(index + count, source.count)] {
            output.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " "))
        }
        index = min(index + count, source.count)
    }

    private mutating func mask(_ count: Int = 1) {
        if keepsStrings { keep(count) } else { blank(count) }
    }

    private mutating func stepInCode(_ parentheses: Int) {
        let hashes = hashes(at: index)
        if at("//") {
            while index < source.count, source[index] != UInt8(ascii: "\n") { blank() }
        } else if at("/*") {
            blankComment()
        } else if at("\"\"\"", offset: hashes) {
            keep(hashes + 3)
            modes.append(.string(hashes: hashes, isMultiline: true))
        } else if at("\"", offset: hashes) {
            keep(hashes + 1)
            modes.append(.string(hashes: hashes, isMultiline: false))
        } else if hashes > 0, at("/", offset: hashes) {
            blankRegex(hashes)
        } else if at("("), modes.count > 1 {
            modes[modes.count - 1] = .code(parentheses: parentheses + 1)
            keep()
        } else if at(")"), modes.count > 1 {
            if parentheses == 0 {
                modes.removeLast()
            } else {
                modes[modes.count - 1] = .code(parentheses: parentheses - 1)
            }
            keep()
        } else {
            keep()
        }
    }

    private mutating func blankComment() {
        var depth = 0
        repeat {
            if at("/*") {
                depth += 1
                blank(2)
            } else if at("*/") {
                depth -= 1
                blank(2)
            } else {
                blank()
            }
        } while depth > 0 && index < source.count
    }

    private mutating func blankRegex(_ hashes: Int) {
        blank(hashes + 1)
        while index < source.count, !(at("/") && self.hashes(at: index + 1) >= hashes) { blank() }
        blank(hashes + 1)
    }

    private mutating func stepInString(_ hashes: Int, _ isMultiline: Bool) {
        if at("\\"), self.hashes(at: index + 1) >= hashes {
            if at("(", offset: hashes + 1) {
                mask(hashes + 1)
                keep()
                modes.append(.code(parentheses: 0))
            } else {
                mask(hashes + 2)
            }
        } else if isMultiline ? at("\"\"\"") : at("\""), self.hashes(at: index + (isMultiline ? 3 : 1)) >= hashes {
            keep((isMultiline ? 3 : 1) + hashes)
            modes.removeLast()
        } else if !isMultiline, at("\n") {
            keep()
            modes.removeLast()
        } else {
            mask()
        }
    }
}
