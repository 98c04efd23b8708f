internal import Foundation

/// The files below Fuzzing/seeds. Some are keys that others are signed or sealed with: they protect nothing.
package enum Seeds {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "seeds")

    /// The inputs of that target, in the order of their names.
    package static func of(_ target: FuzzTarget) throws -> [(name: String, bytes: [UInt8])] {
        let path = folder.appending(path: target.rawValue).path
        return try FileManager.default.contentsOfDirectory(atPath: path).sorted()
            .map { ($0, try file(target.rawValue, $0)) }
    }

    static func file(_ folder: String, _ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: Self.folder.appending(path: folder).appending(path: name)))
    }
}
