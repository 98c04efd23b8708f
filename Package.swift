// swift-tools-version: 6.2
import PackageDescription

/// The same for every target: what the compiler can hold, it holds.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .strictMemorySafety(),  // SE-0458: every unsafe use is marked
    .treatAllWarnings(as: .error),  // SE-0443
    .treatWarning("DeprecatedDeclaration", as: .warning),  // a dependency's deprecation is no broken build
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
]

func target(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], excluding: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: excluding, swiftSettings: strict)
}

let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let histogram = Target.Dependency.product(name: "Histogram", package: "hdrhistogram-swift")

let package = Package(
    name: "signet",
    products: [
        .library(name: "SignetClient", targets: ["SignetClient"]),
        .executable(name: "signetd", targets: ["signetd"]),
        .executable(name: "signet", targets: ["signet"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
    ],
    targets: [
        // The platform's C edges.
        .target(name: "CLinux"),
        .target(name: "CLibCrypto", linkerSettings: [.linkedLibrary("crypto")]),
        .systemLibrary(name: "CSystemd"),
        target("POSIX", ["CLinux"]),
        target("Systemd", ["CSystemd", "POSIX"]),
        target("OpenSSL", ["CLibCrypto"]),

        // The standards.
        target("StrictJSON"),
        target("JOSE", ["OpenSSL", "StrictJSON"]),
        target("WireProtocol", ["StrictJSON"]),

        // The daemon, from the heart outwards.
        target("Keys", ["JOSE", "OpenSSL", "POSIX", "StrictJSON"]),
        target("Authorization", ["JOSE", "StrictJSON"]),
        target("SigningService", ["Authorization", "JOSE", "Keys", "OpenSSL", "StrictJSON", "WireProtocol"]),
        target(
            "Server",
            [
                "Authorization", "OpenSSL", "POSIX", "SigningService", "StrictJSON", "WireProtocol", logging, nioCore,
                nioPosix,
            ]),
        target("TOML", ["StrictJSON"]),
        target("SignetConfiguration", ["JOSE", "StrictJSON", "TOML", "WireProtocol"]),
        target("HostConfiguration", ["SignetConfiguration", "Keys", "POSIX", "StrictJSON"]),
        target(
            "Daemon",
            [
                "Authorization", "SignetConfiguration", "HostConfiguration", "JOSE", "Keys", "OpenSSL", "POSIX",
                "Server",
                "SigningService", "StrictJSON", "Systemd", "WireProtocol", logging, nioCore, nioPosix,
            ]),
        .executableTarget(name: "signetd", dependencies: ["Daemon"], swiftSettings: strict),

        // The callers' side.
        target("SignetClient", ["POSIX", "StrictJSON", "WireProtocol"]),
        .executableTarget(
            name: "signet",
            dependencies: [
                "SignetConfiguration", "HostConfiguration", "JOSE", "Keys", "POSIX", "SignetClient", "StrictJSON",
                "WireProtocol", argumentParser, histogram,
            ],
            swiftSettings: strict),

        // Tests, one target a room; EndToEndTests drives the real programs.
        tests("StrictJSONTests", ["StrictJSON"]),
        tests("OpenSSLTests", ["CLibCrypto", "OpenSSL"]),
        tests("JOSETests", ["JOSE", "OpenSSL", "StrictJSON"]),
        tests("KeysTests", ["JOSE", "Keys", "OpenSSL", "POSIX", "StrictJSON"]),
        tests("AuthorizationTests", ["Authorization", "JOSE", "StrictJSON"]),
        tests("WireProtocolTests", ["StrictJSON", "WireProtocol"]),
        tests("WireProtocolClientTests", ["StrictJSON", "WireProtocol"]),
        tests(
            "SigningServiceTests",
            [
                "Authorization", "CLibCrypto", "JOSE", "Keys", "OpenSSL", "SigningService", "StrictJSON",
                "WireProtocol",
            ]),
        tests(
            "ServerTests",
            [
                "Authorization", "JOSE", "Keys", "OpenSSL", "Server", "SigningService", "StrictJSON", "WireProtocol",
                logging, nioCore, .product(name: "NIOEmbedded", package: "swift-nio"),
            ]),
        tests("DaemonTests", ["Daemon", "POSIX", "SigningService", logging]),
        tests("SystemdTests", ["POSIX", "Systemd"]),
        tests("TOMLTests", ["StrictJSON", "TOML"], excluding: ["compare_with_tomllib.py"]),
        tests("SignetConfigurationTests", ["SignetConfiguration", "JOSE", "StrictJSON"]),
        tests("SignetClientTests", ["POSIX", "SignetClient", "StrictJSON", "WireProtocol"]),
        tests(
            "EndToEndTests", ["POSIX", "SignetClient", "WireProtocol", "signet", "signetd"],
            excluding: [
                "faults.c", "scan_memory.py", "secret_forms.py", "jose_peer.py", "pass_sockets.py",
                "verify_published.py",
            ]),
        tests("LayeringTests", []),

        // What is fuzzed, and seeds that every test run replays.
        .target(
            name: "FuzzTargets",
            dependencies: [
                "Authorization", "JOSE", "Keys", "OpenSSL", "SigningService", "StrictJSON", "Systemd", "TOML",
                "WireProtocol",
            ],
            path: "Fuzzing/Targets", swiftSettings: strict),
        tests("FuzzTargetsTests", ["FuzzTargets"]),
    ]
)

// Programs that measure, for those who ask for them: they are no part of the package.
if Context.environment["SIGNET_BENCHMARKS"] != nil {
    package.targets += [
        .target(name: "CRoundTrip", path: "Benchmarks/CRoundTrip"),
        .executableTarget(
            name: "ClientBenchmark", dependencies: ["CRoundTrip", "SignetClient"], path: "Benchmarks/ClientBenchmark",
            swiftSettings: strict),
        .target(name: "CCallgrind", path: "Benchmarks/CCallgrind"),
        .executableTarget(
            name: "InstructionCount",
            dependencies: ["Authorization", "CCallgrind", "JOSE", "Keys", "OpenSSL", "SigningService", "StrictJSON"],
            path: "Benchmarks/InstructionCount", swiftSettings: strict),
    ]
}

// The fuzzer, which brings a main of its own: docs/fuzzing.md.
if Context.environment["SIGNET_FUZZING"] != nil {
    package.targets += [
        .executableTarget(
            name: "Fuzz", dependencies: ["FuzzTargets"], path: "Fuzzing/Fuzz",
            swiftSettings: strict + [.unsafeFlags(["-parse-as-library"])])
    ]
}

// The rooms and their own tests, without the programs: what sanitizers and coverage build in less time. The dependencies
// stay, unused, so that their resolved versions do.
if Context.environment["SIGNET_UNITS"] != nil {
    let programs: Set = ["EndToEndTests", "signet", "signetd"]
    package.products.removeAll { programs.contains($0.name) }
    package.targets.removeAll { programs.contains($0.name) }
}
