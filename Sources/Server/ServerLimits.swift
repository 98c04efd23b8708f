package import NIOCore

/// What one connection may do, and for how long.
package struct ServerLimits: Sendable {
    /// Longest request line in bytes, its LF included.
    package let requestBytes: Int
    /// From the arrival of a line's first byte to its LF, while the daemon reads.
    package let requestTimeout: TimeAmount
    /// How long answers may lie unread.
    package let writeTimeout: TimeAmount
    /// How long a connection may be silent.
    package let idleTimeout: TimeAmount

    package init(
        requestBytes: Int, requestTimeout: TimeAmount, writeTimeout: TimeAmount, idleTimeout: TimeAmount
    ) {
        self.requestBytes = requestBytes
        self.requestTimeout = requestTimeout
        self.writeTimeout = writeTimeout
        self.idleTimeout = idleTimeout
    }

    /// Bytes read from a connection in one turn. 64 KiB would cost 67 kB of memory a connection for little speed.
    static let bytesPerRead = 8_192
    /// A connection with more unread answers is not read from, in bytes; it is again below the lower mark. The turn that
    /// passes the mark may add as much again before it ends.
    static let unreadAnswers = (low: 65_536, high: 262_144)
    /// Answers of one connection that may be awaited from the pool; meanwhile it is not read from.
    static let awaitedAnswers = 64
    /// How long a loop serves before it looks at its sockets again. An admin who only looks after the daemon waits no
    /// longer than this and the reading of what is there, whatever others ask for.
    static let loopShare = TimeAmount.milliseconds(10)
    /// After an error that ends a connection: how long its peer may go on sending before it is cut, so that it can
    /// read the answer.
    static let lingering = TimeAmount.milliseconds(500)
    /// Connections beyond the limits that linger at once, of one loop; more are closed as soon as they have their line.
    static let farewells = 16
    /// Connections of one listener that may wait for their loops to look at them; meanwhile no more are accepted. A few
    /// more may come with the same read.
    static let arrivals = 64
    /// While the daemon stops: how long a connection that had answers to read stays open for its lines that wait.
    static let stopSilence = TimeAmount.milliseconds(100)
    /// How often deadlines are looked at. No request arms a timer of its own.
    static let sweepInterval = TimeAmount.milliseconds(100)
}
