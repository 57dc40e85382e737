package authorizertest

import (
	"maps"
	"slices"

	"github.com/patternkit/serverless/internal/awsid"
	"github.com/patternkit/serverless/internal/wire"
)

// SecretsSnapshot is the state of a [SecretsManager] at one moment: its secrets
// with their versions. It does not change.
type SecretsSnapshot struct {
	of      *wire.Server
	secrets map[string]*storedSecret
}

// Snapshot returns the state. The journal and the faults are not part of it.
func (s *SecretsManager) Snapshot() *SecretsSnapshot {
	server := s.made()
	s.mu.Lock()
	defer s.mu.Unlock()
	return &SecretsSnapshot{server, copySecrets(s.secrets)}
}

// Restore brings the state of the snapshot back, any number of times. A nil
// snapshot panics, and so does one that this fake has not taken.
func (s *SecretsManager) Restore(snapshot *SecretsSnapshot) {
	s.checkSnapshot(snapshot)
	s.restore(snapshot)
}

func (s *SecretsManager) restore(snapshot *SecretsSnapshot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.secrets = copySecrets(snapshot.secrets)
}

// Reset empties the fake, as NewSecretsManager made it: secrets, faults and
// journal.
func (s *SecretsManager) Reset() {
	s.made().Reset()
	s.restore(&SecretsSnapshot{})
}

// copySecrets copies the secrets. Their versions do not change.
func copySecrets(secrets map[string]*storedSecret) map[string]*storedSecret {
	out := make(map[string]*storedSecret, len(secrets))
	for name, secret := range secrets {
		c := *secret
		c.versions = slices.Clone(secret.versions)
		out[name] = &c
	}
	return out
}

// Dump returns the names of the secrets and of their versions as text, without
// their values, for the output of a test. A test that used the fake and has
// failed logs the first 100 lines of it by itself, with the last 20 calls.
func (s *SecretsManager) Dump() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dump()
}

func (s *SecretsManager) dump() string {
	var d wire.Dump
	for _, arn := range slices.Sorted(maps.Keys(s.secrets)) {
		secret := s.secrets[arn]
		p, _ := awsid.ParseARN(arn)
		state := ""
		if !secret.deleted.IsZero() {
			state = ", marked for deletion"
		}
		d.Line(0, "secret %s%s: %s%s", secret.name, d.At(p.Account, p.Region), wire.Plural(len(secret.versions), "version", "versions"), state)
		for _, v := range secret.versions {
			d.Line(1, "%s %v", v.id, secret.stages(v))
		}
	}
	return d.String()
}
