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

    /// Keys of every kind, as a scan takes them and as JSON.
    private func newKeys() throws -> (keys: [String: Any], json: Data) {
        let daemon = try TestDaemon(preparedRings: Self.kinds.map(\.ring))
        let keys = try daemon.privateKeys(of: Self.kinds.map(\.ring))
        // Slashes stay as they are: they belong to the base64 of a PEM file.
        return (keys, try JSONSerialization.data(withJSONObject: keys, options: .withoutEscapingSlashes))
    }

    @Test("MEM-1 the scanner finds keys of every kind in memory that is not locked")
    func control() throws {
        let (keys, json) = try newKeys()
        let holder = try SecretHolder("held = sys.stdin.readline(); os.write(1, b'held\\n')", input: json)
        let scan = try MemoryScan(of: holder.process, keys: keys)
        try holder.end()
        #expect(Set(scan.outside.map(\.key)) == Set(keys.keys))
        #expect(scan.inside.values.allSatisfy { $0.isEmpty })
    }

    @Test("MEM-1 the scanner finds every form of every kind of key where it is not locked")
    func controlOfForms() throws {
        let (keys, json) = try newKeys()
        // It says which forms it holds, by key.
        let script = """
            from secret_forms import forms, jwk_of_pem
            keys = json.loads(sys.stdin.readline())
            held = {name: forms(jwk_of_pem(key) if isinstance(key, str) else key) for name, key in keys.items()}
            os.write(1, json.dumps({name: list(found) for name, found in held.items()}).encode() + b"\\n")
            """
        let holder = try SecretHolder(script, input: json)
        let held = try JSONDecoder().decode([String: [String]].self, from: holder.word)
        let scan = try MemoryScan(of: holder.process, keys: keys)
        try holder.end()
        #expect(held.values.map(\.count).reduce(0, +) > 150)
        let found = Dictionary(grouping: scan.outside, by: \.key).mapValues { Set($0.map(\.form)) }
        for (key, forms) in held {
            let missed = Set(forms).subtracting(found[key] ?? [])
            #expect(missed.isEmpty, "\(key): \(missed)")
        }
    }

    @Test("MEM-1 the scanner finds a key in pages that a process wrote over code, in shared ones, and in a mapped file")
    func controlOfPages() throws {
        let daemon = try TestDaemon(prepared: TestDaemon.settings())
        let file = daemon.keys.appending(path: "first.jwk").path
        let key = try privateKey(String(contentsOfFile: file, encoding: .utf8))
        let script = """
            import mmap
            key = open(sys.argv[1], "rb").read()
            # Not looked at: the pages are not there.
            own = mmap.mmap(os.open(sys.argv[1], os.O_RDONLY), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ)
            over = mmap.mmap(os.open("/proc/self/exe", os.O_RDONLY), 1 << 20, access=mmap.ACCESS_COPY)
            shared = mmap.mmap(-1, 1 << 20)
            # Across the end of a page.
            for pages in over, shared:
                pages[12288 - 40 : 12288 - 40 + len(key)] = key
            os.write(1, os.readlink("/proc/self/exe").encode())
            """
        let holder = try SecretHolder(script, [file])
        let scan = try MemoryScan(of: holder.process, keys: ["key": key])
        try holder.end()
        let found = Dictionary(grouping: scan.outside, by: \.mapping).mapValues(\.count)
        // A text of 86 characters, 64 octets, has as many pieces at steps of eight.
        let pieces = (86 - 16) / 8 + 1
        for name in [file, String(decoding: holder.word, as: UTF8.self), "/dev/zero (deleted)"] {
            #expect(found[name] == pieces, "\(name): \(found)")
        }
    }
}
