import Foundation
import Testing

@Suite("The house keeps its walls")
struct LayeringTests {
    /// What each room may import: no more than Package.swift gives it, and the system's modules that it needs.
    static let allowed: [String: Set<String>] = [
        // The platform's edges. POSIX is the one room of system calls.
        "POSIX": ["CLinux", "Glibc"],
        "OpenSSL": ["CLibCrypto", "Glibc"],
        "Systemd": ["CSystemd", "POSIX"],
        // The standards.
        "StrictJSON": [],
        "JOSE": ["OpenSSL", "StrictJSON"],
        "WireProtocol": ["StrictJSON"],
        // The daemon, from the heart outwards.
        "Keys": ["JOSE", "OpenSSL", "POSIX", "StrictJSON", "Synchronization"],
        "Authorization": ["JOSE", "StrictJSON"],
        "SigningService": [
            "Authorization", "JOSE", "Keys", "OpenSSL", "StrictJSON", "Synchronization", "WireProtocol",
        ],
        "Server": [
            "Authorization", "Dispatch", "Logging", "NIOCore", "NIOPosix", "OpenSSL", "POSIX", "SigningService",
            "StrictJSON", "Synchronization", "WireProtocol",
        ],
        "TOML": ["StrictJSON"],
        "SignetConfiguration": ["JOSE", "StrictJSON", "TOML", "WireProtocol"],
        "HostConfiguration": ["SignetConfiguration", "Keys", "POSIX", "StrictJSON"],
        "Daemon": [
            "Authorization", "SignetConfiguration", "HostConfiguration", "JOSE", "Keys", "Logging", "NIOCore",
            "NIOPosix",
            "OpenSSL", "POSIX", "Server", "SigningService", "StrictJSON", "Synchronization", "Systemd", "WireProtocol",
        ],
        "signetd": ["Daemon", "Glibc"],
        // The callers' side.
        "SignetClient": ["POSIX", "StrictJSON", "Synchronization", "WireProtocol"],
        "signet": [
            "ArgumentParser", "SignetConfiguration", "Histogram", "HostConfiguration", "JOSE", "Keys", "POSIX",
            "SignetClient", "StrictJSON", "Synchronization", "WireProtocol",
        ],
    ]
    /// Rooms of C.
    static let foreign: Set<String> = ["CLibCrypto", "CLinux", "CSystemd"]

    @Test("Every room is in the table of imports, and no other")
    func table() {
        #expect(Source.rooms == Set(Self.allowed.keys).union(Self.foreign))
    }

    @Test("A room imports what the table allows, and uses all of it", arguments: allowed.keys.sorted())
    func imports(room: String) throws {
        let sources = Source.all.filter { $0.room == room }
        try #require(!sources.isEmpty)
        let permitted = try #require(Self.allowed[room])
        for source in sources {
            let excess = source.imports.subtracting(permitted).subtracting([room])
            #expect(excess.isEmpty, "\(source.path) imports \(excess.sorted())")
        }
        let unused = permitted.subtracting(sources.flatMap(\.imports))
        #expect(unused.isEmpty, "no file of \(room) imports \(unused.sorted())")
    }

    @Test("Imports go one way: there is no cycle")
    func noCycle() {
        var edges: [String: Set<String>] = [:]
        for source in Source.all { edges[source.room, default: []].formUnion(source.imports) }
        #expect(edges.count >= 15)
        // Rooms that import only settled ones are settled, until none is left.
        var settled: Set<String> = []
        while true {
            let next = edges.keys.filter { room in
                !settled.contains(room)
                    && edges[room, default: []].allSatisfy { settled.contains($0) || edges[$0] == nil }
            }
            if next.isEmpty { break }
            settled.formUnion(next)
        }
        #expect(settled.count == edges.count, "in a cycle: \(Set(edges.keys).subtracting(settled).sorted())")
    }

    @Test("Foundation is imported nowhere, and the argument parser, NIO and systemd only where they are needed")
    func heavyImports() {
        let homes: [(module: String, rooms: Set<String>)] = [
            ("Foundation", []), ("NIO", ["Daemon", "Server"]), ("Logging", ["Daemon", "Server"]),
            ("ArgumentParser", ["signet"]), ("Histogram", ["signet"]), ("CLibCrypto", ["OpenSSL"]),
            ("CLinux", ["POSIX"]),
            ("CSystemd", ["Systemd"]), ("Systemd", ["Daemon"]),
            ("Glibc", ["OpenSSL", "POSIX", "signetd"]),
        ]
        for source in Source.all {
            for module in source.imports {
                for home in homes where module.hasPrefix(home.module) {
                    #expect(home.rooms.contains(source.room), "\(source.path) imports \(module)")
                }
            }
        }
    }

    @Test("Unsafe code stands only in OpenSSL, POSIX, StrictJSON and Systemd, and every such file says why")
    func unsafeCode() {
        let users = Source.all.filter { $0.code.contains(/\bunsafe\b/) }
        #expect(users.count >= 10)
        for source in users {
            let isAllowed = ["OpenSSL", "POSIX", "StrictJSON", "Systemd"].contains(source.room)
            #expect(isAllowed, "\(source.path) has unsafe code")
            let saysWhy = source.text.contains("Reason")
            #expect(saysWhy, "\(source.path) does not say why its unsafe code is safe")
        }
    }

