import SignetConfiguration
import StrictJSON
import Testing

@Suite struct ServerSettingsTests {
    private func server(_ lines: String) throws -> ServerSettings {
        try decode("[server]\n" + lines).settings.server
    }

    @Test("an empty file gives the defaults", arguments: ["", "[server]\n"])
    func defaults(_ text: String) throws {
        let server = try decode(text).settings.server
        #expect(server.socketPath == "/run/signet/signet.sock")
        #expect(server.socketMode == 0o660)
        #expect(server.socketGroup == nil)
        #expect(server.stateDirectory == "/var/lib/signet")
        #expect(!server.isStateDirectorySet)
        #expect(server.maxConnections == 4_096)
        #expect(server.maxConnectionsPerUser == 512)
        #expect(server.maxRequestBytes == 65_536)
        #expect(server.maxTokenBytes == 65_024)
        #expect(server.requestTimeout == .seconds(2))
        #expect(server.writeTimeout == .seconds(30))
        #expect(server.idleTimeout == .seconds(600))
        #expect(server.stopTimeout == .seconds(10))
        #expect(server.verifyCache == 8_388_608)
        #expect(server.lockedMemory == 4_194_304)
        #expect(server.audit == .denied)
        #expect(server.keks == [])
        #expect(server.adminUsers == ["root"])
        #expect(server.adminGroups == [])
    }

    @Test("every setting is taken over")
    func everySetting() throws {
        let server = try server(
            """
            socket = "run/s.sock"
            socket_mode = "666"
            socket_group = "clients"
            state_directory = "state"
            max_connections = 100
            max_connections_per_user = 100
            max_buffered = "2M"
            max_in_flight = 8
            max_request_bytes = 1024
            max_token_bytes = 256
            request_timeout = "1s"
            write_timeout = "1m"
            idle_timeout = "1d"
            stop_timeout = "1h"
            verify_cache = "0"
            locked_memory = "256M"
            admin = { users = ["a", "b"], groups = ["wheel"] }
            """)
        #expect(server.socketPath == "/etc/signet/run/s.sock")
        #expect(server.socketMode == 0o666)
        #expect(server.socketGroup == "clients")
        #expect(server.stateDirectory == "/etc/signet/state")
        #expect(server.isStateDirectorySet)
        #expect(server.maxConnections == 100)
        #expect(server.maxConnectionsPerUser == 100)
        #expect(server.maxBuffered == 2 << 20)
        #expect(server.maxInFlight == 8)
        #expect(server.maxRequestBytes == 1_024)
        #expect(server.maxTokenBytes == 256)
        #expect(server.requestTimeout == .seconds(1))
        #expect(server.writeTimeout == .seconds(60))
        #expect(server.idleTimeout == .seconds(86_400))
        #expect(server.stopTimeout == .seconds(3_600))
        #expect(server.verifyCache == 0)
        #expect(server.lockedMemory == 256 << 20)
        #expect(server.adminUsers == ["a", "b"])
        #expect(server.adminGroups == ["wheel"])
    }

    @Test("defaults follow the settings that bound them")
    func boundDefaults() throws {
        #expect(try server("max_connections = 10").maxConnectionsPerUser == 10)
        #expect(try server("max_request_bytes = 2048").maxTokenBytes == 1_536)
        #expect(try server("admin = { groups = [\"wheel\"] }").adminUsers == ["root"])
    }

    @Test(
        "the ends of each range are accepted",
        arguments: [
            "max_connections = 1", "max_connections = 1_000_000", "max_connections_per_user = 1",
            "max_connections_per_user = 4096", "max_buffered = \"1M\"", "max_in_flight = 4", "max_request_bytes = 1024",
            "max_request_bytes = 1048576",
            "max_token_bytes = 65024", "max_token_bytes = 256", "verify_cache = \"0\"", "verify_cache = \"1G\"",
            "locked_memory = \"1M\"", "locked_memory = \"1024K\"",
            "locked_memory = \"1048576\"", "socket_mode = \"0\"", "socket_mode = \"0777\"", "socket_mode = \"00777\"",
        ])
    func accepted(_ line: String) {
        #expect(problems("[server]\n" + line) == [])
    }

