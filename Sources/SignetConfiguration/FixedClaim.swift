import JOSE
package import StrictJSON
import TOML

/// A claim that every token of a profile carries and no caller can set.
package struct FixedClaim: Equatable, Sendable {
    package let name: ByteString
    /// The value: joined, with text for each template, the pieces are JSON without white space between its tokens.
    package private(set) var value: [Piece] = []

    package enum Piece: Equatable, Sendable {
        case json([UInt8])
        /// Inside of a JSON string.
        case template(TemplateName)
    }

    fileprivate init(name: ByteString) { self.name = name }

    fileprivate mutating func append(_ json: [UInt8]) {
        if case .json(let before) = value.last {
            value[value.count - 1] = .json(before + json)
        } else {
            value.append(.json(json))
        }
    }

    fileprivate mutating func append(_ text: StaticString) {
        var json: [UInt8] = []
        json.append(text)
        append(json)
    }

    fileprivate mutating func append(_ integer: Int64) {
        var json: [UInt8] = []
        json.appendInteger(integer)
        append(json)
    }

    fileprivate mutating func appendString(_ text: ByteString) {
        var json: [UInt8] = []
        json.appendJSONString(text.bytes)
        append(json)
    }

    fileprivate mutating func append(_ text: TemplateText) {
        append("\"")
        for piece in text.pieces {
            switch piece {
            case .text(let bytes):
                var json: [UInt8] = []
                json.appendJSONString(bytes)
                append(Array(json.dropFirst().dropLast()))
            case .value(let name): value.append(.template(name))
            }
        }
        append("\"")
    }
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
            var claim = FixedClaim(name: member.key)
            render(member.node, to: &claim)
            return claim
        }
    }

    /// The reader's depth limit keeps this within `Limits.tokenDepth`.
    private func render(_ node: TOMLNode, to claim: inout FixedClaim) {
        switch node.value {
        case .string(let text):
            do throws(TemplateText.Fault) { claim.append(try TemplateText(text)) } catch {
                report(error, in: claim.name, at: node.position)
            }
        case .integer(let value): claim.append(value)
        case .boolean(let value): claim.append(value ? "true" : "false")
        case .array(let elements):
            claim.append("[")
            for (index, element) in elements.enumerated() {
                if index > 0 { claim.append(",") }
                render(element, to: &claim)
            }
            claim.append("]")
        case .table(let table):
            claim.append("{")
            for (index, member) in table.members.enumerated() {
                if index > 0 { claim.append(",") }
                claim.appendString(member.key)
                claim.append(":")
                render(member.node, to: &claim)
            }
            claim.append("}")
        }
    }

    private func report(_ fault: TemplateText.Fault, in claim: ByteString, at position: Position) {
        let names = TemplateName.allCases.map(\.rawValue)
        switch fault {
        case .unknown(let name):
            log.report(
                position,
                "the fixed claim \(claim.quoted) in \(title) holds {…} around \(name.quoted), which is no template: "
                    + names.map { "{\($0)}" }.joined(separator: " ") + ", and {{ or }} for a brace itself",
                suggestion: suggestion(for: name, among: names).map { "{\($0)}" })
        case .unbalanced:
            log.report(
                position,
                "the fixed claim \(claim.quoted) in \(title) holds a brace without its partner; a brace itself is "
                    + "written twice, {{ or }}")
        }
    }
}
