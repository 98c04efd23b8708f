import Keys
import StrictJSON
import Testing

/// `DIR/revoked`.
@Suite struct RevocationListTests {
    private let folder: KeyFolder

    init() throws { folder = try KeyFolder() }

    private func match(_ kid: String) throws -> Keyring.Match {
        let ring = try folder.load().0
        let bytes = Array("\"\(kid)\"".utf8)
        var index = JSONIndex()
        try index.read(bytes.span, maximumDepth: 1)
        return ring.verificationKey(try #require(index.root.text), in: bytes.span, at: 5, leeway: 0)
    }

    @Test("a kid in DIR/revoked verifies nothing, whatever its file says, and whether there is a file or not")
    func list() throws {
        try folder.writeKey("a.jwk", kid: "a", byte: 1)
        try folder.writeKey("b.jwk", kid: "b", byte: 2)
        try folder.write("revoked", "a\nlong gone\n")
        #expect(try match("a") == .revoked)
        #expect(try match("long gone") == .revoked)
        #expect(try match("long") == .unknown)
        #expect(try match("b") != .revoked)
        let ring = try folder.load().0
        #expect(ring.signingKey(at: 5).map { ring.keys[$0].kid } == "b")
    }

    @Test("an empty list revokes nothing; one that ends inside a line is refused, since it may have been cut")
    func form() throws {
        try folder.writeKey("a.jwk", kid: "a")
        try folder.write("revoked", "")
        #expect(try match("a") != .revoked)
        try folder.write("revoked", "b\na")
        #expect(folder.refusal()?.file == folder.file("revoked"))
    }

    @Test("a list that others can write is refused")
    func admission() throws {
        try folder.writeKey("a.jwk", kid: "a")
        try folder.write("revoked", "b\n")
        try folder.setMode(0o644, folder.file("revoked"))
        #expect(folder.refusal() == nil)
        try folder.setMode(0o646, folder.file("revoked"))
        #expect(folder.refusal()?.file == folder.file("revoked"))
    }

    @Test(
        "a line that is no kid is refused, so that one written elsewhere does not revoke nothing",
        arguments: ["\r", "\t"])
    func oddLine(_ odd: String) throws {
        try folder.writeKey("a.jwk", kid: "a")
        try folder.write("revoked", "b\na\(odd)\n")
        #expect(folder.refusal()?.file == folder.file("revoked"))
    }
}
