# Signet. `make demo` shows what it does, `make test` that it does it.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc

# Where the shells of Debian look for completions; zsh below /usr and /usr/local alone.
BASH_COMPLETIONS = $(PREFIX)/share/bash-completion/completions
ZSH_COMPLETIONS = $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
FISH_COMPLETIONS = $(PREFIX)/share/fish/vendor_completions.d

# Every address is resolved at the start, and the tables of them are read-only from then on.
RELEASE = --configuration release --static-swift-stdlib -Xlinker -z -Xlinker now
BUILT = .build/release
# What depends on this takes programs that are there already: make test-example BUILT=DIRECTORY
BUILD_UNLESS_GIVEN = $(if $(filter file,$(origin BUILT)),build)
BENCHMARKS = Benchmarks/ClientBenchmark Benchmarks/InstructionCount Benchmarks/jwt-kit-sign/Package.swift \
	Benchmarks/jwt-kit-sign/Sources
MANUALS = $(DESTDIR)$(PREFIX)/share/man
UNITDIR ?= $(PREFIX)/lib/systemd/system

.PHONY: build demo run example test test-sanitizers test-sanitizers-all test-kills coverage fuzz fuzz-differential \
	test-clients test-example test-systemd test-package soak bench bench-growth bench-record bench-gate lint format \
	install install-programs install-systemd install-c-client install-manuals uninstall deb clean
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
	@SWIFT='$(SWIFT)' Tests/run --skip-build --disable-xctest

test-kills: ## Kills a daemon at random under load, 100 times; SIGNET_KILLS for another number, SIGNET_SEED to see a run again
	@scripts/install-packages build test
	$(SWIFT) build --build-tests
	SIGNET_KILLS=$${SIGNET_KILLS:-100} $(SWIFT) test --skip-build --disable-xctest --filter KillUnderLoadTests

# What races: the rooms with threads.
RACES = ^(ServerTests|SignetClientTests|DaemonTests)\.

test-sanitizers: coverage ## Races, by the thread sanitizer; memory and leaks, by the address sanitizer; of the unit tests
	@SWIFT='$(SWIFT)' Tests/Sanitizers/run thread --units --filter '$(RACES)'

test-sanitizers-all: ## Each sanitizer over all tests; hours on a slow machine
	@scripts/install-packages build test
	@for kind in thread address address-release; do SWIFT='$(SWIFT)' Tests/Sanitizers/run $$kind || exit 1; done

coverage: ## What the unit tests cover of the rooms that decide, with reasons for the rest; under the address sanitizer
	@scripts/install-packages build test
	@SWIFT='$(SWIFT)' Tests/Coverage/run

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
	@SWIFT='$(SWIFT)' Tests/run $(EXAMPLE_BUILD) --skip-build --disable-xctest
	@$(EXAMPLE)/scripts/test $(BUILT) $(EXAMPLE)/.build/debug

soak: $(BUILD_UNLESS_GIVEN) ## All at once against one daemon, judged by a model of its own (docs/soak.md); as root. SECONDS, SEED
	@scripts/install-packages soak
	@/usr/bin/python3 Tests/Soak/soak.py $(BUILT) --seconds $(or $(SECONDS),120) $(if $(SEED),--seed $(SEED))

bench: build ## Signet beside its floors and its peers; JSON=FILE keeps the figures, ROUNDS and SECONDS make it shorter
	@scripts/install-packages build bench
	@Benchmarks/bench.py $(BUILT) $(if $(JSON),--json $(JSON)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(SECONDS),--seconds $(SECONDS))

