import JOSE
import StrictJSON
import Testing

@Suite struct AlgorithmTests {
    @Test(
        "ALG-1 an algorithm is known by its exact name",
        arguments: [("HS256", Algorithm.hs256, 32), ("HS384", .hs384, 48), ("HS512", .hs512, 64)])
    func known(_ name: String, _ algorithm: Algorithm, _ length: Int) {
        #expect(Algorithm(name: ByteString(name)) == algorithm)
        #expect(algorithm.name == name)
        #expect(algorithm.hashLength == length)  // RFC 7518 section 3.2, rule KEY-1
    }

    @Test(
        "ALG-1 every byte of the name counts",
        arguments: [
            "hs256", "Hs256", "HS256 ", " HS256", "HS256\u{0}", "HS25", "HS2566", "HS-256", "HS256\n", "ＨS256", "HS128",
            "SHA256", "HMAC", "HS256,HS512", "*", "HS512\u{301}",
        ])
    func unknown(_ name: String) {
        #expect(Algorithm(name: ByteString(name)) == nil)
    }

    @Test(
        "ALG-2 none is no algorithm, however it is written", arguments: ["none", "None", "nOnE", "NONE", "", "none "])
    func none(_ name: String) {
        #expect(Algorithm(name: ByteString(name)) == nil)
    }

    @Test("ALG-2 every algorithm that there is signs with a hash")
    func noCaseForNone() {
        #expect(Algorithm.allCases.map(\.name) == ["HS256", "HS384", "HS512"])
        #expect(Algorithm.allCases.map(\.digest) == ["SHA256", "SHA384", "SHA512"])
    }
}
