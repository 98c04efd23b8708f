import Foundation
import Testing

/// Callers in cgroups as systemd would lay them out, with the real daemon.
@Suite("Callers in system units", .enabled(if: Cgroup.isUsable, Cgroup.need))
struct UnitTests {
    private let sign = #"{"op":"sign"}"#

    /// A configuration whose only entry says who by these lines.
    private func settings(_ who: String) -> String {
        TestDaemon.settings(users: ["*"]).replacingOccurrences(of: "users = [\"*\"]", with: who)
    }

    /// Signs as another user in a cgroup of this path.
    private func sign(_ daemon: TestDaemon, in path: String, as user: String = OtherUser.stranger) throws -> Answer {
        let group = try Cgroup(path)
        defer { group.remove() }
        let command = group.running(
            [
                "/usr/bin/setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "nc", "-N", "-U",
                daemon.socket,
            ])
        let program = try Program.run(URL(filePath: command[0]), Array(command.dropFirst()), input: sign + "\n")
        return Answer(program.output)
    }

    @Test("PEER-2 a service is served by its unit, and nobody else is, root neither")
    func service() throws {
        let daemon = try TestDaemon(settings("units = [\"register.service\", \"web@7.service\"]"))
        #expect(try sign(daemon, in: "register.service").isOK)
        #expect(try sign(daemon, in: "signet.slice/web@7.service", as: "61200").isOK)
        for path in [
            "other.service", "web@8.service", "container/register.service", "",
            // systemd-run --user --unit=register.service
            "user-4711.slice/user@4711.service/app.slice/register.service",
            // systemd-run --user --scope, and what a service may make in a cgroup that is delegated to it
            "user-4711.slice/session-1.scope/register.service", "other.service/register.service",
        ] {
            #expect(try sign(daemon, in: path).errorCode == "not_permitted", "\(path)")
        }
        #expect(try daemon.connect().ask(sign).errorCode == "not_permitted")
        #expect(daemon.log.wait(for: " unit=other.service "))
    }

    @Test("PEER-2 the overflow uid is nobody, in any unit")
    func overflowUID() throws {
        let daemon = try TestDaemon(settings("users = [\"*\"]\nunits = [\"register.service\"]"))
        #expect(try sign(daemon, in: "register.service").isOK)
        #expect(try sign(daemon, in: "register.service", as: "65534").errorCode == "not_permitted")
    }

