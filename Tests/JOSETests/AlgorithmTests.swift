import JOSE
import OpenSSL
import StrictJSON
import Testing

@Suite struct AlgorithmTests {
    @Test(
        "ALG-1 an algorithm is known by its exact name",
        arguments: [
            ("HS256", Algorithm.hs256, "SHA256", 32), ("HS384", .hs384, "SHA384", 48), ("HS512", .hs512, "SHA512", 64),
        ])
    func known(_ name: String, _ algorithm: Algorithm, _ digest: String, _ length: Int) {
        #expect(Algorithm(name: ByteString(name)) == algorithm)
        #expect(algorithm.name == name)
        #expect(algorithm.mechanism == .hmac(digest: digest, length: length))  // RFC 7518 section 3.2, rule KEY-1
        #expect(algorithm.newKeyPair == nil)
    }

    @Test(
        "ALG-1 an algorithm for key pairs is known by its exact name, and signs as RFC 7518 says",
        arguments: [
            ("RS256", Algorithm.rs256, SignatureScheme.rsaPKCS1(digest: "SHA256")),
            ("RS384", .rs384, .rsaPKCS1(digest: "SHA384")), ("RS512", .rs512, .rsaPKCS1(digest: "SHA512")),
            ("PS256", .ps256, .rsaPSS(digest: "SHA256")), ("PS384", .ps384, .rsaPSS(digest: "SHA384")),
            ("PS512", .ps512, .rsaPSS(digest: "SHA512")),
            ("ES256", .es256, .ecdsa(digest: "SHA256", coordinateLength: 32)),
            ("ES384", .es384, .ecdsa(digest: "SHA384", coordinateLength: 48)),
            ("ES512", .es512, .ecdsa(digest: "SHA512", coordinateLength: 66)), ("EdDSA", .edDSA, .edDSA),
            ("Ed25519", .ed25519, .edDSA), ("Ed448", .ed448, .edDSA),
        ])
    func knownPairs(_ name: String, _ algorithm: Algorithm, _ scheme: SignatureScheme) throws {
        #expect(Algorithm(name: ByteString(name)) == algorithm)
        #expect(algorithm.name == name)
        #expect(algorithm.mechanism == .keyPair(scheme))
        #expect(try algorithm.fits(#require(algorithm.newKeyPair)))
    }

    private static let kinds: [KeyPair.Kind] = [
        .rsa(bits: 2_048), .ec(.p256), .ec(.p384), .ec(.p521), .ed25519, .ed448,
    ]

    @Test("KEY-3 each algorithm takes its own kinds of key pair, and no other", arguments: Algorithm.allCases)
    func matrix(_ algorithm: Algorithm) {
        let expected: [KeyPair.Kind] =
            switch algorithm {
            case .hs256, .hs384, .hs512: []
            case .rs256, .rs384, .rs512, .ps256, .ps384, .ps512: [.rsa(bits: 2_048)]
            case .es256: [.ec(.p256)]
            case .es384: [.ec(.p384)]
            case .es512: [.ec(.p521)]
            case .edDSA: [.ed25519, .ed448]
            case .ed25519: [.ed25519]
            case .ed448: [.ed448]
            }
        #expect(Self.kinds.filter { algorithm.fits($0) } == expected)
    }

    @Test("KEY-5 a key's own alg goes into a ring of that name; EdDSA and the names of its curves go together")
    func rings() {
        let together: [(Algorithm, Algorithm)] = [
            (.edDSA, .ed25519), (.edDSA, .ed448), (.ed25519, .edDSA), (.ed448, .edDSA),
        ]
        for own in Algorithm.allCases {
            for ring in Algorithm.allCases {
                let isExpected = own == ring || together.contains { $0 == (own, ring) }
                #expect(own.fits(ring: ring) == isExpected, "\(own) in a ring for \(ring)")
            }
        }
    }

    @Test(
        "ALG-1 every byte of the name counts",
        arguments: [
            "hs256", "Hs256", "HS256 ", " HS256", "HS256\u{0}", "HS25", "HS2566", "HS-256", "HS256\n", "ＨS256", "HS128",
            "SHA256", "HMAC", "HS256,HS512", "*", "HS512\u{301}",
            "rs256", "RS256 ", "es256", "ES256K", "ED25519", "ed25519", "eddsa", "EDDSA", "Ed25519ph", "PS-256",
            "ES521",
        ])
    func unknown(_ name: String) {
        #expect(Algorithm(name: ByteString(name)) == nil)
    }

    @Test(
        "ALG-2 none is no algorithm, however it is written", arguments: ["none", "None", "nOnE", "NONE", "", "none "])
    func none(_ name: String) {
        #expect(Algorithm(name: ByteString(name)) == nil)
    }

    @Test("ALG-2 every algorithm that there is signs with a hash, or with a curve that has its own")
    func noCaseForNone() {
        #expect(
            Algorithm.allCases.map(\.name) == [
                "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384",
                "ES512", "EdDSA", "Ed25519", "Ed448",
            ])
        #expect(Algorithm.names.split(separator: ", ").map(String.init) == Algorithm.allCases.map(\.name))
        for algorithm in Algorithm.allCases {
            switch algorithm.mechanism {
            case .hmac(let digest, _), .keyPair(.rsaPKCS1(let digest)), .keyPair(.rsaPSS(let digest)),
                .keyPair(.ecdsa(let digest, _)):
                #expect(digest == "SHA\(algorithm.name.suffix(3))")
            case .keyPair(.edDSA): #expect(algorithm.name.hasPrefix("Ed"))
            }
        }
    }
}
