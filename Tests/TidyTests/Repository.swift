// The files of this checkout: those git knows or would add; without git, all but build products.
import Foundation
import Testing

struct Repository {
    let root: URL
    /// Paths from the root, sorted.
    let paths: [String]

    static let current = Repository()

    private init() {
        var folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        while !FileManager.default.fileExists(atPath: folder.appendingPathComponent("Package.swift").path) {
            precondition(folder.pathComponents.count > 1, "no Package.swift above \(#filePath)")
            folder.deleteLastPathComponent()
        }
        root = folder
        paths = (Self.listedByGit(folder) ?? Self.walked(folder)).filter {
            FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
        }.sorted()
        precondition(paths.contains("Package.swift"), "the list of files lacks Package.swift: \(paths.count) files")
    }

    private static func listedByGit(_ folder: URL) -> [String]? {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [
            "git", "-C", folder.path, "ls-files", "-z", "--cached", "--others", "--exclude-standard",
        ]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        guard (try? process.run()) != nil else { return nil }
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { return nil }
        return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func walked(_ folder: URL) -> [String] {
        let skipped: Set = [".build", ".git", ".swiftpm", "Package.resolved", "__pycache__"]
        guard let walk = FileManager.default.enumerator(atPath: folder.path) else { return [] }
        var result: [String] = []
        while let path = walk.nextObject() as? String {
            if skipped.contains((path as NSString).lastPathComponent) {
                walk.skipDescendants()
            } else if walk.fileAttributes?[.type] as? FileAttributeType == .typeRegular {
                result.append(path)
            }
        }
        return result
    }

    /// nil for a file that is not UTF-8 text.
    func text(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: root.appendingPathComponent(path).path) else {
            return nil
        }
        return String(data: data, encoding: .utf8)
    }

    /// The Swift files under the given folders.
    func swiftSources(_ folders: String...) -> [SwiftSource] {
        paths.filter { path in path.hasSuffix(".swift") && folders.contains { path.hasPrefix($0 + "/") } }
            .compactMap { path in text(path).map { SwiftSource(path: path, text: $0) } }
    }
}

/// One issue for every finding, so that each is a line of the output.
func expectNone(_ findings: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    for finding in findings { Issue.record("\(finding)", sourceLocation: sourceLocation) }
}
