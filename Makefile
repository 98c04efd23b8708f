# Signet. `make demo` shows what it does, `make test` that it does it.

SWIFT ?= swift
PREFIX ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc

RELEASE = --configuration release --static-swift-stdlib
BUILT = .build/release
UNITDIR ?= $(PREFIX)/lib/systemd/system

.PHONY: build demo run test test-systemd test-package lint format install install-programs install-systemd deb clean

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

lint: ## What CI checks beside the tests
	$(SWIFT) format lint --strict --recursive Package.swift Sources Tests
	$(SWIFT) test --disable-xctest --filter LayeringTests

format:
	$(SWIFT) format --in-place --recursive Package.swift Sources Tests

# A machine that cannot boot a systemd in a container says so and skips these.
OR_SKIP = || { status=$$?; [ $$status = 77 ] || exit $$status; }

test-systemd: build ## What holds under a real systemd: restarts, reloads, callers, credentials, the sandbox
	@scripts/install-packages systemd
	@BUILT=$(BUILT) Tests/Systemd/run $(OR_SKIP)

test-package: deb ## The package's life: installed, upgraded, removed, purged
	@scripts/install-packages systemd
	@Tests/Systemd/run-package .build/deb $(OR_SKIP)

install: build install-programs install-systemd ## Programs and units under PREFIX, the configuration under SYSCONFDIR

install-programs:
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(SYSCONFDIR)/signet
	install -s -m 0755 $(BUILT)/signet $(DESTDIR)$(PREFIX)/bin/signet
	install -s -m 0755 $(BUILT)/signetd $(DESTDIR)$(PREFIX)/sbin/signetd
	test -e $(DESTDIR)$(SYSCONFDIR)/signet/signetd.toml || \
		install -m 0644 etc/signetd.toml $(DESTDIR)$(SYSCONFDIR)/signet/signetd.toml

deb: build ## Debian packages, in .build/deb
	@scripts/install-packages build deb
	scripts/build-deb $(BUILT) .build/deb

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

clean:
	rm -rf .build .dev
