import Foundation
import Glibc
import POSIX
import Testing

/// A service manager's end of NOTIFY_SOCKET: takes messages as they come.
final class NotifySocket {
    /// The value of NOTIFY_SOCKET.
    let address: String
    private let socket: Descriptor

    /// How long a message may take before the test fails, in milliseconds: not a measure, a bound on hanging.
    private static let patience: Int32 = 60_000

    /// - Parameter address: A path, or `@` and a name that is in no file system.
    init(_ address: String) throws {
        self.address = address
        socket = Descriptor(owning: Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(address.hasPrefix("@") ? "\0\(address.dropFirst())".utf8 : address.utf8)
        let raw = socket.raw
        // An abstract name is as long as it is said to be.
        let length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
        try #require(bytes.count <= UnixSocket.longestPath)
        // Reason: the bytes fit sun_path, and the address lives for the call.
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { unsafe $0.copyBytes(from: bytes) }
        let bound = unsafe withUnsafePointer(to: &name) {
            unsafe $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(raw, $0, length) }
        }
        try #require(bound == 0, "cannot bind \(address)")
    }

    /// The next message, its assignments one by one.
    func next() throws -> [String] { try #require(try message(within: Self.patience), "no message came") }

    /// A message that has come already.
    func waiting() throws -> [String]? { try message(within: 0) }

    /// Whether no message comes for so long.
    func isSilent(forMilliseconds milliseconds: Int32) throws -> Bool { try message(within: milliseconds) == nil }

    /// The next message, which must be of a daemon that serves; what it says of itself.
    func status(_ names: [String] = ["READY=1"]) throws -> String {
        let message = try next()
        try #require(message.count == names.count + 1 && message.starts(with: names), "\(message)")
        let status = try #require(message.last)
        try #require(status.hasPrefix("STATUS="), "\(message)")
        return String(status.dropFirst("STATUS=".count))
    }

    private func message(within milliseconds: Int32) throws -> [String]? {
        guard try UnixSocket.waitUntilReadable(socket, timeout: milliseconds) == .ready else { return nil }
        return String(decoding: try socket.readSome(limit: 65_536), as: UTF8.self).components(separatedBy: "\n")
    }
}
