import Glibc
import Logging
import NIOCore
import NIOEmbedded
import Testing

@testable import Server

@Suite("When no connections are accepted") final class AcceptPauseTests {
    private let arrivals = Arrivals()
    private let channel = EmbeddedChannel()
    private let accepted = EmbeddedChannel()

    init() throws {
        let logger = Logger(label: "signetd") { _ in SwiftLogNoOpLogHandler() }
        try channel.pipeline.syncOperations.addHandler(AcceptPause(arrivals, logger))
        try channel.connect(to: SocketAddress(unixDomainSocketPath: "/none")).wait()
    }

    /// A channel and its pipeline hold each other until it is closed.
    deinit { for channel in [channel, accepted] { _ = try? channel.finish(acceptAlreadyClosed: true) } }

    /// What the listener was last told; nil: nothing.
    private var accepts: Bool? {
        channel.options.last { $0.option is ChannelOptions.Types.AutoReadOption }.flatMap { $0.value as? Bool }
    }

    private func accept(_ count: Int) {
        for _ in 0..<count { channel.pipeline.fireChannelRead(accepted as any Channel) }
    }

    private func runOutOfDescriptors() {
        channel.pipeline.fireErrorCaught(IOError(errnoCode: EMFILE, reason: "accept"))
    }

    @Test("While too many wait for their loop; and others when half of those have been looked at")
    func crowd() {
        accept(ServerLimits.arrivals - 1)
        #expect(accepts == nil)
        accept(1)
        #expect(accepts == false)
        for _ in 1..<ServerLimits.arrivals / 2 { arrivals.remove() }
        channel.embeddedEventLoop.run()
        #expect(accepts == false)
        arrivals.remove()
        channel.embeddedEventLoop.run()
        #expect(accepts == true)
    }

    @Test("For a moment when there are no descriptors, and for longer while too many wait too")
    func both() {
        runOutOfDescriptors()
        #expect(accepts == false)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(100))
        #expect(accepts == true)
        runOutOfDescriptors()
        accept(ServerLimits.arrivals)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(100))
        #expect(accepts == false)
        for _ in 0..<ServerLimits.arrivals { arrivals.remove() }
        channel.embeddedEventLoop.run()
        #expect(accepts == true)
    }
}
