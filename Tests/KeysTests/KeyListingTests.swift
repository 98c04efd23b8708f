import JOSE
import Keys
import StrictJSON
import Testing

@Suite("The keys of a directory, as a tool lists them")
struct KeyListingTests {
    private static let now: Int64 = 1_800_000_000

    @Test("ROT-1 which key signs and which waits until when; nothing is known of a key that is not there")
    func lives() throws {
        let folder = try KeyFolder()
        try folder.writeKey("a.jwk", kid: "a")
        try folder.writeKey("b.jwk", kid: "b", byte: 2, more: #""nbf":\#(Self.now + 60),"#)
        let lives = try KeyListing(folder.place()).lives(of: "default", .none, at: Self.now)
        #expect(lives.signing == "a")
        #expect(lives.state("a") == .current && lives.state("b") == .next)
        #expect(lives.signsFrom("b") == Self.now + 60)
        #expect(lives.state("c") == nil && lives.signsFrom("c") == nil && lives.verifiesUntil("c") == nil)
        #expect(lives.latestExpiry("c") == nil && lives.safeToRemove("c") == nil)
    }

    @Test("A broken file is named and hides no other")
    func broken() throws {
        let folder = try KeyFolder()
        try folder.writeKey("a.jwk", kid: "a")
        let file = try folder.write("b.jwk", "{")
        let listing = try KeyListing(folder.place())
        #expect(listing.keys.map(\.kid) == ["a"])
        #expect(listing.errors.map(\.file) == [file])
    }

    @Test("A ring finds its keys by name, and accounts for those that are revoked")
    func names() throws {
        let folder = try KeyFolder()
        try folder.writeKey("a.jwk", kid: "a")
        try folder.write("revoked", "b\n")
        let ring = try folder.load().0
        #expect(ring.key("a")?.kid == "a" && ring.key("b") == nil)
        #expect(ring.accountsFor("a") && ring.accountsFor("b") && !ring.accountsFor("c"))
    }
}
