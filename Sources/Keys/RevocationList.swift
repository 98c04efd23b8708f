internal import POSIX
internal import StrictJSON

/// `DIR/revoked`: the kids of a keyring that verify nothing, one a line, byte for byte.
///
/// It wins over the key files and outlives them, so that PEM and sealed keys can be revoked too, and a revoked key that
/// comes back from a backup stays revoked.
struct RevocationList {
    static let name = "revoked"
    /// Largest list, in bytes.
    private static let largest = 1 << 20

    private(set) var kids: [ByteString]

    /// Reads the list of a directory; empty when there is none.
    init(in directory: borrowing Directory, _ admission: KeyAdmission) throws(KeyError) {
        let path = directory.path(of: Self.name)
        let file: Descriptor
        do throws(Errno) { file = try directory.open(Self.name) } catch {
            guard error == .noEntry else { throw .unreadable(path, error) }
            kids = []
            return
        }
        do throws(FileRefusal) {
            try admission.files.admit(file: file, path: path, what: "the list of revoked kids")
        } catch { throw KeyError(error) }
        let bytes: [UInt8]
        do throws(Errno) { bytes = try file.readAll(limit: Self.largest) } catch { throw .unreadable(path, error) }
        guard bytes.isEmpty || bytes.last == LineFeed.byte else {
            throw KeyError(path, "ends inside a line", fix: "complete its last line: one kid a line")
        }
        let lines = bytes.split(separator: LineFeed.byte).map { ByteString(Array($0)) }
        if let odd = lines.first(where: { !Self.canHold($0) }) {
            throw KeyError(
                path, "holds a line that is no kid: \(odd.quoted)", fix: "write one kid a line, and nothing else")
        }
        kids = lines
    }

    private static func canHold(_ kid: ByteString) -> Bool {
        !kid.bytes.isEmpty && !kid.bytes.contains { $0 < 0x20 || $0 == 0x7F }
    }

    /// Adds a kid to the list of a directory, which is there as a whole or as it was.
    static func add(_ kid: ByteString, to directory: borrowing Directory, _ admission: KeyAdmission) throws(KeyError) {
        let path = directory.path(of: name)
        guard canHold(kid) else {
            throw KeyError(path, "cannot hold the kid \(kid.quoted)", fix: "set \"revoked\" in the key's JWK")
        }
        let list = try RevocationList(in: directory, admission)
        if list.kids.contains(kid) { return }
        var text: [UInt8] = []
        for kid in list.kids + [kid] { text += kid.bytes + [LineFeed.byte] }
        guard text.count <= largest else {
            throw KeyError(
                path, "is full: \(largest) bytes", fix: "remove kids of which no token can be alive any more")
        }
        do throws(Errno) {
            try FilePlacement.place(name, in: directory, mode: 0o644, existing: .replaced, owner: .directory) {
                (file) throws(Errno) in try file.writeAll(text.span)
            }
        } catch { throw .unwritable(path, error) }
    }
}
