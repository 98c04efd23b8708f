import StrictJSON
import Testing

@Suite struct ByteTableTests {
    /// The value under the name that stands, escaped or not, between quotation marks in `text`.
    private func value(_ table: ByteTable, _ text: String) throws -> Int? {
        let document = try Document(text)
        return table.value(for: try #require(document.root.text), in: document.bytes.span)
    }

    @Test("a name is found in place, escaped or not")
    func finds() throws {
        let table = ByteTable([("default", 1), ("web", 2), ("", 3), ("a/b\u{0}é", 4)])
        #expect(table.count == 4)
        #expect(try value(table, #""default""#) == 1)
        #expect(try value(table, #""\u0077eb""#) == 2)
        #expect(try value(table, #""""#) == 3)
        #expect(try value(table, #""a\/b\u0000\u00e9""#) == 4)
        #expect(table.value(for: "web") == 2)
    }

    @Test(
        "UNI-1 a name is found by its bytes only",
        arguments: [
            #""Web""#, #""we""#, #""webb""#, #""web ""#, #""web\u0000""#, #""""#, "\"we\u{62}\u{301}\"",
            "\"\u{FF57}eb\"",
        ])
    func misses(_ text: String) throws {
        let table = ByteTable([("web", 1), ("webber", 2)])
        #expect(try value(table, text) == nil)
    }

    @Test("UNI-1 names that Swift's String merges have values of their own")
    func unicode() throws {
        let table = ByteTable([("svc-K", 1), ("svc-\u{212A}", 2), ("\u{E9}", 3), ("e\u{301}", 4)])
        #expect(try value(table, #""svc-K""#) == 1)
        #expect(try value(table, #""svc-\u212A""#) == 2)
        #expect(try value(table, #""\u00E9""#) == 3)
        #expect(try value(table, #""e\u0301""#) == 4)
    }

    @Test("every one of many names is found, every other is not", arguments: [0, 1, 2, 3, 4, 5, 8, 9, 1_000])
    func many(_ count: Int) throws {
        let table = ByteTable((0..<count).map { (ByteString("kid-\($0)"), $0) })
        #expect(table.count == count)
        for number in 0..<count { #expect(table.value(for: ByteString("kid-\(number)")) == number) }
        for number in count..<count + 1_000 { #expect(table.value(for: ByteString("kid-\(number)")) == nil) }
    }

    @Test("names whose hashes meet in one slot are told apart")
    func collisions() {
        // Three names take a table of eight slots; of 600 names, many share the low three bits of their hash.
        let names = (0..<600).map { ByteString("n\($0)") }
        for first in stride(from: 0, to: 600, by: 3) {
            let table = ByteTable((first..<first + 3).map { (names[$0], $0) })
            for (number, name) in names.enumerated() {
                #expect(table.value(for: name) == (first..<first + 3 ~= number ? number : nil))
            }
        }
    }

    @Test("of equal names the first is found")
    func first() {
        #expect(ByteTable([("a", 1), ("a", 2), ("b", 3)]).value(for: "a") == 1)
    }
}
