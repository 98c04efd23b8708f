internal import CSystemd
internal import POSIX

/// A socket that the service manager listens at and has passed on to this process (sd_listen_fds(3)).
package struct PassedSocket: Equatable, Sendable {
    /// The descriptor, open and closed on exec; whoever takes it closes it.
    package let descriptor: Int32
    /// `FileDescriptorName=` of the socket unit: without it the unit's own name, such as `signetd.socket`.
    package let name: [UInt8]

    /// The sockets that were passed to this process, in their order; none when LISTEN_PID names another, or nobody.
    ///
    /// To be called once: the environment keeps the variables.
    ///
    /// - Throws: for variables that are malformed, that disagree on how many there are, or name what is no listening
    ///   stream socket of the Unix domain. Nothing is to be served then: nobody knows what those descriptors are.
    package static func all() throws(Unusable) -> [PassedSocket] {
        var list: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = nil
        // Reason: libsystemd fills the pointer with an array of `count` strings, which is freed below.
        let count = unsafe sd_listen_fds_with_names(0, &list)
        guard count >= 0 else {
            let error = Errno(-count)
            throw Unusable(problem: "LISTEN_PID, LISTEN_FDS or LISTEN_FDNAMES cannot be understood: \(error)")
        }
        // Reason: array and strings are the caller's, by malloc.
        defer { unsafe csystemd_free_strings(list, count) }
        var sockets: [PassedSocket] = []
        for position in 0..<count {
            let descriptor = SD_LISTEN_FDS_START + position
            // Reason: the string lives until the array is freed, and ends with a NUL.
            let name = unsafe list?[Int(position)].map { unsafe Array(String(cString: $0).utf8) }
            guard csystemd_is_listening(descriptor) != 0 else {
                throw Unusable(
                    problem: "descriptor \(descriptor) is no listening stream socket of the Unix domain: "
                        + "use ListenStream= with a path")
            }
            sockets.append(PassedSocket(descriptor: descriptor, name: name ?? []))
        }
        return sockets
    }

    /// Why what was passed cannot be served.
    package struct Unusable: Error, Equatable, CustomStringConvertible {
        package let problem: String
        package var description: String { "sockets of the service manager: \(problem)" }
    }
}
