import Testing

@testable import Server

@Suite("Answers in the order of their requests")
struct AnswerQueueTests {
    private func hold(_ text: String, in queue: inout AnswerQueue) { queue.hold(ArraySlice(text.utf8)) }

    private func fill(_ number: Int, _ text: String, in queue: inout AnswerQueue) -> String {
        var output: [UInt8] = []
        queue.fill(number, with: Array(text.utf8), into: &output)
        return String(decoding: output, as: UTF8.self)
    }

    @Test("Whoever is done first waits for those before it, with what is ready behind them")
    func order() {
        var queue = AnswerQueue()
        #expect(queue.upcoming == 0)
        queue.reserve(request: 10)
        hold("b", in: &queue)
        hold("c", in: &queue)
        #expect(queue.upcoming == 1)
        queue.reserve(request: 10)
        queue.reserve(request: 10)
        hold("f", in: &queue)
        #expect(queue.count == 3 && queue.bytes == 33)
        #expect(fill(1, "d", in: &queue) == "")
        #expect(queue.bytes == 24)
        #expect(fill(0, "a", in: &queue) == "abcd")
        #expect(queue.count == 1 && queue.bytes == 11)
        #expect(queue.upcoming == 3)
        #expect(fill(2, "e", in: &queue) == "ef")
        #expect(queue.isEmpty && queue.bytes == 0)
    }

    @Test("Places are numbered on, and a number that is no place is nobody's")
    func numbers() {
        var queue = AnswerQueue()
        for number in 0..<100 {
            #expect(queue.upcoming == number)
            queue.reserve(request: 10)
            if number % 3 == 2 {
                #expect(fill(number - 1, "y", in: &queue) == "")
                #expect(fill(number + 1, "?", in: &queue) == "")
                #expect(fill(number - 2, "x", in: &queue) == "xy")
                #expect(fill(number - 2, "?", in: &queue) == "")
                #expect(fill(number, "z", in: &queue) == "z")
            }
        }
    }
}
