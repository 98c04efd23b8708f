import Foundation
import POSIX
import Synchronization
import Systemd
import Testing

/// Both ways to hold on to a peer: by the kernel's pidfd, and by its directory in /proc where there is none.
@Suite("The system unit of a peer", .enabled(if: Cgroup.isUsable, Cgroup.need))
struct PeerUnitTests {
    /// What the script of a test says: the connecting process is the child of one that holds the socket, too.
    private static let prologue = """
        import os, socket, sys
        def say(word): print(word, flush=True)
        def wait(): sys.stdin.readline()
        s = socket.socket(socket.AF_UNIX)

        """

    /// For those whose outcome depends on who gets the pid of a process that has died: a test here sets the kernel's counter
    /// of pids back.
    static let pidTurn = Mutex(())

    /// Runs a script in a unit. When it says "connected", accepts and takes what the kernel says of the peer, and lets
    /// it go on; after each further word, looks for the unit. Gives the units that were found.
    private func units(
        _ script: String, credentials change: (PeerCredentials) -> PeerCredentials = { $0 }, by pidfd: Bool
    ) throws -> [String] {
        try Self.pidTurn.withLock { _ in try unitsInTurn(script, change, pidfd) }
    }

    private func unitsInTurn(
        _ script: String, _ change: (PeerCredentials) -> PeerCredentials, _ pidfd: Bool
    ) throws -> [String] {
        let group = try Cgroup("register.service")
        defer { group.remove() }
        let path = "/tmp/signet-\(UUID().uuidString.prefix(8)).sock"
        // Listening sets the umask of the process for a moment, and other tests write files meanwhile: a strict one.
        let listener = try UnixSocket.listen(at: path, mode: 0o600, backlog: 8)
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
        defer { try? UnixSocket.remove(path) }
        let (program, input, output) = (Process(), Pipe(), Pipe())
        let command = group.running(["/usr/bin/python3", "-c", Self.prologue + script, path])
        program.executableURL = URL(filePath: command[0])
        program.arguments = Array(command.dropFirst())
        program.standardInput = input
        program.standardOutput = output
        try program.run()
        defer {
            // Else it would wait for a word for ever where this test has failed.
            try? input.fileHandleForWriting.close()
            program.waitUntilExit()
        }
        var words = ArraySlice<String>()
        func next() -> String {
            while words.isEmpty {
                let more = output.fileHandleForReading.availableData
                if more.isEmpty { return "" }
                words = ArraySlice(String(decoding: more, as: UTF8.self).split(separator: "\n").map(String.init))
            }
            return words.removeFirst()
        }
        try #require(next() == "connected")
        let socket = Descriptor(owning: accept(listener.raw, nil, nil))
        try #require(socket.raw >= 0)
        let credentials = try PeerCredentials(ofSocket: socket.raw)
        var found: [String] = []
        while true {
            input.fileHandleForWriting.write(Data("\n".utf8))
            let word = next()
            if word == "impossible" { return ["impossible"] }
            if word != "look" { return found }
            let name = try SystemUnit.name(ofPeer: socket.raw, change(credentials), asksForDescriptor: pidfd)
            found.append(name.map { String(decoding: $0, as: UTF8.self) } ?? "none")
        }
    }

    @Test("PEER-2 a peer that lives has its unit", arguments: [true, false])
    func alive(byPidfd: Bool) throws {
        let script = "s.connect(sys.argv[1]); say('connected'); wait(); say('look'); wait()"
        #expect(try units(script, by: byPidfd) == ["register.service"])
    }

    @Test("PEER-2 a peer of another user has its unit, and none where its user is another", arguments: [true, false])
    func anotherUser(byPidfd: Bool) throws {
        let script = "os.setuid(4711); s.connect(sys.argv[1]); say('connected'); wait(); say('look'); wait()"
        #expect(try units(script, by: byPidfd) == ["register.service"])
        // What was root when it connected, and is not the process that one sees.
        let changed = "s.connect(sys.argv[1]); say('connected'); wait(); os.setuid(4711); say('look'); wait()"
        #expect(try units(changed, by: byPidfd) == [byPidfd ? "register.service" : "none"])
    }

    @Test("PEER-2 a peer that passed its socket on and died has no unit", arguments: [true, false])
    func dead(byPidfd: Bool) throws {
        let script = """
            if not os.fork():
                s.connect(sys.argv[1]); os._exit(0)
            os.wait()
            say('connected'); wait(); say('look'); wait()
            """
        #expect(try units(script, by: byPidfd) == ["none"])
    }

    @Test("PEER-2 nor one that died and was not waited for", arguments: [true, false])
    func zombie(byPidfd: Bool) throws {
        let script = """
            child = os.fork()
            if not child:
                s.connect(sys.argv[1]); os._exit(0)
            os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
            say('connected'); wait(); say('look'); wait()
            """
        #expect(try units(script, by: byPidfd) == ["none"])
    }

    /// A process that got the pid of the peer, by the kernel's counter of pids.
    private func recycled(becoming user: Int) -> String {
        """
        child = os.fork()
        if not child:
            s.connect(sys.argv[1]); os._exit(0)
        os.wait()
        say('connected'); wait()
        def recycle():
            for attempt in range(200):
                try: open('/proc/sys/kernel/ns_last_pid', 'w').write(str(child - 1))
                except OSError: return
                r, w = os.pipe()
                other = os.fork()
                if not other:
                    if os.getpid() == child:
                        os.setuid(\(user)); os.write(w, b'x'); wait()
                    os._exit(0)
                if other == child:
                    os.read(r, 1); return other
                os.wait()
        if recycle():
            say('look')
            os.wait()
        else:
            say('impossible')
        """
    }

    @Test("PEER-2 a process with a dead peer's pid does not pass for it: never to a pidfd, and never of another user")
    func recycledPid() throws {
        for (user, pidfd) in [(0, true), (4_711, true), (4_711, false)] {
            let found = try units(recycled(becoming: user), by: pidfd)
            // Where the counter of pids cannot be set, it cannot be tried.
            #expect(found == ["none"] || found == ["impossible"])
        }
    }

    @Test("PEER-2 pid 0 is of another pid namespace and has no unit, though to systemd it is the asking process")
    func pidZero() throws {
        let script = "s.connect(sys.argv[1]); say('connected'); wait(); say('look'); wait()"
        for pidfd in [true, false] {
            let found = try units(
                script,
                credentials: { PeerCredentials(uid: $0.uid, gid: $0.gid, pid: 0, groups: $0.groups) }, by: pidfd)
            #expect(found == ["none"])
        }
    }
}
