// Functions of a Swift file with their sizes, read off the tokens: length in lines, parameters, nested control flow.

struct SwiftShape {
    struct Function: Equatable {
        let name: String
        let line: Int
        var lines: Int
        let parameters: Int
        /// Deepest control flow inside: 1 for an `if` in the body, 2 for an `if` inside that.
        var nesting = 0
    }

    fileprivate enum Block { case function(Int), control, other }

    private(set) var functions: [Function] = []

    private static let functionWords: Set = ["func", "init", "deinit", "subscript"]
    private static let controlWords: Set = ["if", "else", "for", "while", "repeat", "switch", "do", "catch"]
    private static let otherWords: Set = [
        "struct", "class", "enum", "extension", "protocol", "actor", "get", "set", "guard",
    ]

    init(_ source: SwiftSource) {
        let tokens = source.tokens
        var blocks: [Block] = []
        var parentheses = 0
        // The head whose `{` is awaited, at the depth of parentheses where it began.
        var head: (word: String, index: Int, depth: Int)?
        for (index, token) in tokens.enumerated() {
            let previous = index > 0 ? tokens[index - 1].text : ""
            switch token.text {
            case "(", "[": parentheses += 1
            case ")", "]": parentheses -= 1
            case "{":
                let isOwn = head?.depth == parentheses
                blocks.append(open(isOwn ? head : nil, tokens, depth: blocks.controlDepth))
                if isOwn { head = nil }
            case "}":
                if case .function(let number)? = blocks.popLast() {
                    functions[number].lines = token.line - functions[number].line + 1
                }
                head = nil
            case "=" where head?.word == "var", "\n" where head?.word == "var": head = nil
            // The way out of a guard is no level.
            case "else" where head?.word == "guard": break
            case let word where Self.isHead(word) && ![".", "#"].contains(previous): head = (word, index, parentheses)
            default: break
            }
        }
    }

    private static func isHead(_ word: String) -> Bool {
        word == "var" || functionWords.contains(word) || controlWords.contains(word) || otherWords.contains(word)
    }

    private mutating func open(
        _ head: (word: String, index: Int, depth: Int)?, _ tokens: [SwiftSource.Token], depth: (Int, Int?)
    ) -> Block {
        guard let head else { return .other }
        if Self.controlWords.contains(head.word) {
            if let number = depth.1 { functions[number].nesting = max(functions[number].nesting, depth.0 + 1) }
            return .control
        }
        guard Self.functionWords.contains(head.word) || head.word == "var" else { return .other }
        let name = tokens[(head.index + 1)...].first { $0.isWord }?.text ?? head.word
        let parameters = ["func", "subscript"].contains(head.word) ? Self.parameters(tokens[head.index...]) : 0
        let line = tokens[head.index].line
        functions.append(Function(name: name, line: line, lines: 1, parameters: parameters))
        return .function(functions.count - 1)
    }

    /// Commas at the first level of the first parentheses, plus one unless they are empty.
    private static func parameters(_ tokens: ArraySlice<SwiftSource.Token>) -> Int {
        var depth = 0
        var count = 0
        var isEmpty = true
        for token in tokens.drop(while: { $0.text != "(" }) where token.text != "\n" {
            switch token.text {
            case "(", "[", "<", "{":
                depth += 1
                if depth > 1 { isEmpty = false }
            case ")", "]", ">", "}":
                depth -= 1
                if depth == 0 { return isEmpty ? 0 : count + 1 }
            case "," where depth == 1: count += 1
            default: isEmpty = false
            }
        }
        return count
    }
}

extension [SwiftShape.Block] {
    /// Control blocks since the innermost function, and that function's number.
    fileprivate var controlDepth: (Int, Int?) {
        var depth = 0
        for block in reversed() {
            switch block {
            case .function(let number): return (depth, number)
            case .control: depth += 1
            case .other: continue
            }
        }
        return (depth, nil)
    }
}
