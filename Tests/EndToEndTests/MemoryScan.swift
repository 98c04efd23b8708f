import Foundation
import Testing

/// Where keys, and what equals them, stand in the memory of a process, as scan_memory.py finds them.
struct MemoryScan: Decodable {
    /// For each key, how many pieces of each form stand in locked pages that dumps leave out.
    let inside: [String: [String: Int]]
    let outside: [Place]

    struct Place: Decodable {
        let key: String
        let form: String
        let mapping: String
        let at: String
    }

    /// - Parameters:
    ///   - keys: By name, a private JWK, or the text of a PEM file.
    ///   - tokens: By the name of the key that signed them.
    init(of process: Process, keys: [String: Any], tokens: [String: [String]] = [:]) throws {
        try self.init(of: "\(process.processIdentifier)", keys, tokens)
    }

    /// Looks into a core file, where all that stands is outside of what dumps leave out.
    init(ofCore file: String, keys: [String: Any]) throws { try self.init(of: file, keys, [:]) }

    private init(of place: String, _ keys: [String: Any], _ tokens: [String: [String]]) throws {
        let script = TestDaemon.packageRoot.appending(path: "Tests/EndToEndTests/scan_memory.py").path
        let request = try JSONSerialization.data(
            withJSONObject: ["keys": keys, "tokens": tokens], options: .withoutEscapingSlashes)
        let scan = try Program.run(
            Program.python, [script, place], input: String(decoding: request, as: UTF8.self))
        try #require(scan.status == 0, "\(scan.errors)")
        self = try JSONDecoder().decode(MemoryScan.self, from: Data(scan.output.utf8))
    }
}

/// The text of a key file, as a scan takes it.
func privateKey(_ text: String) throws -> Any {
    text.hasPrefix("{") ? try JSONSerialization.jsonObject(with: Data(text.utf8)) : text
}

extension TestDaemon {
    /// The keys of rings that have one each, as a scan takes them, by the names of the rings.
    func privateKeys(of rings: [TestRing]) throws -> [String: Any] {
        var keys: [String: Any] = [:]
        for ring in rings { keys[ring.name] = try privateKey(key(of: ring)) }
        return keys
    }
}

extension Process {
    /// Waits until one of its threads stands in a write to standard output, or it ends.
    func waitUntilWriting() throws {
        let threads = "/proc/\(processIdentifier)/task"
        let isWriting = {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: threads)) ?? []
            return names.contains { name in
                let call = try? String(contentsOfFile: "\(threads)/\(name)/syscall", encoding: .utf8)
                return call?.hasPrefix("1 0x1 ") ?? false
            }
        }
        try awaitResult("it writes, or has ended") { isWriting() || !isRunning ? true : nil }
    }
}
