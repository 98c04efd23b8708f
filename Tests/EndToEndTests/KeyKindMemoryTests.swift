import Foundation
import Testing

@Suite(
    "Keys of every kind stand only in locked memory",
    .enabled(if: geteuid() == 0, "reading another process's memory needs root"))
struct KeyKindMemoryTests {
    private static let kinds = TestRing.everyKind

    private func expectClean(_ scan: MemoryScan, _ when: String) {
        #expect(scan.outside.isEmpty, "\(when): \(scan.outside.prefix(20))")
        // That the scanner finds each key where it may stand shows that it would find it elsewhere.
        for (ring, form) in Self.kinds {
            #expect(scan.inside[ring.name]?[form] ?? 0 > 0, "\(when): \(ring.name) \(form)")
        }
    }

    @Test("MEM-1 nothing of a key of any kind stands outside of locked pages, at rest and after use")
    func everyKind() throws {
        let daemon = try TestDaemon(rings: Self.kinds.map(\.ring))
        let keys = try daemon.privateKeys(of: Self.kinds.map(\.ring))
        expectClean(try MemoryScan(of: daemon.process, keys: keys), "at rest")
        let clients = try (0..<4).map { _ in try daemon.connect() }
        for _ in 0..<50 {
            for client in clients {
                for (ring, _) in Self.kinds {
                    let sign = #"{"op":"sign","profile":"\#(ring.name)","claims":{"sub":"a"}}"#
                    let token = try client.ask(sign).text("token")
                    let verify = #"{"op":"verify","profile":"\#(ring.name)","token":"\#(token)"}"#
                    #expect(try client.ask(verify).isValid == true)
                }
            }
        }
        let scan = try MemoryScan(of: daemon.process, keys: keys)
        expectClean(scan, "after use")
        // What the first signature makes of a prime.
        #expect(scan.inside["rs256"]?["R² mod p, little-endian"] ?? 0 > 0)
    }

    @Test(
        "MEM-1 after its last signatures nothing of a key, nor of their nonces, stands outside",
        arguments: kinds.map(\.ring))
    func afterSigning(_ ring: TestRing) throws {
        let daemon = try TestDaemon(rings: [ring])
        let keys = try daemon.privateKeys(of: [ring])
        var tokens: [String] = []
        // They stay open: the end of a connection would write over what the last signature left on its loop's stack.
        let clients = try (0..<4).map { _ in try daemon.connect() }
        for client in clients {
            for length in 0..<40 {
                let claims = "{\"sub\":\"\(String(repeating: "x", count: 8 * length))\"}"
                let sign = #"{"op":"sign","profile":"\#(ring.name)","claims":\#(claims)}"#
                tokens.append(try client.ask(sign).text("token"))
            }
        }
        let scan = try withExtendedLifetime(clients) {
            try MemoryScan(of: daemon.process, keys: keys, tokens: [ring.name: tokens])
        }
        #expect(scan.outside.isEmpty, "\(scan.outside.prefix(20))")
        #expect(scan.inside[ring.name]?.isEmpty == false)
    }

    @Test("MEM-1 the scanner finds keys of every kind in memory that is not locked")
    func control() throws {
        let daemon = try TestDaemon(preparedRings: Self.kinds.map(\.ring))
        let holder = Process()
        let (input, output) = (Pipe(), Pipe())
        holder.executableURL = Program.python
        holder.arguments = [
            "-c", "import os, sys; held = sys.stdin.readline(); os.write(1, b'held\\n'); sys.stdin.read()",
        ]
        holder.standardInput = input
        holder.standardOutput = output
        try holder.run()
        let keys = try daemon.privateKeys(of: Self.kinds.map(\.ring))
        // Slashes stay as they are: they belong to the base64 of a PEM file.
        let json = try JSONSerialization.data(withJSONObject: keys, options: .withoutEscapingSlashes)
        input.fileHandleForWriting.write(json + Data("\n".utf8))
        try #require(output.fileHandleForReading.availableData == Data("held\n".utf8))
        let scan = try MemoryScan(of: holder, keys: keys)
        try input.fileHandleForWriting.close()
        holder.waitUntilExit()
        #expect(Set(scan.outside.map(\.key)) == Set(keys.keys))
        #expect(scan.inside.values.allSatisfy { $0.isEmpty })
    }

    @Test("MEM-1 the scanner finds every form of every kind of key where it is not locked")
    func controlOfForms() throws {
        let daemon = try TestDaemon(preparedRings: Self.kinds.map(\.ring))
        let keys = try daemon.privateKeys(of: Self.kinds.map(\.ring))
        let holder = Process()
        let (input, output) = (Pipe(), Pipe())
        holder.executableURL = Program.python
        // It says which forms it holds: by key and form, with a LF behind.
        holder.arguments = [
            "-c",
            """
            import json, os, sys
            sys.dont_write_bytecode = True
            sys.path.insert(0, sys.argv[1])
            from secret_forms import forms, jwk_of_pem
            keys = json.loads(sys.stdin.readline())
            held = {name: forms(jwk_of_pem(key) if isinstance(key, str) else key) for name, key in keys.items()}
            os.write(1, json.dumps({name: list(found) for name, found in held.items()}).encode() + b"\\n")
            sys.stdin.read()
            """, TestDaemon.packageRoot.appending(path: "Tests/EndToEndTests").path,
        ]
        holder.standardInput = input
        holder.standardOutput = output
        try holder.run()
        let json = try JSONSerialization.data(withJSONObject: keys, options: .withoutEscapingSlashes)
        input.fileHandleForWriting.write(json + Data("\n".utf8))
        let held = try JSONDecoder().decode([String: [String]].self, from: output.fileHandleForReading.availableData)
        let scan = try MemoryScan(of: holder, keys: keys)
        try input.fileHandleForWriting.close()
        holder.waitUntilExit()
        #expect(held.values.map(\.count).reduce(0, +) > 150)
        let found = Dictionary(grouping: scan.outside, by: \.key).mapValues { Set($0.map(\.form)) }
        for (key, forms) in held {
            let missed = Set(forms).subtracting(found[key] ?? [])
            #expect(missed.isEmpty, "\(key): \(missed)")
        }
    }
}
