internal import Daemon
internal import Glibc

exit(SignetDaemon.main(arguments: Array(CommandLine.arguments.dropFirst())))
