// Package s3test has the tests of package claimcheck that need an S3. They are
// here because a module that imports a package takes what its tests import into
// its own go.sum: an S3 server in process, with what that needs, is not in the
// go.sum of those who import claimcheck.
package s3test