    @Test("What the compiler cannot prove about threads stands in OpenSSL alone")
    func uncheckedSendable() {
        let users = Source.all.filter { $0.code.contains(/@unchecked\b|\bnonisolated\s*\(\s*unsafe\s*\)/) }
        #expect(
            users.map(\.path).sorted() == [
                "OpenSSL/HMACKey.swift", "OpenSSL/KeyPair.swift", "OpenSSL/SecretBytes.swift",
            ])
    }

    @Test("SIG-3 bytes are compared in constant time by one function, which verifies tags and compares secrets")
    func constantTime() throws {
        func users(_ pattern: some RegexComponent) -> [String] {
            Source.everyFile.filter { Source(path: $0.path, text: $0.text).code.contains(pattern) }.map(\.path).sorted()
        }
        #expect(users(/\bCRYPTO_memcmp\b/) == ["OpenSSL/HMACKey.swift"])
        #expect(users(/\b(mem|str)n?cmp\s*\(/).isEmpty)
        #expect(users(/\bconstantTimeEqual\(/) == ["OpenSSL/HMACKey.swift", "OpenSSL/SecretBytes.swift"])
        let context = try #require(Source.all.first { $0.path == "OpenSSL/HMACKey.swift" }).code
        let verify = try #require(context.firstMatch(of: /func verify\([\s\S]*?\n    }/)).output
        #expect(verify.contains("return constantTimeEqual("))
        // Of the lengths.
        #expect(verify.components(separatedBy: "==").count == 2)
    }

    @Test("Only SignetClient has anything public")
    func publicAPI() {
        let users = Set(Source.all.filter { $0.code.contains(/\bpublic\b|\bopen (class|var|func)\b/) }.map(\.room))
        #expect(users == ["SignetClient"])
    }

    @Test("Nothing ends the process where an error can be thrown: no try!, as! or fatalError")
    func noTraps() {
        #expect(Source.all.count >= 130)
        for source in Source.all {
            let traps = source.code.matches(of: /\btry!|\bas!|\bfatalError\s*\(/).map { String($0.output) }
            #expect(traps.isEmpty, "\(source.path)")
        }
    }

    @Test("No file is longer than 300 lines")
    func length() {
        let files = Source.everyFile
        #expect(files.count >= 140)
        for file in files {
            let lines = file.text.utf8.count { $0 == UInt8(ascii: "\n") }
            #expect(lines > 0 && lines <= 300, "\(file.path) has \(lines) lines")
        }
    }

    @Test("The reader of sources sees code, and neither comments nor strings")
    func reader() {
        let source = Source(
            path: "Room/File.swift",
            text: """
                /// unsafe, try!
                internal import NIOCore  // import Foundation
                @preconcurrency import Logging
                package import struct JOSE.Algorithm
                let a = "import Foundation; fatalError(\\"unsafe\\") // "; let unsafeName = try! b
                /* public
                   func */ let c = ""
                """)
        #expect(source.imports == ["NIOCore", "Logging", "JOSE"])
        #expect(!source.code.contains(/\bunsafe\b|public|fatalError/))
        #expect(source.code.contains("try! b"))
        #expect(source.code.contains("let c"))
        #expect(source.room == "Room")
        #expect(Source.all.count >= 130)
    }
}

/// A file below Sources.
struct Source {
    /// Below Sources.
    let path: String
    let text: String
    /// The text without comments and strings.
    let code: String
    let imports: Set<String>
    var room: String { String(path.prefix { $0 != "/" }) }

    /// Every Swift file.
    static let all = everyFile.filter { $0.path.hasSuffix(".swift") }.map { Source(path: $0.path, text: $0.text) }

    /// Every file of Swift or C.
    static let everyFile: [(path: String, text: String)] = {
        // The path is resolved by hand: the enumerator does not enter a root that is a link.
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "Sources").resolvingSymlinksInPath().path
        guard let paths = FileManager.default.enumerator(atPath: root) else { return [] }
        return paths.compactMap { $0 as? String }
            .filter { [".swift", ".c", ".h"].contains(where: $0.hasSuffix) }
            .compactMap { path in
                (try? String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)).map { (path, $0) }
            }
    }()

    static let rooms = Set(everyFile.map { String($0.path.prefix { $0 != "/" }) })

    init(path: String, text: String) {
        self.path = path
        self.text = text
        let code = Self.replace(#""""[\s\S]*?"""|"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*[\s\S]*?\*/"#, in: text)
        let statement = /(?m)^\s*(?:@\w+ +)?(?:(?:package|internal|public|private|fileprivate) +)?import +/
        let names = code.matches(of: statement).compactMap { match in
            let words = code[match.range.upperBound...].prefix { $0 != "\n" && $0 != ";" }.split(separator: " ")
            // `import struct JOSE.Algorithm` imports JOSE.
            return words.last?.split(separator: ".").first.map(String.init)
        }
        self.code = code
        imports = Set(names)
    }

    private static func replace(_ pattern: String, in text: String) -> String {
        text.replacingOccurrences(of: pattern, with: "", options: .regularExpression)
    }
}