    @Test(
        "what lies beyond is refused, at its place",
        arguments: [
            ("max_connections = 0", "2:19: 'max_connections' in [server] must be from 1 to 1000000, found 0"),
            (
                "max_connections = 1000001",
                "2:19: 'max_connections' in [server] must be from 1 to 1000000, found 1000001"
            ),
            ("max_connections = \"9\"", "2:19: 'max_connections' in [server] must be an integer, found a string"),
            (
                "max_connections_per_user = 4097",
                "2:28: 'max_connections_per_user' in [server] must be from 1 to 4096, found 4097"
            ),
            (
                "max_request_bytes = 1023",
                "2:21: 'max_request_bytes' in [server] must be from 1024 to 1048576, found 1023"
            ),
            (
                "max_buffered = \"1023K\"",
                "2:16: 'max_buffered' in [server] must be from 1M to 1024G, found \"1023K\""
            ),
            ("max_in_flight = 3", "2:17: 'max_in_flight' in [server] must be from 4 to 1000000, found 3"),
            ("max_token_bytes = 65025", "2:19: 'max_token_bytes' in [server] must be from 256 to 65024, found 65025"),
            ("max_token_bytes = 255", "2:19: 'max_token_bytes' in [server] must be from 256 to 65024, found 255"),
            ("request_timeout = \"0s\"", "2:19: 'request_timeout' in [server] must be from 1s to 1d, found \"0s\""),
            (
                "idle_timeout = 600",
                "2:16: 'idle_timeout' in [server] must be a duration such as \"15m\" (digits and one of s m h d), "
                    + "found an integer"
            ),
            (
                "locked_memory = \"4MB\"",
                "2:17: 'locked_memory' in [server] must be a size such as \"4M\" (digits and K, M or G), found \"4MB\""
            ),
            ("locked_memory = \"1023K\"", "2:17: 'locked_memory' in [server] must be from 1M to 256M, found \"1023K\""),
            ("locked_memory = \"1G\"", "2:17: 'locked_memory' in [server] must be from 1M to 256M, found \"1G\""),
            ("socket = \"\"", "2:10: 'socket' in [server] must not be empty"),
            ("socket = \"a\\u0000b\"", "2:10: 'socket' in [server] must not hold control characters"),
            ("state_directory = \"\"", "2:19: 'state_directory' in [server] must not be empty"),
            ("state_directory = 1", "2:19: 'state_directory' in [server] must be a string, found an integer"),
            ("socket_group = true", "2:16: 'socket_group' in [server] must be a string, found a boolean"),
            (
                "audit = \"deny\"",
                "2:9: 'audit' in [server] must be \"denied\", \"all\" or \"none\", found \"deny\""
            ),
            (
                "audit = \"non\"",
                "2:9: 'audit' in [server] must be \"denied\", \"all\" or \"none\", found \"non\"; did you mean 'none'?"
            ),
            ("audit = true", "2:9: 'audit' in [server] must be a string, found a boolean"),
            (
                "admin = [\"root\"]",
                "2:9: 'admin' in [server] must be a table such as { users = [\"root\"] }, found an array"
            ),
            (
                "admin = { users = [] }",
                "2:19: 'users' in [server.admin] must not be empty; leave it out for its default"
            ),
            (
                "admin = { users = [\"*\"] }",
                "2:19: 'users' in [server.admin] must name each one; \"*\" would make everyone an administrator"
            ),
            (
                "admin = { user = [\"a\"] }",
                "2:11: unknown key \"user\" in [server.admin]; did you mean 'users'?"
            ),
        ])
    func refused(_ line: String, _ problem: String) {
        #expect(problems("[server]\n" + line) == [problem])
    }

    @Test("socket modes are octal", arguments: ["0o660", "888", "1000", "01777", "", "77777777777777", "rw", "-1"])
    func refusedModes(_ mode: String) {
        #expect(problems("[server]\nsocket_mode = \"\(mode)\"").count == 1)
    }

    @Test("a socket path of 107 bytes as resolved is the longest")
    func socketPathLength() {
        let fitting = String(repeating: "s", count: 107 - "/etc/signet/".count)
        #expect(problems("[server]\nsocket = \"\(fitting)\"") == [])
        #expect(problems("[server]\nsocket = \"\(fitting)s\"").first?.contains("is 108 bytes long") == true)
    }

    @Test("audit is denied, all or none", arguments: AuditSetting.allCases)
    func audit(_ setting: AuditSetting) throws {
        #expect(try server("audit = \"\(setting.rawValue)\"").audit == setting)
    }

    @Test("administrators, KEKs and audit are what a reload can change")
    func begins() throws {
        let first = try server("")
        for line in ["audit = \"all\"", "kek = [\"file:kek.jwk\"]", "admin = { users = [\"web\"] }"] {
            #expect(try server(line).begins(as: first))
        }
        #expect(try !server("max_connections = 7").begins(as: first))
    }

    @Test("KEKs are credentials by name, or files relative to the configuration, in order")
    func keks() throws {
        #expect(try server("kek = []").keks == [])
        let text = #"kek = ["credential:new-kek", "file:old.jwk", "file:/run/kek", "file:a/b", "credential:a:b"]"#
        #expect(
            try server(text).keks == [
                .credential("new-kek"), .file("/etc/signet/old.jwk"), .file("/run/kek"), .file("/etc/signet/a/b"),
                .credential("a:b"),
            ])
    }

    @Test(
        "a KEK that is neither is refused, at its place",
        arguments: [
            ("\"kek.jwk\"", "must hold \"credential:NAME\" or \"file:PATH\", found \"kek.jwk\""),
            ("\"File:kek.jwk\"", "must hold \"credential:NAME\" or \"file:PATH\", found \"File:kek.jwk\""),
            ("\"credential:\"", "must name a credential in \"credential:\": one name, without \"/\""),
            ("\"credential:a/b\"", "must name a credential in \"credential:a/b\": one name, without \"/\""),
            ("\"credential:..\"", "must name a credential in \"credential:..\": one name, without \"/\""),
            ("\"credential:.\"", "must name a credential in \"credential:.\": one name, without \"/\""),
            ("\"file:\"", "must name a file in \"file:\""), ("\"file:keks/\"", "must name a file in \"file:keks/\""),
            ("\"\"", "must not be empty"), ("1", "must hold strings only, found an integer"),
        ])
    func refusedKEK(_ element: String, _ problem: String) {
        #expect(problems("[server]\nkek = [\"file:a\", \(element)]") == ["2:18: 'kek' in [server] \(problem)"])
    }

    @Test("a KEK is named once, in an array")
    func refusedKEKs() {
        #expect(
            problems("[server]\nkek = [\"file:a\", \"file:a\"]") == ["2:18: 'kek' in [server] names \"file:a\" twice"])
        #expect(
            problems("[server]\nkek = \"file:a\"") == [
                "2:7: 'kek' in [server] must be an array of strings, found a string"
            ])
    }

    @Test("a state directory that is set is known from the default, also if it is the same")
    func explicitStateDirectory() throws {
        let server = try server("state_directory = \"/var/lib/signet\"")
        #expect(server.stateDirectory == "/var/lib/signet")
        #expect(server.isStateDirectorySet)
    }
}
