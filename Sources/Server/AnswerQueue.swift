internal import NIOCore

/// The answers of one connection that cannot go out yet, because one before them is being made elsewhere: whoever is done
/// first, answers leave in the order of their requests.
struct AnswerQueue {
    private struct Slot {
        /// nil: not here yet.
        var answer: [UInt8]?
        /// Bytes of the request that somebody works at.
        let request: Int
        /// Answers behind it that are ready.
        var later: [UInt8] = []
    }

    private var slots = CircularBuffer<Slot>()
    /// The number of the first slot.
    private var first = 0
    /// Bytes of answers that wait here, and of requests whose answers are awaited.
    private(set) var bytes = 0

    /// Answers that are awaited.
    var count: Int { slots.count }
    var isEmpty: Bool { slots.isEmpty }
    /// The number that the next `reserve` will give.
    var upcoming: Int { first + slots.count }

    /// Keeps the next place for the answer to a request of so many bytes.
    mutating func reserve(request: Int) {
        slots.append(Slot(request: request))
        bytes += request
    }

    /// Puts answers behind the place that was reserved last.
    mutating func hold(_ answers: ArraySlice<UInt8>) {
        guard !slots.isEmpty else { return }
        slots[slots.index(before: slots.endIndex)].later += answers
        bytes += answers.count
    }

    /// Takes the answer of a reserved place, and moves what can go out now to `output`.
    mutating func fill(_ number: Int, with answer: [UInt8], into output: inout [UInt8]) {
        let offset = number - first
        guard slots.indices.count > offset, offset >= 0 else { return }
        let index = slots.index(slots.startIndex, offsetBy: offset)
        slots[index].answer = answer
        bytes += answer.count - slots[index].request
        while let answer = slots.first?.answer, let slot = slots.popFirst() {
            first += 1
            output += answer
            output += slot.later
            bytes -= answer.count + slot.later.count
        }
    }
}
