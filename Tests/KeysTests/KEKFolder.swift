import Foundation
import Keys
import StrictJSON
import Testing

/// A key directory, and KEKs in a directory beside it.
struct KEKFolder {
    let keys: KeyFolder
    private let directory: String

    init() throws {
        keys = try KeyFolder()
        directory = keys.parent + "/keks"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        try keys.setMode(0o700, directory)
    }

    func path(_ name: String) -> String { directory + "/" + name }

    /// Makes a KEK whose kid is its file's name; returns its path.
    @discardableResult
    func makeKEK(_ name: String = "kek") throws -> String {
        _ = try KEKCreation(file: path(name)).createKey(kid: ByteString(name))
        return path(name)
    }

    /// Writes a KEK by hand.
    @discardableResult
    func write(_ name: String, _ text: String) throws -> String {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
        try keys.setMode(0o600, path(name))
        return path(name)
    }

    /// Makes a key and seals it; returns the path of its sealed file.
    @discardableResult
    func sealKey(_ kid: String, byte: UInt8 = 1, under kek: String, ring: ByteString = "default") throws -> String {
        try keys.writeKey(kid + ".jwk", kid: kid, byte: byte)
        let report = try KeySealing(keys.place(ring: ring, keks: [kek])).seal(kid: ByteString(kid))
        return try #require(report.changes.first).file
    }
}
