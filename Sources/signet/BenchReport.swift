internal import Histogram
internal import JOSE
internal import SignetClient

/// What `signet bench` found, as a table or as JSON.
struct BenchReport {
    let options: BenchLoadOptions
    /// Whether the whole distribution of latencies is asked for.
    let withDistribution: Bool
    var isInterrupted = false
    private var rows: [Row] = []

    private struct Row {
        let subject: BenchSubject
        let result: LoadResult
        let inProcessRate: Double?

        /// The daemon's rate by that of one thread of this process.
        var ratio: Double? {
            guard let inProcessRate, inProcessRate > 0 else { return nil }
            return (result.rate / inProcessRate * 1_000).rounded() / 1_000
        }
    }

    /// By the names that they have in the table; in JSON the full stop is an underscore.
    private static let percentiles = [("p50", 50.0), ("p90", 90.0), ("p99", 99.0), ("p99.9", 99.9)]
    /// Lines of a distribution for each half of what is left of it.
    private static let ticks = 5
    /// How long a request is without an answer before that is told, in nanoseconds, if no latency shows it.
    private static let longWait: UInt64 = 1_000_000_000

    init(options: BenchLoadOptions, withDistribution: Bool) {
        self.options = options
        self.withDistribution = withDistribution
    }

    var hasErrors: Bool { rows.contains { $0.result.errorCount > 0 } }

    mutating func add(_ subject: BenchSubject, _ result: LoadResult, inProcessRate: Double?) {
        rows.append(Row(subject: subject, result: result, inProcessRate: inProcessRate))
    }

    // MARK: Text

    var text: String {
        var text = """
            \(Self.count(options.connections, "connection")), \(options.depth) in flight on each, \
            \(Self.count(options.threads, "thread")); \
            \(options.seconds) s each after \(options.warmUp) s of warm-up; latencies in microseconds

            """
        text += Self.table([heading] + rows.map(cells))
        for row in rows {
            if row.subject.isOfTokenSeenBefore {
                text += "\n\(row.subject.name): one token, seen before; see verify_cache in signet bench --help"
            }
            for (code, count) in row.result.errors.sorted(by: { $0.key < $1.key }) {
                text += "\n\(row.subject.name): \(Output.printable(code)): \(count)"
            }
            let oldest = row.result.oldestUnanswered
            if oldest >= Self.longWait, oldest / 2 > row.result.latencies.maxRecorded {
                let seconds = oldest / 1_000_000_000
                text += "\n\(row.subject.name): a request had no answer for \(seconds) s when the time was over"
            }
        }
        guard withDistribution else { return text }
        for row in rows {
            text += "\n\n\(row.subject.name), latencies in microseconds\n"
            row.result.latencies.outputPercentileDistribution(
                to: &text, outputValueUnitScalingRatio: 1_000, percentileTicksPerHalfDistance: Self.ticks)
        }
        return text
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private var isCompared: Bool { rows.contains { $0.inProcessRate != nil } }

    private var heading: [String] {
        ["profile", "algorithm", "operation", "requests/s", "mean"] + Self.percentiles.map(\.0) + ["max", "errors"]
            + (isCompared ? ["in-process/s", "ratio"] : [])
    }

    private func cells(_ row: Row) -> [String] {
        let sample = row.subject.sample
        let latencies = row.result.latencies
        var cells = [
            sample.map { Output.printable($0.profile) } ?? "-", sample?.algorithm.name ?? "-",
            row.subject.operation.rawValue, "\(Self.whole(row.result.rate))",
            Self.microseconds(Self.whole(latencies.mean)),
        ]
        cells += Self.percentiles.map { Self.microseconds(latencies.valueAtPercentile($0.1)) }
        cells += [Self.microseconds(latencies.maxRecorded), "\(row.result.errorCount)"]
        if isCompared {
            cells += [row.inProcessRate.map { "\(Self.whole($0))" } ?? "-", row.ratio.map { "\($0)" } ?? "-"]
        }
        return cells
    }

    /// Words to the left, numbers to the right.
    private static func table(_ rows: [[String]]) -> String {
        let words = 3
        let columns = rows.first?.count ?? 0
        let widths = (0..<columns).map { column in rows.map { $0[column].unicodeScalars.count }.max() ?? 0 }
        return rows.map { row in
            row.enumerated().map { column, cell in
                let space = String(repeating: " ", count: widths[column] - cell.unicodeScalars.count)
                return column < words ? cell + space : space + cell
            }.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    private static func microseconds(_ nanoseconds: UInt64) -> String {
        // One digit behind the point where it says something.
        if nanoseconds >= 100_000 { return "\((nanoseconds + 500) / 1_000)" }
        let tenths = (nanoseconds + 50) / 100
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func whole(_ number: Double) -> UInt64 { UInt64(max(0, number.rounded())) }

    // MARK: JSON

    var json: JSON {
        [
            "connections": JSON(options.connections), "depth": JSON(options.depth), "threads": JSON(options.threads),
            "seconds": JSON(options.seconds), "warm_up": JSON(options.warmUp), "interrupted": JSON(isInterrupted),
            "results": JSON(rows.map(json)),
        ]
    }

    private func json(_ row: Row) -> JSON {
        var members: [(String, JSON)] = []
        if let sample = row.subject.sample {
            members += [
                ("profile", JSON(sample.profile)), ("algorithm", JSON(sample.algorithm.name)),
                ("kid", JSON(sample.keyID)), ("token_bytes", JSON(sample.token.utf8.count)),
            ]
        }
        let (result, latencies) = (row.result, row.result.latencies)
        let errors = result.errors.sorted { $0.key < $1.key }.map { ($0.key, JSON($0.value)) }
        members += [
            ("operation", JSON(row.subject.operation.rawValue)), ("request_bytes", JSON(row.subject.line.count)),
            ("seconds", JSON(result.seconds) ?? 0), ("successes", JSON(result.successes)),
            ("errors", JSON(members: errors)), ("per_second", JSON(Self.whole(result.rate))),
            ("oldest_unanswered_ns", JSON(result.oldestUnanswered)),
        ]
        var figures: [(String, JSON)] = [("mean", JSON(Self.whole(latencies.mean)))]
        for (name, percentile) in Self.percentiles {
            let name = String(name.map { $0 == "." ? "_" : $0 })
            figures.append((name, JSON(latencies.valueAtPercentile(percentile))))
        }
        figures.append(("max", JSON(latencies.maxRecorded)))
        members.append(("latency_ns", JSON(members: figures)))
        if row.subject.operation == .verify {
            members.append(("token_seen_before", JSON(row.subject.isOfTokenSeenBefore)))
        }
        if let rate = row.inProcessRate {
            members.append(
                (
                    "in_process",
                    [
                        "threads": 1, "per_second": JSON(Self.whole(rate)),
                        "ratio": row.ratio.flatMap { JSON($0) } ?? nil,
                    ]
                ))
        }
        if withDistribution { members.append(("distribution", Self.distribution(latencies))) }
        return JSON(members: members)
    }

    private static func distribution(_ latencies: Histogram<UInt64>) -> JSON {
        JSON(
            latencies.percentiles(ticksPerHalfDistance: ticks).map { step in
                [
                    "percentile": JSON(step.percentileLevelIteratedTo) ?? nil, "latency_ns": JSON(step.value),
                    "successes": JSON(step.totalCountToThisValue),
                ]
            })
    }
}
