import Foundation
import OpenSSL

/// OpenSSL's own command line, that makes keys and signatures as other people have them.
struct OpenSSLTool {
    static let path = "/usr/bin/openssl"
    static let isThere = FileManager.default.isExecutableFile(atPath: path)

    struct Failure: Error { let arguments: [String] }

    static func run(_ arguments: String..., input: [UInt8] = []) throws -> [UInt8] {
        try run(arguments, input: input)
    }

    /// Runs `openssl`, handing it `input`; what it wrote.
    static func run(_ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
        let (process, output, source) = (Process(), Pipe(), Pipe())
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.standardInput = source
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        // All inputs here fit the pipe.
        try source.fileHandleForWriting.write(contentsOf: input)
        try source.fileHandleForWriting.close()
        let bytes = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failure(arguments: arguments) }
        return [UInt8](bytes)
    }
}

extension KeyPair {
    static func read(pem: [UInt8], passphrase: String = "") throws -> KeyPair {
        try read(pem: SecretBytes(copying: pem), passphrase: SecretBytes(copying: Array(passphrase.utf8)))
    }

    /// An RSA key of these numbers.
    static func rsa(_ numbers: [(KeyParameters.Name, [UInt8])]) throws -> KeyPair {
        var parameters = try KeyParameters()
        for (name, number) in numbers { try parameters.add(name, number: number.span) }
        return try parameters.makeKey(.rsa, isPrivate: numbers.contains { $0.0 == .privateExponent })
    }

    /// The public half of an EC key at this encoded point.
    static func ec(_ curve: Curve, point: [UInt8]) throws -> KeyPair {
        var parameters = try KeyParameters()
        try parameters.add(curve: curve)
        try parameters.add(.publicKey, octets: point.span)
        return try parameters.makeKey(.ec, isPrivate: false)
    }

    /// A key of these octets alone.
    static func raw(_ type: AlgorithmName, publicKey: [UInt8], isPrivate: Bool = false) throws -> KeyPair {
        var parameters = try KeyParameters()
        try parameters.add(.publicKey, octets: publicKey.span)
        return try parameters.makeKey(type, isPrivate: isPrivate)
    }

    /// The numbers of an RSA key, as bytes that only tests make of them.
    func rsaNumbers() throws -> [(KeyParameters.Name, [UInt8])] {
        try [
            KeyParameters.Name.modulus, .publicExponent, .privateExponent, .prime1, .prime2, .exponent1, .exponent2,
            .coefficient,
        ].map { ($0, try privateNumber($0).copy) }
    }
}

extension SignatureContext {
    func sign(_ message: [UInt8]) throws -> [UInt8] {
        var signature: [UInt8] = []
        try sign(message.span, to: &signature)
        return signature
    }

    func verifies(_ signature: [UInt8], _ message: [UInt8]) throws -> Bool {
        try verify(signature.span, of: message.span)
    }
}
