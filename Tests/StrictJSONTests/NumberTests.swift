import StrictJSON
import Testing

@Suite struct NumberTests {
    private func integer(_ text: String) throws -> Int64? {
        let document = try Document(text)
        return document.integer(document.root)
    }
    private func double(_ text: String) throws -> Double? {
        let document = try Document(text)
        return document.double(document.root)
    }

    @Test(
        "an integer is read up to both ends of 64 bits",
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-1", -1), ("2147483648", 2_147_483_648),
            ("9223372036854775807", Int64.max), ("-9223372036854775807", .min + 1), ("-9223372036854775808", .min),
        ])
    func integers(_ text: String, _ expected: Int64) throws {
        #expect(try integer(text) == expected)
        #expect(try integer("  " + text + " ") == expected)
    }

    @Test(
        "what is written otherwise, or does not fit, is no integer",
        arguments: [
            "1.0", "1e3", "1E3", "0.0", "-0.0", "0e0", "9223372036854775808", "-9223372036854775809",
            "18446744073709551616", "12345678901234567890", "99999999999999999999999999", "\"5\"", "null", "true",
            "[1]",
            "{}",
        ])
    func noIntegers(_ text: String) throws {
        #expect(try integer(text) == nil)
    }

    @Test(
        "a number is read as the nearest double",
        arguments: [
            ("0", 0), ("1.5", 1.5), ("1.0", 1), ("1e3", 1_000), ("-1.25E-2", -0.0125),
            ("9007199254740993", 9_007_199_254_740_992),
            ("12345678901234567890", 12_345_678_901_234_567_168), ("1.7976931348623157e308", .greatestFiniteMagnitude),
            ("5e-324", .leastNonzeroMagnitude), ("1e-400", 0), ("0e999999999", 0), ("-9223372036854775808", -0x1p63),
        ])
    func doubles(_ text: String, _ expected: Double) throws {
        #expect(try double(text) == expected)
    }

    @Test("-0 keeps its value and -0.0 its sign")
    func negativeZero() throws {
        #expect(try double("-0") == 0)
        #expect(try double("-0.0")?.sign == .minus)
    }

    @Test(
        "what no finite double holds is none",
        arguments: [
            "1e400", "-1e400", "1e309", "1e99999999999999999999", String(repeating: "9", count: 400), "\"1\"", "null",
            "false", "[]",
        ])
    func noDoubles(_ text: String) throws {
        #expect(try double(text) == nil)
    }

    @Test("JSON-3 a number of 60,000 digits is valid and passes through")
    func longNumber() throws {
        let text = "0." + String(repeating: "1", count: 60_000)
        let document = try Document(text)
        #expect(document.compact == text)
        #expect(document.double(document.root) == 1.0 / 9)
    }
}
