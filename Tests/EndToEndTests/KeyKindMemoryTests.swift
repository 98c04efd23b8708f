import Foundation
import Testing

@Suite(
    "Keys of every kind stand only in locked memory",
    .enabled(if: geteuid() == 0, "reading another process's memory needs root"))
struct KeyKindMemoryTests {
    private static func genpkey(_ name: String, _ algorithm: String, _ arguments: String...) -> TestRing {
        TestRing(algorithm, .genpkey(["-algorithm"] + arguments), name: name)
    }

    /// Each kind as `signet key new` makes it, and as PEM of OpenSSL; with a form that its key has while it is served.
    private static let kinds: [(ring: TestRing, form: String)] = [
        (TestRing("HS256"), "inner state, words swapped"), (TestRing("HS384"), "outer state, words swapped"),
        (TestRing("RS256"), "qi, little-endian"), (TestRing("ES256"), "d, little-endian"),
        (TestRing("ES384"), "d, little-endian"), (TestRing("ES512"), "d, little-endian"),
        (TestRing("Ed25519"), "seed"), (TestRing("Ed448"), "seed"),
        (genpkey("pem-rsa", "PS256", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"), "qi, little-endian"),
        (genpkey("pem-p256", "ES256", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"), "d, little-endian"),
        (genpkey("pem-p384", "ES384", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"), "d, little-endian"),
        (genpkey("pem-p521", "ES512", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"), "d, little-endian"),
        (genpkey("pem-ed25519", "EdDSA", "ED25519"), "seed"), (genpkey("pem-ed448", "EdDSA", "ED448"), "seed"),
    ]

    private func keys(_ daemon: TestDaemon) throws -> [String: Any] {
        var keys: [String: Any] = [:]
        for (ring, _) in Self.kinds {
            let text = try daemon.key(of: ring)
            keys[ring.name] = text.hasPrefix("{") ? try JSONSerialization.jsonObject(with: Data(text.utf8)) : text
        }
        return keys
    }

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
        let keys = try keys(daemon)
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
        let text = try daemon.key(of: ring)
        let key: Any = text.hasPrefix("{") ? try JSONSerialization.jsonObject(with: Data(text.utf8)) : text
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
            try MemoryScan(of: daemon.process, keys: [ring.name: key], tokens: [ring.name: tokens])
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
        let keys = try keys(daemon)
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
}
