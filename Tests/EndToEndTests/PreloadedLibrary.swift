import Foundation
import Testing

/// A library of C in front of the system's own, for one process of a test.
struct PreloadedLibrary {
    private let path: String

    static let isBuildable = (try? Program.run("cc", ["--version"]).status) == 0
    static let advice: Comment = "there is no C compiler, cc"

    /// - Parameters:
    ///   - path: Where the library is built.
    ///   - source: Functions that stand in for those of the C library, which `dlsym` finds with RTLD_NEXT.
    init(at path: String, _ source: String) throws {
        self.path = path
        let built = try Program.run("cc", ["-shared", "-fPIC", "-x", "c", "-o", path, "-", "-ldl"], input: source)
        try #require(built.status == 0, "\(built.errors)")
    }

    var environment: [String: String] { ["LD_PRELOAD": path] }
}

extension PreloadedLibrary {
    /// Stops the process before each file that it brings to the disk or removes, and before each word on standard output.
    static let stops = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <signal.h>
        #include <unistd.h>
        int fsync(int file) {
            raise(SIGSTOP);
            return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(file);
        }
        int unlinkat(int directory, const char *name, int flags) {
            raise(SIGSTOP);
            return ((int (*)(int, const char *, int))dlsym(RTLD_NEXT, "unlinkat"))(directory, name, flags);
        }
        ssize_t write(int file, const void *bytes, size_t count) {
            if (file == STDOUT_FILENO) raise(SIGSTOP);
            return ((ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write"))(file, bytes, count);
        }

        """

    /// Takes back what a process does so that there is no core of it.
    static let dumpable = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdarg.h>
        #include <sys/prctl.h>
        #include <sys/resource.h>
        int prctl(int option, ...) {
            va_list list;
            va_start(list, option);
            unsigned long a = va_arg(list, unsigned long), b = va_arg(list, unsigned long);
            unsigned long c = va_arg(list, unsigned long), d = va_arg(list, unsigned long);
            va_end(list);
            if (option == PR_SET_DUMPABLE) return 0;
            return ((int (*)(int, ...))dlsym(RTLD_NEXT, "prctl"))(option, a, b, c, d);
        }
        int setrlimit(__rlimit_resource_t resource, const struct rlimit *limit) {
            if (resource == RLIMIT_CORE) return 0;
            int (*set)(__rlimit_resource_t, const struct rlimit *) = dlsym(RTLD_NEXT, "setrlimit");
            return set(resource, limit);
        }

        """

    /// Takes back that pages are left out of dumps.
    static let withEveryPage = """
        #include <stddef.h>
        #include <sys/mman.h>
        int madvise(void *start, size_t length, int advice) {
            if (advice == MADV_DONTDUMP) return 0;
            return ((int (*)(void *, size_t, int))dlsym(RTLD_NEXT, "madvise"))(start, length, advice);
        }

        """
}
