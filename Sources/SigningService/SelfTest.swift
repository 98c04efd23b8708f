internal import JOSE
internal import OpenSSL

/// Whether a thread can still do what the daemon is for: sign and verify.
///
/// With a key that signs nothing else and that no other holds: a keyring without a key that signs is a state of the
/// service, and no reason to restart it.
final class SelfTest {
    private let context: JWSContext
    private var message: [UInt8] = []

    private static let algorithm = Algorithm.hs512
    private static let text = Array("signet: is this thread well?".utf8)

    init() throws(SelfTestFailure) {
        do {
            var octets = try SecretBytes(count: 64)
            try fillRandom(&octets)
            context = try KeyMaterial(octets: octets, Self.algorithm).makeContext()
        } catch { throw SelfTestFailure(reason: "no key could be made: \(error)") }
    }

    /// Signs a text, verifies the signature, and refuses it for another text.
    func run() throws(SelfTestFailure) {
        message.removeAll(keepingCapacity: true)
        message += Self.text
        let isRight: Bool
        do throws(OpenSSLError) {
            try context.appendSignature(to: &message, from: 0)
            let signature = Base64URL.decode(message.span.extracting((Self.text.count + 1)...)) ?? []
            let takesRight = try context.verify(signature.span, of: Self.text.span)
            let takesWrong = try context.verify(signature.span, of: Self.text.span.extracting(1...))
            isRight = takesRight && !takesWrong
        } catch { throw SelfTestFailure(reason: "\(error)") }
        guard isRight else { throw SelfTestFailure(reason: "a signature was not told from a wrong one") }
    }
}

/// Why a thread is not fit to serve.
package struct SelfTestFailure: Error, Equatable, Sendable, CustomStringConvertible {
    package let reason: String
    package var description: String { "the self-test failed: \(reason)" }
}

extension Worker {
    /// Signs and verifies with a throw-away key, on the worker's thread.
    package func testItself() throws(SelfTestFailure) {
        if let selfTest { return try selfTest.run() }
        let test = try SelfTest()
        selfTest = test
        try test.run()
    }
}
