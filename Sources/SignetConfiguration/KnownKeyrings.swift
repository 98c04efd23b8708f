import StrictJSON

/// The keyrings that the profiles of all files may name, whichever file defines them.
struct KnownKeyrings {
    /// Where each name is defined, soundly or not.
    private let places: [ByteString: FilePosition]
    /// Files whose tables nobody knows: they are no TOML, or could not be read.
    private let illegible: [(name: String, bytes: [UInt8])]
    let hasUnreadableFiles: Bool

    init(_ files: [FileDecoding], unreadable: [String]) {
        places = Dictionary(files.flatMap(\.keyrings).map { ($0.name, $0.position) }) { first, _ in first }
        illegible =
            files.filter { !$0.isTOML }.map { ($0.source.name, $0.source.bytes) } + unreadable.map { ($0, []) }
        hasUnreadableFiles = !unreadable.isEmpty
    }

    var names: Dictionary<ByteString, FilePosition>.Keys { places.keys }

    /// Whether a file defines the ring, or could for all that is known.
    func mayHold(_ ring: ByteString) -> Bool { places[ring] != nil || !illegible.isEmpty }

    /// The ring of a profile that names none: the one named like it, else `default`.
    ///
    /// A broken file must not change who signs, so a ring that an illegible text seems to define is the profile's, too.
    func ring(of profile: ByteString) -> ByteString? {
        if places[profile] != nil || illegible.contains(where: { mentions(profile, $0.bytes) }) { return profile }
        return mayHold("default") ? "default" : nil
    }

    /// Why a ring that no sound file defines is missing.
    func absence(of ring: ByteString) -> String {
        if let place = places[ring] { return "stands in \(place.file), which is broken" }
        return "is in no sound file, and may be in \(illegible.map(\.name).joined(separator: " or "))"
    }

    /// Whether the text could define a ring of that name.
    private func mentions(_ ring: ByteString, _ text: [UInt8]) -> Bool {
        occurs(Array("keyring".utf8), in: text) && occurs(ring.bytes, in: text)
    }

    /// Whether `word` stands in `text` with nothing beside it that would make it another name.
    private func occurs(_ word: [UInt8], in text: [UInt8]) -> Bool {
        guard let first = word.first, word.count <= text.count else { return false }
        return (0...text.count - word.count).contains { start in
            text[start] == first && text[start...].starts(with: word)
                && !(start > 0 && continuesName(text[start - 1]))
                && !(start + word.count < text.count && continuesName(text[start + word.count]))
        }
    }

    /// A dot ends the word as well: it may be the one between `keyring` and the name.
    private func continuesName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"),
            UInt8(ascii: "-"):
            true
        default: false
        }
    }
}
