package import JOSE
internal import OpenSSL
internal import POSIX
package import StrictJSON

/// Makes new keys as files that a keyring's directory takes.
package struct KeyCreation {
    private let directoryPath: String

    package init(directory: String) { directoryPath = directory }

    /// Makes a key file: temporary name, mode before content, on the disk before its name (rename), then the directory.
    ///
    /// A crash at any point leaves a directory that loads. Run by root, the file goes to the directory's owner and group.
    /// - Parameters:
    ///   - kid: nil for a random one of 64 bits, in hexadecimal.
    ///   - now: Seconds since 1970-01-01 UTC, the key's `iat`.
    /// - Returns: The kid and the file's path.
    package func createKey(
        _ algorithm: Algorithm, kid: ByteString? = nil, now: Int64
    ) throws(KeyError) -> (kid: ByteString, file: String) {
        if let kid, !Self.isFileName(kid) {
            throw KeyError(
                directoryPath, "cannot name a file after the kid \(kid.quoted)",
                fix: "use letters, digits, '.', '_' and '-', at most 200, no '.' first")
        }
        let outcome: Result<(ByteString, String), KeyError>
        do throws(Errno) {
            outcome = try withDisposableStack {
                do throws(KeyError) { return .success(try write(algorithm, kid, now)) } catch { return .failure(error) }
            }
        } catch {
            throw KeyError(directoryPath, "no locked stack to make a key on (\(error))", fix: "raise `ulimit -l`")
        }
        let (kid, file) = try outcome.get()
        return (kid, file)
    }

    private func write(
        _ algorithm: Algorithm, _ chosen: ByteString?, _ now: Int64
    ) throws(KeyError) -> (ByteString, String) {
        let kid: ByteString
        let temporary: String
        let contents: SecretBytes
        do {
            kid = try chosen ?? Self.randomKeyID()
            // Random: what a crash left behind is in nobody's way, nor are two who make the same kid at once.
            temporary = ".\(try Self.randomKeyID().text).new"
            contents = try Self.makeJWK(algorithm, kid, now)
        } catch {
            throw KeyError(directoryPath, "cannot make a key: \(error)", fix: "see the error")
        }
        let directory = try Self.open(directoryPath)
        let name = kid.text + ".jwk"
        do throws(Errno) {
            try Self.write(contents, to: name, by: temporary, in: directory)
            return (kid, directory.path(of: name))
        } catch {
            let file = directoryPath + "/" + name
            if error == .exists {
                throw KeyError(file, "exists already", fix: "choose another kid, or remove it first")
            }
            throw KeyError(file, "cannot be written: \(error)", fix: "see `ls -ld \(directoryPath)`")
        }
    }

    private static func open(_ path: String) throws(KeyError) -> Directory {
        do throws(Errno) { return try Directory(path: path) } catch {
            if error == .noEntry { throw KeyError(path, "does not exist", fix: "make it: mkdir -m 0700 \(path)") }
            throw .unreadable(path, error)
        }
    }

    private static func isFileName(_ kid: ByteString) -> Bool {
        guard 1...200 ~= kid.bytes.count, kid.bytes[0] != UInt8(ascii: ".") else { return false }
        return kid.bytes.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }

    private static func write(
        _ contents: borrowing SecretBytes, to name: String, by temporary: String, in directory: borrowing Directory
    ) throws(Errno) {
        let file = try directory.create(temporary, mode: 0o600)
        do throws(Errno) {
            let home = try FileStatus(of: directory.descriptor)
            if try FileStatus(of: file).owner != home.owner {
                try directory.give(file, owner: home.owner, group: home.group)
            }
            try contents.withSpan { bytes throws(Errno) in try file.writeAll(bytes) }
            try file.synchronize()
            try directory.rename(temporary, to: name)
        } catch {
            try? directory.remove(temporary)
            throw error
        }
        try directory.synchronize()
    }

    /// The JWK of a new random key as long as the algorithm's hash (RFC 7518 section 3.2), written in locked memory.
    private static func makeJWK(_ algorithm: Algorithm, _ kid: ByteString, _ now: Int64) throws -> SecretBytes {
        var secret = try SecretBytes(count: algorithm.hashLength)
        try fillRandom(&secret)
        var head: [UInt8] = []
        head.append("{\"kty\":\"oct\",\"use\":\"sig\",\"alg\":")
        head.appendJSONString(algorithm.name)
        head.append(",\"kid\":")
        head.appendJSONString(kid.bytes)
        head.append(",\"iat\":")
        head.appendInteger(now)
        head.append(",\"k\":\"")
        let tail = Array("\"}\n".utf8)
        let encoded = Base64URL.encodedCount(secret.count)
        var contents = try SecretBytes(count: head.count + encoded + tail.count)
        contents.withMutableSpan { output in
            for offset in head.indices { output[offset] = head[offset] }
            secret.withSpan { Base64URL.encode($0, into: &output, at: head.count) }
            for offset in tail.indices { output[head.count + encoded + offset] = tail[offset] }
        }
        return contents
    }

    private static func randomKeyID() throws -> ByteString {
        try RandomPool().draw(8) { bytes in
            let digits = Array("0123456789abcdef".utf8)
            var text: [UInt8] = []
            for offset in 0..<bytes.count {
                text += [digits[Int(bytes[offset] >> 4)], digits[Int(bytes[offset] & 15)]]
            }
            return ByteString(text)
        }
    }
}
