import StrictJSON
import TOML

/// One table of the file while its settings are taken out of it, one by one, by name.
///
/// A setting that is missing or wrong gives nil; what is wrong is in the log then. What nobody took is unknown.
struct Section {
    /// Where the table stands.
    let position: Position
    /// As messages show it: `[profile.default]`, `[[profile.default.allow]]`.
    let title: String
    let log: ProblemLog
    private var known: [String] = []
    private let members: [TOMLMember]
    private let nodes: [ByteString: TOMLNode]

    init(_ table: TOMLTable, title: String, log: ProblemLog) {
        self.init(table.members, at: table.position, title: title, log: log)
    }

    init(_ members: [TOMLMember], at position: Position, title: String, log: ProblemLog) {
        self.position = position
        self.title = title
        self.log = log
        self.members = members
        nodes = Dictionary(members.map { ($0.key, $0.node) }) { first, _ in first }
    }

    /// The value of `name`, whatever it is.
    mutating func node(_ name: String) -> TOMLNode? {
        known.append(name)
        return nodes[ByteString(name)]
    }

    /// Whether the file sets `name`, rightly or wrongly.
    func has(_ name: String) -> Bool { nodes[ByteString(name)] != nil }

    /// Where the value of `name` stands; for a missing one, the table.
    private func position(of name: String) -> Position { nodes[ByteString(name)]?.position ?? position }

    func report(_ name: String, _ problem: String, suggestion: @autoclosure () -> String? = nil) {
        log.report(position(of: name), "'\(name)' in \(title) \(problem)", suggestion: suggestion())
    }

    func reportMissing(_ name: String, _ hint: String) {
        log.report(position, "\(title) needs '\(name)': \(hint)")
    }

    /// Reports every member that no setting took, with the known name it resembles.
    ///
    /// - Parameter place: What they are not known in; the table, if left out.
    func reportUnknownMembers(in place: String? = nil) {
        let taken = Set(known.map { ByteString($0) })
        for member in members where !taken.contains(member.key) {
            log.report(
                member.position, "unknown key \(member.key.quoted) in \(place ?? title)",
                suggestion: suggestion(for: member.key, among: known))
        }
    }
}

extension Section {
    mutating func string(_ name: String) -> ByteString? {
        guard let node = node(name) else { return nil }
        guard case .string(let value) = node.value else {
            report(name, "must be a string, found \(node.value.kind)")
            return nil
        }
        return value
    }

    /// A string that names something outside: a path, a user, a ring. Not empty, no control characters.
    mutating func name(_ name: String) -> ByteString? {
        guard let value = string(name) else { return nil }
        guard let fault = nameFault(value) else { return value }
        report(name, fault)
        return nil
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
        guard let node = node(name) else { return nil }
        guard case .integer(let value) = node.value else {
            report(name, "must be an integer, found \(node.value.kind)")
            return nil
        }
        guard let value = Int(exactly: value), range.contains(value) else {
            report(name, "must be from \(range.lowerBound) to \(range.upperBound), found \(value)")
            return nil
        }
        return value
    }

    /// In seconds.
    mutating func duration(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
        quantity(name, in: range, "a duration such as \"15m\" (digits and one of s m h d)", seconds, durationText)
    }

    /// In bytes.
    mutating func size(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
        quantity(name, in: range, "a size such as \"4M\" (digits and K, M or G)", byteCount, sizeText)
    }

    private mutating func quantity(
        _ name: String, in range: ClosedRange<Int64>, _ expected: String,
        _ read: (ByteString) -> Int64?, _ show: (Int64) -> String
    ) -> Int64? {
        guard let node = node(name) else { return nil }
        guard case .string(let text) = node.value else {
            report(name, "must be \(expected), found \(node.value.kind)")
            return nil
        }
        guard let value = read(text) else {
            report(name, "must be \(expected), found \(text.quoted)")
            return nil
        }
        guard range.contains(value) else {
            report(name, "must be from \(show(range.lowerBound)) to \(show(range.upperBound)), found \(text.quoted)")
            return nil
        }
        return value
    }

    /// Strings, none empty or twice.
    ///
    /// - Parameter fault: What is wrong with one of them; nil: nothing.
    mutating func strings(
        _ name: String, mayBeEmpty: Bool = false, fault elementFault: (ByteString) -> String? = { _ in nil }
    ) -> [ByteString]? {
        guard let node = node(name) else { return nil }
        guard case .array(let elements) = node.value else {
            report(name, "must be an array of strings, found \(node.value.kind)")
            return nil
        }
        var values: [ByteString] = []
        var seen: Set<ByteString> = []
        for element in elements {
            guard case .string(let value) = element.value else {
                log.report(
                    element.position, "'\(name)' in \(title) must hold strings only, found \(element.value.kind)")
                return nil
            }
            let fault =
                nameFault(value) ?? elementFault(value)
                ?? (seen.insert(value).inserted ? nil : "names \(value.quoted) twice")
            if let fault {
                log.report(element.position, "'\(name)' in \(title) \(fault)")
                return nil
            }
            values.append(value)
        }
        if values.isEmpty, !mayBeEmpty {
            report(name, "must not be empty; leave it out for its default")
            return nil
        }
        return values
    }

    private func nameFault(_ value: ByteString) -> String? {
        if value.bytes.isEmpty { return "must not be empty" }
        if value.bytes.contains(where: { $0 < 0x20 || $0 == 0x7F }) { return "must not hold control characters" }
        return nil
    }
}

extension TOMLValue {
    /// As a message names it.
    var kind: String {
        switch self {
        case .string: "a string"
        case .integer: "an integer"
        case .boolean: "a boolean"
        case .array: "an array"
        case .table: "a table"
        }
    }
}
