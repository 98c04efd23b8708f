import StrictJSON

/// The tables of a file while it is read. They refer to each other by number, so that one can grow wherever it stands.
struct TableTree {
    /// How a table came to be, which decides who may add to it.
    enum Origin {
        /// Named inside longer headers only: a header of its own, or dotted keys, may still define it.
        case implicit
        /// By dotted keys: more dotted keys may add to it, and headers may add tables below it.
        case dotted
        /// By a header: only what follows the header, and longer headers.
        case header
        /// By braces: nothing.
        case inline
    }

    enum Content {
        case value(TOMLNode)
        case table(Int)
        /// An array of tables, by its number in `lists`.
        case tables(Int)
    }

    private struct Table {
        var origin: Origin
        var position: Position
        /// Levels of tables and arrays above this one.
        let depth: Int
        var members: [(key: TOMLKey, content: Content)] = []
        /// Where in `members` a key stands.
        var places: [ByteString: Int] = [:]
    }

    /// The table of the file itself.
    static let root = 0
    private var tables = [Table(origin: .header, position: Position(line: 1, column: 1), depth: 0)]
    private var lists: [[Int]] = []

    func depth(of table: Int) -> Int { tables[table].depth }

    /// A new table that no other refers to.
    mutating func makeTable(_ origin: Origin, at position: Position, depth: Int) throws(TOMLError) -> Int {
        guard depth <= TOMLReader.maximumDepth else { throw TOMLError(position: position, fault: .tooDeep) }
        tables.append(Table(origin: origin, position: position, depth: depth))
        return tables.count - 1
    }

    /// - Throws: `alreadyDefined`
    mutating func add(_ content: Content, as key: TOMLKey, to table: Int) throws(TOMLError) {
        let place = tables[table].members.count
        if let earlier = tables[table].places.updateValue(place, forKey: key.name) {
            throw alreadyDefined(key, in: table, at: earlier)
        }
        tables[table].members.append((key, content))
    }

    /// The table that a part of a dotted key, but its last, names in `table`; made if there is none.
    mutating func dottedTable(_ key: TOMLKey, in table: Int) throws(TOMLError) -> Int {
        guard let place = tables[table].places[key.name] else {
            let new = try makeTable(.dotted, at: key.position, depth: tables[table].depth + 1)
            try add(.table(new), as: key, to: table)
            return new
        }
        guard case .table(let found) = tables[table].members[place].content,
            tables[found].origin == .implicit || tables[found].origin == .dotted
        else { throw cannotBeExtended(key, in: table, at: place) }
        tables[found].origin = .dotted
        return found
    }

    /// The table that a part of a header, but its last, names in `table`: of an array of tables the newest.
    mutating func headerTable(_ key: TOMLKey, in table: Int) throws(TOMLError) -> Int {
        guard let place = tables[table].places[key.name] else {
            let new = try makeTable(.implicit, at: key.position, depth: tables[table].depth + 1)
            try add(.table(new), as: key, to: table)
            return new
        }
        switch tables[table].members[place].content {
        case .table(let found) where tables[found].origin != .inline: return found
        case .tables(let list): if let newest = lists[list].last { return newest }
        default: break
        }
        throw cannotBeExtended(key, in: table, at: place)
    }

    /// The table that `[…key]` begins.
    mutating func beginTable(_ key: TOMLKey, in table: Int, at position: Position) throws(TOMLError) -> Int {
        guard let place = tables[table].places[key.name] else {
            let new = try makeTable(.header, at: position, depth: tables[table].depth + 1)
            try add(.table(new), as: key, to: table)
            return new
        }
        guard case .table(let found) = tables[table].members[place].content, tables[found].origin == .implicit else {
            throw alreadyDefined(key, in: table, at: place)
        }
        tables[found].origin = .header
        tables[found].position = position
        return found
    }

    /// The table that `[[…key]]` begins.
    mutating func beginElement(_ key: TOMLKey, in table: Int, at position: Position) throws(TOMLError) -> Int {
        // The array is a level of its own.
        let new = try makeTable(.header, at: position, depth: tables[table].depth + 2)
        guard let place = tables[table].places[key.name] else {
            lists.append([new])
            try add(.tables(lists.count - 1), as: key, to: table)
            return new
        }
        guard case .tables(let list) = tables[table].members[place].content else {
            throw alreadyDefined(key, in: table, at: place)
        }
        lists[list].append(new)
        return new
    }

    /// Takes out the newest tables from `table` on, which only it refers to, as a value.
    mutating func removeTable(_ table: Int) -> TOMLTable {
        let value = finished(table)
        tables.removeSubrange(table...)
        return value
    }

    /// The table and all below it as a value.
    func finished(_ table: Int) -> TOMLTable {
        let members = tables[table].members.map { key, content in
            TOMLMember(key: key.name, position: key.position, node: node(content, at: key.position))
        }
        return TOMLTable(members: members, position: tables[table].position)
    }

    private func node(_ content: Content, at position: Position) -> TOMLNode {
        switch content {
        case .value(let node): node
        case .table(let table): element(table)
        case .tables(let list): TOMLNode(value: .array(lists[list].map { element($0) }), position: position)
        }
    }

    private func element(_ table: Int) -> TOMLNode {
        TOMLNode(value: .table(finished(table)), position: tables[table].position)
    }

    private func alreadyDefined(_ key: TOMLKey, in table: Int, at place: Int) -> TOMLError {
        let line = tables[table].members[place].key.position.line
        return TOMLError(position: key.position, fault: .alreadyDefined(key.name, line: line))
    }

    private func cannotBeExtended(_ key: TOMLKey, in table: Int, at place: Int) -> TOMLError {
        let line = tables[table].members[place].key.position.line
        return TOMLError(position: key.position, fault: .cannotBeExtended(key.name, line: line))
    }
}
