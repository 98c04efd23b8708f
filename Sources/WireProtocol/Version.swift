/// The version of Signet, as `ping`, `signetd --version` and `signet --version` tell it.
package let signetVersion = "0.1.0"
