internal import StrictJSON

/// A JSON value that is being put together by an `Encodable` type, whose containers may be filled in any order.
final class JSONNode {
    private enum Content {
        case text([UInt8])
        case array([JSONNode])
        case object([(name: String, value: JSONNode)])
    }
    /// A type that encodes nothing at all is an empty object.
    private var content = Content.object([])

    /// How many elements the array has; 0 for anything else.
    var count: Int {
        if case .array(let elements) = content { elements.count } else { 0 }
    }

    func set(_ json: JSON) { content = .text(json.utf8) }

    /// Makes it an object, unless it is one: a class and its superclass fill the same.
    func becomeObject() {
        if case .object = content { return }
        content = .object([])
    }

    func becomeArray() {
        if case .array = content { return }
        content = .array([])
    }

    /// A new member, behind the others.
    func addMember(_ name: String) -> JSONNode {
        let node = JSONNode()
        guard case .object(var members) = content else { return node }
        content = .object([])
        members.append((name, node))
        content = .object(members)
        return node
    }

    /// A new element, behind the others.
    func addElement() -> JSONNode {
        let node = JSONNode()
        guard case .array(var elements) = content else { return node }
        content = .array([])
        elements.append(node)
        content = .array(elements)
        return node
    }

    func write(to output: inout [UInt8]) {
        switch content {
        case .text(let text): output += text
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (position, element) in elements.enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                element.write(to: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (position, member) in members.enumerated() {
                if position > 0 { output.append(UInt8(ascii: ",")) }
                output.appendJSONString(member.name)
                output.append(UInt8(ascii: ":"))
                member.value.write(to: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }
}
