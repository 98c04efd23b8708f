package import OpenSSL
internal import StrictJSON

/// A JWK Set (RFC 7517 section 5), read from locked memory.
package enum JWKSet {
    /// Where the JSON of each key stands in the file.
    package static func elements(of file: borrowing SecretBytes) throws(JWKError) -> [Range<Int>] {
        let result = file.withSpan { bytes -> Result<[Range<Int>], JWKError> in
            do throws(JWKError) { return .success(try find(in: bytes)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private static func find(in bytes: Span<UInt8>) throws(JWKError) -> [Range<Int>] {
        var index = JSONIndex()
        do throws(JSONError) { try index.read(bytes, maximumDepth: 32, indexedDepth: 1) } catch {
            throw JWKError(error)
        }
        var position = index.root.firstMember
        while position >= 0 {
            let member = index.members[position]
            position = member.next
            guard member.name.equals("keys", in: bytes) else { continue }
            guard member.value.kind == .array else { throw .invalidMember("keys", "must be an array of JWKs") }
            var ranges: [Range<Int>] = []
            var elements = JSONArrayReader(member.value)
            while let element = elements.next(in: bytes) { ranges.append(element.start..<element.end) }
            return ranges
        }
        throw .missingMember("keys")
    }
}