    @Test("PEER-2 an entry with units and users is for those users in those units alone")
    func unitsAndUsers() throws {
        let daemon = try TestDaemon(settings("users = [\"root\", \"daemon\"]\nunits = [\"register.service\"]"))
        #expect(try sign(daemon, in: "register.service", as: "daemon").isOK)
        #expect(try sign(daemon, in: "register.service").errorCode == "not_permitted")
        #expect(try sign(daemon, in: "other.service", as: "daemon").errorCode == "not_permitted")
        let explain = #"{"op":"explain","as":{"user":"daemon","unit":"UNIT"}}"#
        let admin = try daemon.connect()
        #expect(try admin.ask(explain.replacingOccurrences(of: "UNIT", with: "register.service")).isOK)
        #expect(
            try admin.ask(explain.replacingOccurrences(of: "UNIT", with: "other.service")).errorCode == "not_permitted")
    }

    @Test("PEER-2 who passes the connection of a dead process of the unit on has no unit")
    func deadPeer() throws {
        let daemon = try TestDaemon(settings("units = [\"register.service\"]"))
        // The daemon stands still, so that the process that connects is dead when it is accepted.
        let script = """
            import os, signal, socket, sys
            path, daemon, dies = sys.argv[1], int(sys.argv[2]), sys.argv[3] == "dies"
            s = socket.socket(socket.AF_UNIX)
            # kill(2) returns before every thread stands: one that runs on would accept the process while it lives.
            def stands(thread):
                with open(f"/proc/{daemon}/task/{thread}/stat") as stat:
                    return stat.read().rsplit(")", 1)[1].split()[0] == "T"
            os.kill(daemon, signal.SIGSTOP)
            try:
                while not all(stands(thread) for thread in os.listdir(f"/proc/{daemon}/task")):
                    os.sched_yield()
                if dies:
                    if not os.fork():
                        s.connect(path); os._exit(0)
                    os.wait()
                else:
                    s.connect(path)
            finally:
                os.kill(daemon, signal.SIGCONT)
            s.sendall(b'{"op":"ping"}\\n{"op":"sign"}\\n')
            lines = s.makefile()
            print(lines.readline() + lines.readline(), end="")
            """
        let group = try Cgroup("register.service")
        defer { group.remove() }
        for (fate, code) in [("lives", nil), ("dies", "not_permitted" as String?)] {
            let command = group.running(
                [
                    Program.python.path, "-c", script, daemon.socket, "\(daemon.process.processIdentifier)", fate,
                ])
            let program = try Program.run(URL(filePath: command[0]), Array(command.dropFirst()))
            let answers = program.output.split(separator: "\n").map { Answer(String($0)) }
            try #require(answers.count == 2, "\(program.errors)")
            #expect(answers[0].isOK)
            #expect(answers[1].errorCode == code && answers[1].isOK == (code == nil), "\(fate): \(answers[1])")
        }
    }

    @Test(
        "PEER-2 without SO_PEERPIDFD an entry with units must also name users or groups; else it is for nobody",
        arguments: [
            ("units = [\"register.service\"]", false), ("users = [\"*\"]\nunits = [\"register.service\"]", false),
            ("users = [\"daemon\"]\nunits = [\"register.service\"]", true),
        ])
    func olderKernel(_ who: String, _ isServed: Bool) throws {
        // A filter of system calls (seccomp(2)) that makes the kernel look older: getsockopt(…, 77, …) is ENOPROTOOPT.
        let script = """
            import ctypes, os, platform, struct, sys
            number = {"x86_64": 55, "aarch64": 209}[platform.machine()]
            code = [(0x20, 0, 0, 0), (0x15, 0, 3, number), (0x20, 0, 0, 32), (0x15, 0, 1, 77),
                    (0x06, 0, 0, 0x00050000 | 92), (0x06, 0, 0, 0x7fff0000)]
            program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in code))
            filter = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", len(code), ctypes.addressof(program)))
            libc = ctypes.CDLL(None, use_errno=True)
            assert libc.prctl(38, 1, 0, 0, 0) == 0 and libc.prctl(22, 2, filter, 0, 0) == 0
            os.execv(sys.argv[1], sys.argv[1:])
            """
        let daemon = try TestDaemon(prepared: settings(who))
        try daemon.start(wrapper: [Program.python.path, "-c", script])
        #expect(daemon.log.text.contains("must name users or groups as well; it matches nobody") == !isServed)
        #expect(try sign(daemon, in: "register.service", as: "daemon").isOK == isServed)
        #expect(try sign(daemon, in: "other.service", as: "daemon").errorCode == "not_permitted")
        #expect(try sign(daemon, in: "register.service").errorCode == "not_permitted")
    }

    @Test("A connection keeps the unit that it had when it was made, also for entries that a reload brings")
    func reload() throws {
        let daemon = try TestDaemon(settings("users = [\"daemon\"]"))
        let script = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); lines = s.makefile()
            for line in sys.stdin:
                s.sendall(b'{"op":"sign"}\\n'); print(lines.readline(), end="", flush=True)
            """
        let group = try Cgroup("register.service")
        defer { group.remove() }
        let (program, input, output) = (Process(), Pipe(), Pipe())
        let command = group.running([Program.python.path, "-c", script, daemon.socket])
        program.executableURL = URL(filePath: command[0])
        program.arguments = Array(command.dropFirst())
        program.standardInput = input
        program.standardOutput = output
        try program.run()
        defer {
            try? input.fileHandleForWriting.close()
            program.waitUntilExit()
        }
        func ask() -> Answer {
            input.fileHandleForWriting.write(Data("\n".utf8))
            return Answer(String(decoding: output.fileHandleForReading.availableData, as: UTF8.self))
        }
        #expect(ask().errorCode == "not_permitted")
        try daemon.configure(settings("units = [\"register.service\"]"))
        try daemon.reloadAnew()
        #expect(ask().isOK)
        try daemon.configure(settings("units = [\"other.service\"]"))
        try daemon.reloadAnew()
        #expect(ask().errorCode == "not_permitted")
    }
}
