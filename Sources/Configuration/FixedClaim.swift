import JOSE
package import StrictJSON
import TOML

/// A claim that every token of a profile carries and no caller can set.
package struct FixedClaim: Equatable, Sendable {
    package let name: ByteString
    /// The value as JSON without white space between its tokens.
    package let json: [UInt8]
}

extension Section {
    /// The table `claims`, in the order of the file; empty when it is missing or wrong.
    mutating func fixedClaims() -> [FixedClaim] {
        guard let node = node("claims") else { return [] }
        guard case .table(let table) = node.value else {
            report("claims", "must be a table such as { role = \"service\" }, found \(node.value.kind)")
            return []
        }
        var seen: [ClaimName: ByteString] = [:]
        for member in table.members {
            if isReserved(member.key) {
                log.report(member.position, "'claims' in \(title) \(reservedProblem(member.key))")
            }
            if let other = seen.updateValue(member.key, forKey: ClaimName(member.key)) {
                log.report(
                    member.position,
                    "'claims' in \(title) sets \(member.key.quoted) and \(other.quoted), which are the same to some "
                        + "verifiers")
            }
        }
        return table.members.map { member in
            var json: [UInt8] = []
            render(member.node, of: member.key, to: &json)
            return FixedClaim(name: member.key, json: json)
        }
    }

    /// The reader's depth limit keeps this within `Limits.tokenDepth`.
    private func render(_ node: TOMLNode, of claim: ByteString, to json: inout [UInt8]) {
        switch node.value {
        case .string(let text):
            if text.bytes.contains(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) {
                log.report(
                    node.position,
                    "the fixed claim \(claim.quoted) in \(title) holds '{' or '}': templates are not supported by "
                        + "this version")
            }
            json.appendJSONString(text.bytes)
        case .integer(let value): json.appendInteger(value)
        case .boolean(let value): json.append(value ? "true" : "false")
        case .array(let elements):
            json.append("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { json.append(",") }
                render(element, of: claim, to: &json)
            }
            json.append("]")
        case .table(let table):
            json.append("{")
            for (index, member) in table.members.enumerated() {
                if index > 0 { json.append(",") }
                json.appendJSONString(member.key.bytes)
                json.append(":")
                render(member.node, of: claim, to: &json)
            }
            json.append("}")
        }
    }
}