bench-growth: build ## How cost grows with connections, profiles, keys and claims; JSON, ROUNDS and SECONDS as above
	@scripts/install-packages build bench
	@Benchmarks/growth.py $(BUILT) $(if $(JSON),--json $(JSON)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
		$(if $(SECONDS),--seconds $(SECONDS))

bench-record: ## Measures both anew for the documents; on a machine with nothing else to do
	$(MAKE) bench JSON=docs/benchmark.json
	$(MAKE) bench-growth JSON=docs/growth.json
	Benchmarks/chart.py docs

bench-gate: build ## Instructions a request, against Benchmarks/instructions.json (UPDATE=1 records them), and allocations
	@scripts/install-packages build bench-gate
	SIGNET_BENCHMARKS=1 $(SWIFT) build $(RELEASE) --product InstructionCount
	@Benchmarks/instruction_gate.py $(BUILT)/InstructionCount $(if $(UPDATE),--update)
	@Benchmarks/allocations.py $(BUILT)

FUZZ_BUILD = .build-fuzz
# SwiftPM has the libraries checked, and does not have Swift's code counted: the second line does.
FUZZING = SIGNET_FUZZING=1 $(SWIFT) build --configuration release --scratch-path $(FUZZ_BUILD) --product Fuzz \
	--sanitize address --sanitize fuzzer -Xswiftc -sanitize-coverage=edge,inline-8bit-counters,pc-table

fuzz: ## Each target for SECONDS=30 under the address sanitizer; TARGET=NAME for one (docs/fuzzing.md)
	@scripts/install-packages build
	$(FUZZING)
	@FUZZ_FOLDER=$(FUZZ_BUILD) Fuzzing/run $(FUZZ_BUILD)/release/Fuzz $(or $(SECONDS),30) $(TARGET)

fuzz-differential: build ## TOML beside tomllib, tokens beside PyJWT, both mutated; COUNT=20000, SEED=NUMBER
	@scripts/install-packages test
	$(SWIFT) build --build-tests
	seed=$(or $(SEED),$$$$); echo "seed $$seed"; \
	SIGNET_TOML_SEED=$$seed SIGNET_TOML_COUNT=$(or $(COUNT),20000) \
		$(SWIFT) test --skip-build --disable-xctest --filter TomllibComparison && \
	/usr/bin/python3 Fuzzing/compare_with_pyjwt.py $(BUILT) $(or $(COUNT),20000) $$seed

SWIFT_FILES = Package.swift Sources Tests Fuzzing $(BENCHMARKS) $(addprefix $(EXAMPLE)/,Package.swift Sources Tests)

lint: ## What CI checks beside the tests
	$(SWIFT) format lint --strict --recursive $(SWIFT_FILES)
	$(SWIFT) test --disable-xctest --filter LayeringTests

format:
	$(SWIFT) format --in-place --recursive $(SWIFT_FILES)

# A machine that cannot boot a systemd in a container says so and skips these.
OR_SKIP = || { status=$$?; [ $$status = 77 ] || exit $$status; }

test-systemd: build ## What holds under a real systemd: restarts, reloads, callers, credentials, the sandbox
	@scripts/install-packages systemd || true
	@BUILT=$(BUILT) Tests/Systemd/run $(OR_SKIP)

test-package: deb ## The package's life: installed, upgraded, removed, purged
	@scripts/install-packages systemd || true
	@Tests/Systemd/run-package .build/deb $(OR_SKIP)

# Everything: programs, units, manuals, completions and the C client under PREFIX, the configuration under SYSCONFDIR.
install: build install-programs install-systemd install-manuals install-c-client

install-programs: ## With their completions and the configuration
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(SYSCONFDIR)/signet
	install -s -m 0755 $(BUILT)/signet $(DESTDIR)$(PREFIX)/bin/signet
	install -s -m 0755 $(BUILT)/signetd $(DESTDIR)$(PREFIX)/sbin/signetd
	install -d $(DESTDIR)$(BASH_COMPLETIONS) $(DESTDIR)$(ZSH_COMPLETIONS) $(DESTDIR)$(FISH_COMPLETIONS)
	umask 022; $(BUILT)/signet --generate-completion-script bash | sed '1{/^#!/d}' >$(DESTDIR)$(BASH_COMPLETIONS)/signet
	umask 022; $(BUILT)/signet --generate-completion-script zsh >$(DESTDIR)$(ZSH_COMPLETIONS)/_signet
	umask 022; $(BUILT)/signet --generate-completion-script fish >$(DESTDIR)$(FISH_COMPLETIONS)/signet.fish
	test -e $(DESTDIR)$(SYSCONFDIR)/signet/signetd.toml || \
		install -m 0644 etc/signetd.toml $(DESTDIR)$(SYSCONFDIR)/signet/signetd.toml

# The sandbox stands once, in systemd/sandbox.conf, and goes into each service.
UNITS = $(notdir $(basename $(wildcard systemd/*.service.in)))
AS_INSTALLED = sed -e '/^@SANDBOX@$$/{r systemd/sandbox.conf' -e 'd}' -e 's|@BINDIR@|$(PREFIX)/bin|' \
	-e 's|@SBINDIR@|$(PREFIX)/sbin|' -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|'

install-systemd: ## Units, users, directories (docs/deployment.md says what to do then)
	install -d $(addprefix $(DESTDIR),$(UNITDIR) $(addprefix $(PREFIX)/,lib/sysusers.d lib/tmpfiles.d \
		lib/systemd/catalog share/doc/signet/examples))
	install -m 0644 systemd/*.socket systemd/*.timer $(DESTDIR)$(UNITDIR)
	set -e; for unit in $(UNITS); do \
		$(AS_INSTALLED) systemd/$$unit.in >$(DESTDIR)$(UNITDIR)/$$unit; chmod 0644 $(DESTDIR)$(UNITDIR)/$$unit; done
	install -m 0644 systemd/sysusers.d/signet.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/signet.conf
	install -m 0644 systemd/tmpfiles.d/signet.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/signet.conf
	install -m 0644 systemd/signet.catalog $(DESTDIR)$(PREFIX)/lib/systemd/catalog/signet.catalog
	install -m 0644 systemd/examples/*.conf systemd/examples/*.socket $(DESTDIR)$(PREFIX)/share/doc/signet/examples

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
	rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,$(UNITS) $(notdir $(wildcard systemd/*.socket systemd/*.timer)))
	rm -f $(addprefix $(DESTDIR)$(PREFIX)/lib/,sysusers.d/signet.conf tmpfiles.d/signet.conf systemd/catalog/signet.catalog)
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/signet/examples
	$(MAKE) -C clients/c uninstall PREFIX=$(PREFIX) DESTDIR=$(abspath $(DESTDIR))

deb: build ## Debian packages, in .build/deb
	@scripts/install-packages build deb
	scripts/build-deb $(BUILT) .build/deb

clean:
	rm -rf .build .build-tsan .build-asan .build-coverage .build-fuzz
	rm -rf .dev .example clients/c/build $(EXAMPLE)/.build Benchmarks/jwt-kit-sign/.build
