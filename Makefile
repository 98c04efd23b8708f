# Signet. `make demo` shows what it does, `make test` that it does it.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc

# Where the shells of Debian look for completions; zsh below /usr and /usr/local alone.
BASH_COMPLETIONS = $(PREFIX)/share/bash-completion/completions
ZSH_COMPLETIONS = $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
FISH_COMPLETIONS = $(PREFIX)/share/fish/vendor_completions.d

RELEASE = --configuration release --static-swift-stdlib
BUILT = .build/release
# What depends on this takes programs that are there already: make test-example BUILT=DIRECTORY
BUILD_UNLESS_GIVEN = $(if $(filter file,$(origin BUILT)),build)
MANUALS = $(DESTDIR)$(PREFIX)/share/man

.PHONY: build demo run example test test-clients test-example lint format install install-c-client install-manuals uninstall clean
.NOTPARALLEL:

build: ## The two programs, without need of a Swift runtime, in .build/release
	@scripts/install-packages build
	$(SWIFT) build $(RELEASE) --product signetd
	$(SWIFT) build $(RELEASE) --product signet

demo: build ## From no key to a verified token and a refused one
	@scripts/install-packages demo
	@scripts/demo $(BUILT)

run: build ## A daemon to play with, in the foreground, on a socket in this folder
	@scripts/run-development-daemon $(BUILT) .dev

test: ## Unit tests, and end-to-end tests with the real programs
	@scripts/install-packages build test
	$(SWIFT) build --build-tests
	$(SWIFT) test --skip-build --disable-xctest

test-clients: build ## The clients in C and Python, and what the README shows of them, installed
	@scripts/install-packages clients
	@clients/testing/test-clients $(BUILT)

EXAMPLE = Examples/RegistrationService
# Debug builds, which are made sooner; but scrypt, in C++, would take a second and more without the optimizer.
EXAMPLE_BUILD = --package-path $(EXAMPLE) -Xcxx -O2

example: $(BUILD_UNLESS_GIVEN) ## A web service that registers users, with a daemon of its own, in the foreground; PORT=8080
	@scripts/install-packages build example
	$(SWIFT) build $(EXAMPLE_BUILD) --product registration-service
	@$(EXAMPLE)/scripts/run $(BUILT) $(EXAMPLE)/.build/debug .example

test-example: $(BUILD_UNLESS_GIVEN) ## Its unit tests, the whole story with a real daemon, and its page in a real browser
	@scripts/install-packages build example
	$(SWIFT) build $(EXAMPLE_BUILD) --build-tests
	$(SWIFT) test $(EXAMPLE_BUILD) --skip-build --disable-xctest
	@$(EXAMPLE)/scripts/test $(BUILT) $(EXAMPLE)/.build/debug

SWIFT_FILES = Package.swift Sources Tests $(addprefix $(EXAMPLE)/,Package.swift Sources Tests)

lint: ## What CI checks beside the tests
	$(SWIFT) format lint --strict --recursive $(SWIFT_FILES)
	$(SWIFT) test --disable-xctest --filter LayeringTests

format:
	$(SWIFT) format --in-place --recursive $(SWIFT_FILES)

install: build install-manuals install-c-client ## Programs, manuals, completions and the C client under PREFIX, the configuration under SYSCONFDIR
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(SYSCONFDIR)/signet
	install -s -m 0755 $(BUILT)/signet $(DESTDIR)$(PREFIX)/bin/signet
	install -s -m 0755 $(BUILT)/signetd $(DESTDIR)$(PREFIX)/sbin/signetd
	install -d $(DESTDIR)$(BASH_COMPLETIONS) $(DESTDIR)$(ZSH_COMPLETIONS) $(DESTDIR)$(FISH_COMPLETIONS)
	umask 022; $(BUILT)/signet --generate-completion-script bash >$(DESTDIR)$(BASH_COMPLETIONS)/signet
	umask 022; $(BUILT)/signet --generate-completion-script zsh >$(DESTDIR)$(ZSH_COMPLETIONS)/_signet
	umask 022; $(BUILT)/signet --generate-completion-script fish >$(DESTDIR)$(FISH_COMPLETIONS)/signet.fish
	test -e $(DESTDIR)$(SYSCONFDIR)/signet/signetd.toml || \
		install -m 0644 etc/signetd.toml $(DESTDIR)$(SYSCONFDIR)/signet/signetd.toml

install-c-client: ## signet.h, libsignet, signet.pc and signet(3) under PREFIX
	$(MAKE) -C clients/c install PREFIX=$(PREFIX) DESTDIR=$(abspath $(DESTDIR))

$(BUILT)/signet:
	$(MAKE) build

install-manuals: $(BUILT)/signet ## signet.1 is made from the program in BUILT, the other pages stand in docs/man
	@scripts/install-packages manuals
	install -d $(MANUALS)/man1 $(MANUALS)/man5 $(MANUALS)/man7 $(MANUALS)/man8
	scripts/make-manual $(BUILT)/signet > $(MANUALS)/man1/signet.1
	chmod 0644 $(MANUALS)/man1/signet.1
	install -m 0644 docs/man/signetd.toml.5 $(MANUALS)/man5
	install -m 0644 docs/man/signet-protocol.7 $(MANUALS)/man7
	install -m 0644 docs/man/signetd.8 $(MANUALS)/man8

uninstall: ## What install brought, but for the configuration
	rm -f $(DESTDIR)$(PREFIX)/bin/signet $(DESTDIR)$(PREFIX)/sbin/signetd
	rm -f $(MANUALS)/man1/signet.1 $(MANUALS)/man5/signetd.toml.5 $(MANUALS)/man7/signet-protocol.7 \
		$(MANUALS)/man8/signetd.8
	rm -f $(DESTDIR)$(BASH_COMPLETIONS)/signet $(DESTDIR)$(ZSH_COMPLETIONS)/_signet \
		$(DESTDIR)$(FISH_COMPLETIONS)/signet.fish
	$(MAKE) -C clients/c uninstall PREFIX=$(PREFIX) DESTDIR=$(abspath $(DESTDIR))

clean:
	rm -rf .build .dev .example clients/c/build $(EXAMPLE)/.build
