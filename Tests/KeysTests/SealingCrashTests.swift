import Foundation
import JOSE
import Keys
import StrictJSON
import Testing

/// What a crash (kill -9, a loss of power) leaves at each step of sealing and opening, laid out by hand.
@Suite("SEAL-6 a crash while a key is sealed or opened loses no key") struct SealingCrashTests {
    private let folder: KEKFolder
    private let kek: String
    private let plain: String
    private let sealed: String
    private var keys: KeyFolder { folder.keys }

    init() throws {
        folder = try KEKFolder()
        kek = try folder.makeKEK()
        plain = KeyFolder.jwk(kid: "k", byte: 5)
        try folder.sealKey("k", byte: 5, under: kek)
        sealed = try String(contentsOfFile: folder.keys.file("k.jwe"), encoding: .utf8)
        try FileManager.default.removeItem(atPath: folder.keys.file("k.jwe"))
    }

    private var sealing: KeySealing { KeySealing(keys.place(keks: [kek])) }

    /// Every state, in the order of the steps: a temporary name, half and whole; both files; the new one alone.
    private func states() -> [[(name: String, contents: String)]] {
        [
            [("k.jwk", plain)], [("k.jwk", plain), (".0123456789abcdef.new", "")],
            [("k.jwk", plain), (".0123456789abcdef.new", String(sealed.prefix(100)))],
            [("k.jwk", plain), (".0123456789abcdef.new", sealed)], [("k.jwk", plain), ("k.jwe", sealed)],
            [("k.jwe", sealed)], [("k.jwe", sealed), (".0123456789abcdef.new", plain)],
        ]
    }

    private func layOut(_ files: [(name: String, contents: String)]) throws {
        for name in try keys.names { try FileManager.default.removeItem(atPath: keys.file(name)) }
        for file in files { try keys.write(file.name, file.contents) }
    }

    @Test("each state loads as the one key, which signs")
    func loads() throws {
        for state in states() {
            try layOut(state)
            let (ring, warnings) = try keys.load(keks: [kek])
            #expect(ring.keys.map(\.kid) == ["k"])
            #expect(ring.keys.first?.canSign == true)
            let isDouble = state.filter { !$0.name.hasPrefix(".") }.count == 2
            #expect(warnings == (isDouble ? ["\(keys.file("k.jwk")) holds the same key as \(keys.file("k.jwe"))"] : []))
        }
    }

    @Test("from each state, seal and unseal come to their end")
    func goesOn() throws {
        for state in states() {
            try layOut(state)
            #expect(try sealing.seal().errors.isEmpty)
            #expect(try keys.names.filter { !$0.hasPrefix(".") } == ["k.jwe"])
            #expect(try keys.load(keks: [kek]).0.keys.map(\.kid) == ["k"])
            try layOut(state)
            #expect(try sealing.unseal().errors.isEmpty)
            #expect(try keys.names.filter { !$0.hasPrefix(".") } == ["k.jwk"])
            #expect(try String(contentsOfFile: keys.file("k.jwk"), encoding: .utf8) == plain)
        }
    }

    @Test("sealing removes what a crash left half written, since it may be a plain key; nothing else that is hidden")
    func leftovers() throws {
        let others = [".new", ".k.jwk.new", ".0123456789abcdef", ".0123456789abcdeg.new", ".0123456789abcdef0.new"]
        try layOut([("k.jwk", plain), (".0123456789abcdef.new", plain)] + others.map { ($0, "x") })
        #expect(try sealing.seal(kid: "k").notes.isEmpty)
        #expect(try keys.names.contains(".0123456789abcdef.new"))
        let report = try sealing.seal()
        #expect(
            report.notes == ["removed \(keys.file(".0123456789abcdef.new")), which a crash had left behind"])
        #expect(try keys.names == (others + ["k.jwe"]).sorted())
    }

    @Test("a PEM key whose sealed file was made already is removed")
    func pem() throws {
        let pem = try OpenSSLTool.pem(["-algorithm", "ed25519"])
        try keys.write("key.pem", pem)
        let kid = try #require(try sealing.seal().changes.first).kid
        try keys.write("key.pem", pem)
        #expect(try keys.load(.edDSA, keks: [kek]).0.keys.map(\.kid) == [kid])
        #expect(try sealing.seal().changes.map(\.kid) == [kid])
        #expect(try keys.names == [kid.text + ".jwe"])
    }

    @Test("two files of one kid that are not the same are left as they are, and told")
    func rivals() throws {
        let other = KeyFolder.jwk(kid: "k", byte: 5, more: #""exp":9,"#)
        try layOut([("k.jwk", other), ("k.jwe", sealed)])
        for report in [try sealing.seal(), try sealing.unseal()] {
            #expect(report.changes.isEmpty)
            #expect(report.errors.count == 1)
            #expect(report.errors.first?.problem.hasPrefix("is not the same as") == true)
        }
        #expect(try keys.names == ["k.jwe", "k.jwk"])
        #expect(try String(contentsOfFile: keys.file("k.jwk"), encoding: .utf8) == other)
        #expect(try String(contentsOfFile: keys.file("k.jwe"), encoding: .utf8) == sealed)
    }
}
