package import StrictJSON

/// A value of TOML 1.0. Floats and dates are left out: no setting takes one.
package enum TOMLValue: Equatable, Sendable {
    /// UTF-8, escapes resolved; a line end inside it is one LF.
    case string(ByteString)
    case integer(Int64)
    case boolean(Bool)
    case array([TOMLNode])
    case table(TOMLTable)
}

/// A value and where it begins.
package struct TOMLNode: Equatable, Sendable {
    package let value: TOMLValue
    package let position: Position
}

/// Keys and their values, in the order of the file.
package struct TOMLTable: Equatable, Sendable {
    /// No two have the same key.
    package let members: [TOMLMember]
    /// Where its header, its brace or, for a table that only longer headers and dotted keys name, the first such key
    /// stands.
    package let position: Position

    /// The member of that key.
    package func member(_ key: ByteString) -> TOMLMember? { members.first { $0.key == key } }
}

/// One key of a table and its value.
package struct TOMLMember: Equatable, Sendable {
    package let key: ByteString
    /// Where the key stands.
    package let position: Position
    package let node: TOMLNode
}
