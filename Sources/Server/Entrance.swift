package import POSIX

/// A socket that the server listens at, and whether admins are served as such there.
package final class Entrance: Sendable {
    let descriptor: Descriptor
    /// Whether callers who are admins may use what is for admins alone. Where one entrance is for admins, the others are not.
    package let servesAdmins: Bool

    /// - Parameter descriptor: Bound, and listening.
    package init(_ descriptor: consuming Descriptor, servesAdmins: Bool) {
        self.descriptor = descriptor
        self.servesAdmins = servesAdmins
    }
}
