import Testing

/// A user of the host who asks for tokens one after another, while somebody else makes trouble.
struct HonestUser {
    private let process: OtherProcess

    enum Way: String {
        /// On the connection that it has had from the beginning.
        case asBefore = "kept"
        /// Each time on a new connection.
        case anew = "new"
    }

    /// Connects, and has its first token when this returns.
    init(_ daemon: TestDaemon) throws {
        let script = """
            def ask(c):
                c.sendall(b'{"op":"sign"}\\n')
                return isOK(lines[c].readline())
            lines = {}
            def begin():
                c = connect()
                lines[c] = c.makefile()
                return c
            kept = begin()
            say("ready" if ask(kept) else "refused")
            while way := told():
                way, count = way.split()
                served = 0
                for _ in range(int(count)):
                    c = kept if way == "kept" else begin()
                    served += ask(c)
                    if c is not kept: lines.pop(c).close(); c.close()
                say(served)
            """
        process = try OtherProcess(script, daemon, as: OtherUser.neighbour)
        try #require(try process.hear() == "ready")
    }

    /// Asks so many times; returns how many tokens came.
    func served(_ count: Int, _ way: Way) throws -> Int {
        try #require(Int(process.ask("\(way.rawValue) \(count)")))
    }

    /// Asks on its old connection and on new ones, and expects a token each time.
    func expectService() throws {
        #expect(try served(100, .asBefore) == 100)
        #expect(try served(20, .anew) == 20)
    }
}
