// Package suite runs the checks of the conformance suites and has what they
// compare with, on package testing alone.
//
// A suite holds an AWS service, or a fake of it, against facts. Its checks are
// subtests named as sentences. Each makes what it needs under a random name and
// deletes it, and waits for what AWS does later by asking again.
package suite
