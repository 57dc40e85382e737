// Package repotest holds the tests of the repository itself: which module a
// room may link, that the README's code compiles, that templates and settings
// say the same. Nothing imports it.
package repotest
