import Foundation
import Testing

@Suite(
    "KEKs are gone after a load, and sealed keys stand only in locked memory",
    .enabled(if: geteuid() == 0, "reading another process's memory needs root"))
struct SealedMemoryTests {
    private let folder: Workshop

    init() throws { folder = try Workshop() }

    private func jwk(_ text: String) throws -> [String: Any] {
        try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
    }

    @Test("MEM-1 a daemon with sealed rings holds its KEKs nowhere, and its keys in locked pages only")
    func noKEK() throws {
        let rings = [TestRing("HS512"), TestRing("ES256")]
        let daemon = try TestDaemon(preparedRings: rings)
        let keks = ["new", "old"].map { daemon.directory.appending(path: $0).path }
        let settings = try String(contentsOf: daemon.configuration, encoding: .utf8)
        try Data(settings.replacing("[server]", with: "[server]\nkek = [\"file:new\", \"file:old\"]").utf8)
            .write(to: daemon.configuration)
        var keys: [String: Any] = [:]
        for kek in keks {
            #expect(try folder.signet(["key", "new-kek", kek]).status == 0)
            keys[kek] = try jwk(String(contentsOfFile: kek, encoding: .utf8))
        }
        for (ring, kek) in zip(rings, keks) {
            keys[ring.name] = try jwk(daemon.key(of: ring))
            let sealed = try folder.signet(["key", "seal", "--kek", kek, daemon.directory(of: ring).path])
            try #require(sealed.status == 0, "\(sealed.errors)")
        }
        try daemon.start()
        for when in ["at rest", "after use"] {
            let scan = try MemoryScan(of: daemon.process, keys: keys)
            #expect(scan.outside.isEmpty, "\(when): \(scan.outside.prefix(20))")
            for kek in keks { #expect(scan.inside[kek]?.isEmpty == true, "\(when): \(scan.inside)") }
            // That the scanner finds the keys that are served shows that it would find the others.
            #expect(scan.inside["hs512"]?["inner state, words swapped"] ?? 0 > 0, "\(when)")
            #expect(scan.inside["es256"]?["d, little-endian"] ?? 0 > 0, "\(when)")
            let client = try daemon.connect()
            for _ in 0..<50 {
                for ring in rings {
                    let token = try client.ask(#"{"op":"sign","profile":"\#(ring.name)"}"#).text("token")
                    let verify = #"{"op":"verify","profile":"\#(ring.name)","token":"\#(token)"}"#
                    #expect(try client.ask(verify).isValid == true)
                }
            }
        }
    }

    @Test(
        "MEM-1 when signet has sealed keys and tells it, neither they nor the KEK stand in its memory any more")
    func sealing() throws {
        let (kek, ring) = (folder.path("kek"), folder.path("web"))
        try FileManager.default.createDirectory(
            atPath: ring, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        #expect(try folder.signet(["key", "new-kek", kek]).status == 0)
        var keys: [String: Any] = ["kek": try jwk(String(contentsOfFile: kek, encoding: .utf8))]
        for algorithm in ["HS512", "ES256"] {
            let made = try folder.signet(["key", "new", "--algorithm", algorithm, "--kid", algorithm, ring])
            try #require(made.status == 0, "\(made.errors)")
            keys[algorithm] = try jwk(String(contentsOfFile: "\(ring)/\(algorithm).jwk", encoding: .utf8))
        }
        let process = Process()
        let output = Pipe()
        process.executableURL = TestDaemon.product("signet")
        process.arguments = ["key", "seal", "--kek", kek, ring]
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        // A full pipe holds the process at its first word.
        let filling = Data(repeating: UInt8(ascii: " "), count: 65_536)
        output.fileHandleForWriting.write(filling)
        try process.run()
        try process.waitUntilWriting()
        let scan = try MemoryScan(of: process, keys: keys)
        _ = output.fileHandleForReading.readData(ofLength: filling.count + 8)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(scan.outside.isEmpty, "\(scan.outside.prefix(20))")
        #expect(scan.inside.values.allSatisfy { $0.isEmpty }, "\(scan.inside)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: ring).sorted() == ["ES256.jwe", "HS512.jwe"])
    }

    @Test("MEM-1 the scanner finds a KEK, its text, and what AES and GCM make of it, in memory that is not locked")
    func control() throws {
        let kek = folder.path("kek")
        #expect(try folder.signet(["key", "new-kek", kek]).status == 0)
        let key = try jwk(String(contentsOfFile: kek, encoding: .utf8))
        // A context of OpenSSL, as one would be that the daemon forgot to free.
        let script = """
            import base64
            from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
            jwk = json.load(open(sys.argv[1]))
            key = base64.urlsafe_b64decode(jwk["k"] + "=")
            context = Cipher(algorithms.AES(key), modes.GCM(bytes(12))).encryptor()
            os.write(1, b"held\\n")
            """
        let holder = try SecretHolder(script, [kek])
        let scan = try MemoryScan(of: holder.process, keys: ["kek": key])
        try holder.end()
        let forms = Set(scan.outside.map(\.form))
        #expect(forms.isSuperset(of: ["key", "text of k", "round keys"]), "\(forms)")
        #expect(!forms.isDisjoint(with: ["hash key", "hash key, words swapped"]), "\(forms)")
        // Of the round keys more than those that are the key.
        #expect(scan.outside.count { $0.form == "round keys" } > 20)
    }
}
