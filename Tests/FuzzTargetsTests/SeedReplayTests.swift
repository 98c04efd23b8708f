import Foundation
import FuzzTargets
import Testing

/// What the fuzzer begins with, through the same functions.
@Suite("The seeds of the fuzz targets break no promise", .serialized)
struct SeedReplayTests {
    /// Of each target, the seeds that are refused; all others are accepted.
    static let refused: [FuzzTarget: Set<String>] = [
        .strictJSON: [
            "deep.json", "duplicate.json", "leading-zero.json", "literal.json", "mark.json", "surrogate.json",
            "trailing-comma.json", "utf8-broken.json",
        ],
        .foundationJSON: [
            "deep.json", "duplicate.json", "leading-zero.json", "literal.json", "mark.json", "surrogate.json",
            "trailing-comma.json", "utf16.json", "utf8-broken.json",
        ],
        .base64URL: ["high", "padded", "standard", "unused-bits"],
        .requestLine: [
            "claims-and-payload", "duplicate", "empty", "no-object", "ttl", "unknown-member", "unknown-op",
        ],
        .token: ["claims-reserved", "critical", "expired", "none.jwt"],
        .jwk: ["truncated.jwk"],
        .pem: ["p256-encrypted.pem"],
        .toml: ["control.toml", "date.toml", "integers.toml", "twice.toml", "utf8.toml"],
        .cgroup: ["container", "marked-deleted", "only-slices", "slice-of-no-name"],
        .jwe: ["encrypted-key", "four-segments", "json", "zip"],
    ]

    @Test("each is accepted or refused as it is meant to be", arguments: FuzzTarget.allCases.filter { $0 != .cgroup })
    func replay(_ target: FuzzTarget) throws { try examine(target) }

    @Test(
        "PEER-2 so are the paths of cgroups",
        .enabled(if: FuzzTarget.hasCgroups, "needs root and a writable cgroup2 hierarchy"))
    func replayCgroups() throws { try examine(.cgroup) }

    private func examine(_ target: FuzzTarget) throws {
        let run = try FuzzRun(target)
        let seeds = try Seeds.of(target)
        #expect(seeds.count >= 7)
        var refused: Set<String> = []
        for seed in seeds where try !run(seed.bytes) { refused.insert(seed.name) }
        #expect(refused == Self.refused[target])
    }
}
